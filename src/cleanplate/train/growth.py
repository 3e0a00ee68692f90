"""A network that has been trained becomes a wider one that computes the same, and goes on learning."""

from collections.abc import Mapping
from operator import le

from torch import Tensor, nn

_SECOND_LAYER = "plate_disparity."


def grown(narrow: Mapping[str, Tensor], wide: nn.Module) -> dict[str, Tensor]:
    """The state of `narrow`, network weights by name, in the shapes of `wide`, which then gives what `narrow` gave.

    What was there listens to nothing that is new: those weights are 0, and are learnt. What is new has the weights that
    `wide` has. No layer may take the channels of two that widened, one after the other: the old ones would change
    places. A second layer of disparity stays behind where `wide` gives one. Other names and shapes that do not fit are
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
