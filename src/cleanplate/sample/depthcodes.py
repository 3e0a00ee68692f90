"""What the codes of a folder set's depth images mean: which way they run, and on what scale."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from cleanplate.errors import InputError
from cleanplate.imaging import Image

QUANTITIES = ("disparity", "depth")
"""Larger is nearer; larger is farther."""

_FARTHEST, _NEAREST = 1 / 10, 1 / 0.5
_TOP_M = 10.0


@dataclass(frozen=True)
class DepthCodes:
    """value = offset + scale * code, and what the value is.

    Attributes:
        quantity: one of `QUANTITIES`.
        unit: "m", or None: depth up to a scale, disparity up to a scale and a shift, that nobody knows.
        scale, offset: of the value.
        unknown: the code that stands for no value; None where there is none.
    """

    quantity: str
    unit: str | None
    scale: float
    offset: float = 0.0
    unknown: int | None = None

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES or self.unit not in ({None, "m"} if self.quantity == "depth" else {None}):
            raise ValueError(f"{self.quantity} in {self.unit} is none that is known")
        if not (np.isfinite(self.scale) and np.isfinite(self.offset)):
            raise ValueError("its scale is no number")
        if self.unknown is not None and type(self.unknown) is not int:
            raise ValueError(f"{self.unknown!r} is no code")

    @classmethod
    def from_json(cls, fields: Any, where: str) -> Self:
        """What a manifest says; `where` begins the sentence.

        Raises:
            InputError: it says something else.
        """
        try:
            return cls(**fields)
        except (TypeError, ValueError) as error:
            raise InputError(f"{where}: does not say what its depth is ({error}); make the data set again") from error

    def as_json(self) -> dict[str, Any]:
        """What a manifest says."""
        return asdict(self)

    def metres(self, codes: NDArray[Any]) -> Image:
        """Depth (h, w) in metres of uint8 or uint16 codes; 0 = unknown.

        Where the scale is not known, one is taken that suits a room: of depth the largest code is 10 m; disparity runs
        from 1/10 to 1/0.5 per metre. Nothing that is free of scale (and, of disparity, shift) depends on it.

        >>> DepthCodes("disparity", None, 1).metres(np.array([[0, 255]], np.uint8)).tolist()
        [[10.0, 0.5]]
        >>> DepthCodes("depth", "m", 0.001, unknown=0).metres(np.array([[0, 2500]], np.uint16)).tolist()
        [[0.0, 2.5]]
        """
        if self.unit == "m":
            metres = self.offset + self.scale * codes.astype(np.float64)
        else:
            position = codes.astype(np.float64) / np.iinfo(codes.dtype).max
            nearness = _FARTHEST + (_NEAREST - _FARTHEST) * position
            metres = 1 / nearness if self.quantity == "disparity" else _TOP_M * position
        if self.unknown is not None:
            metres = np.where(codes == self.unknown, 0, metres)
        return np.maximum(metres, 0).astype(np.float32)


MILLIMETRES = DepthCodes("depth", "m", 0.001, unknown=0)
"""The exact depth of rendered scenes."""


def foreign(quantity: str) -> DepthCodes:
    """What depth images mean of which only the direction is known; of depth, 0 is no distance but unknown."""
    return DepthCodes(quantity, None, 1.0, unknown=0 if quantity == "depth" else None)
