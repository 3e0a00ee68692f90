"""What training minimises: every term of both losses, weighed by the recipe."""

from typing import NamedTuple

from torch import Tensor

from cleanplate.losses.depth import compose, disparity_terms, inverse_depth
from cleanplate.losses.matting import alpha_terms
from cleanplate.models.network import Maps
from cleanplate.train.data import Batch
from cleanplate.train.recipe import Loss


class Objective(NamedTuple):
    """`total` is what is minimised, `terms` are its parts before weighing, all scalars."""

    total: Tensor
    terms: dict[str, Tensor]


def objective(maps: Maps, batch: Batch, weights: Loss) -> Objective:
    """Score one batch's maps in float32."""
    truth, valid = inverse_depth(batch.depth_m)
    layers = compose(maps.disparity.float(), maps.plate_disparity.float(), batch.alpha)
    terms = alpha_terms(maps.alpha_logit, batch.alpha) | disparity_terms(layers, batch.alpha, truth, valid)
    total = sum((getattr(weights, name) * term for name, term in terms.items()), start=batch.alpha.new_zeros(()))
    return Objective(total, terms)
