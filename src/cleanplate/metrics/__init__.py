"""Pure scoring functions."""

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""A bool array (h, w)."""

__all__ = ["Mask"]
