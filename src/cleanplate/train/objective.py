"""What training minimises: every term of both losses, weighed by the recipe."""

from cleanplate.losses.depth import compose, disparity_terms, inverse_depth
from cleanplate.losses.matting import alpha_terms
from cleanplate.models.network import Maps
from cleanplate.train.data import Batch
from cleanplate.train.recipe import Loss
from cleanplate.train.task import Objective


def objective(maps: Maps, batch: Batch, weights: Loss) -> Objective:
    """Score one batch's maps in float32.

    The composed map shows the plate's depth wherever there is no foreground, also where something was taken away; so
    does what it is compared with.
    """
    # The network gives disparity at half resolution, so every second pixel tells all there is to tell.
    disparity, plate_disparity, alpha, depth_m = (
        x[..., ::2, ::2] for x in (maps.disparity, maps.plate_disparity, batch.alpha, batch.depth_m)
    )
    shot_m, plate_m = depth_m.chunk(2, 1)
    truth, valid = inverse_depth(compose(shot_m, plate_m, alpha))
    layers = compose(disparity.float(), plate_disparity.float(), alpha)
    terms = alpha_terms(maps.alpha_logit, batch.alpha) | disparity_terms(layers, alpha, truth, valid)
    total = sum((getattr(weights, name) * term for name, term in terms.items()), start=batch.alpha.new_zeros(()))
    return Objective(total, terms)
