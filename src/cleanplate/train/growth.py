"""A network that has been trained becomes a wider one that computes the same, and goes on learning."""

from collections.abc import Mapping
from operator import le

from torch import Tensor, nn

_SECOND_LAYER = "plate_disparity."


def grown(narrow: Mapping[str, Tensor], wide: nn.Module) -> dict[str, Tensor]:
    """The weights `narrow`, by name, enlarged to the shapes of `wide`: with them `wide` computes what `narrow` did.

    Old channels take nothing from new ones: those weights begin at 0, and are learnt. New channels have the weights
    that `wide` has. No layer may read the stacked channels of two layers that were widened: the old ones would change
    places. A second map of disparity is dropped where `wide` has only one. Other names and shapes that do not fit are
    left for `load_state_dict` to refuse.

    Source: in the spirit of Chen, Goodfellow and Shlens, Net2Net, 2016, which splits channels instead.
    """
    own_state = wide.state_dict()
    one_layer = not any(name.startswith(_SECOND_LAYER) for name in own_state)
    state = {name: old for name, old in narrow.items() if not (one_layer and name.startswith(_SECOND_LAYER))}
    for name, own in own_state.items():
        old = narrow.get(name)
        if old is not None and old.dim() == own.dim() > 0 and all(map(le, old.shape, own.shape)):
            new = own.clone()
            new[: len(old)] = 0
            new[tuple(slice(side) for side in old.shape)] = old
            state[name] = new
    return state
