"""A contact sheet: what the network sees and says, side by side with the truth; bugs are found by looking."""

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from cleanplate.imaging import Image
from cleanplate.imaging.depthmap import colour_map
from cleanplate.imaging.files import write_picture
from cleanplate.imaging.sheet import contact_sheet
from cleanplate.train.validate import Look


def write_sheet(path: Path, looks: Sequence[Look]) -> None:
    """Write one row a sample: plate, shot, alpha, true alpha, inverse depth of the shot, the true one."""
    titles = ("plate", "shot", "alpha", "true alpha", "inverse depth", "true inverse depth")
    write_picture(path, contact_sheet([_row(look) for look in looks], titles=titles))


def _row(look: Look) -> list[Image]:
    truth = _array(look.true_inverse_depth)[..., 0]
    lo, hi = float(truth.min()), float(truth.max())
    pictures = [_array(look.plate), _array(look.shot)]
    mattes = [_array(alpha)[..., 0] for alpha in (look.alpha, look.true_alpha)]
    depths = [colour_map(_array(layers)[..., 0], lo, hi) for layers in (look.inverse_depth, look.true_inverse_depth)]
    return [*pictures, *mattes, *depths]


def _array(x: Tensor) -> Image:
    return x.float().permute(1, 2, 0).cpu().numpy()
