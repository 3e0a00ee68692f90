"""The library's other face, where there is no photo of the empty scene: people alone, and depth shot by shot."""

import os
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from cleanplate.contract import NO_PLATE, network_size
from cleanplate.errors import ModelError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import Picture
from cleanplate.imaging.depthmap import merge_layers
from cleanplate.imaging.resize import resize
from cleanplate.runtime.matte import Matte, spanned
from cleanplate.runtime.session import SeenPlate, Session, open_session
from cleanplate.runtime.shots import PictureSource, ReadyShot, made_ready, read_source

NOTICE: Final = (
    "no plate: only people are found, and every shot's depth has a scale of its own; "
    "a photo of the empty scene gives more"
)
"""What every matte without a plate carries among its notices."""


class NoPlate:
    """Takes the place of a `Plate` where there is none: `matte` finds people in any number of shots, of any scenes.

    Args:
        model: as `Plate.open` takes it.

    Raises:
        ModelError: the model cannot be used, or has not learnt to do without a plate.
        InputError, UsageError: as `Session`.

    >>> NoPlate().matte("shot.jpg").alpha.shape  # doctest: +SKIP
    (1080, 1920)

    """

    def __init__(self, model: str | os.PathLike[str] | Session | None = None) -> None:
        self.session = open_session(model)
        self._last: SeenPlate | None = None
        if not self.session.contract.without_plate:
            raise ModelError(
                f"{self.session.path}: has not learnt to do without a plate; "
                "give a photo of the empty scene, or another model"
            )

    def matte(self, shot: PictureSource) -> Matte:
        """Matte the people of one shot.

        Args:
            shot: as `Plate.matte` takes it, of any aspect ratio. Where it is transparent, mid-grey (0.5) shows through.

        Returns:
            A matte whose `plate` is None; its disparity shares no scale with that of any other shot.

        Raises:
            InputError: the picture cannot be used.
            ModelError: the model fails.

        """
        return self.begin(shot)()

    def ready(self, shot: PictureSource | Picture | ReadyShot, name: str = "shot") -> ReadyShot:
        """See `Plate.ready`."""
        if isinstance(shot, ReadyShot):
            return shot
        picture, name = read_source(shot, name)
        grey = np.broadcast_to(np.float32(NO_PLATE), picture.pixels.shape)
        return made_ready(picture, name, grey, network_size((grey.shape[0], grey.shape[1]), self.session.contract))

    def begin(self, shot: PictureSource | Picture | ReadyShot, name: str = "shot") -> Callable[[], Matte]:
        """See `Plate.begin`."""
        ready = self.ready(shot, name)
        alpha, disparity, behind = self.session.run(self._grey(ready.small), ready.small)

        def finish() -> Matte:
            full_alpha, front, plate = (resize(x, ready.size_hw) for x in (alpha, disparity, behind))
            seen = merge_layers(full_alpha, front, plate)
            return Matte(full_alpha, partial(np.asarray, front), plate, ready.pixels, None, spanned(seen), (NOTICE,))

        return finish

    def _grey(self, small: Image) -> SeenPlate:
        """What stands for the plate of a shot; kept for the next one of that size."""
        if self._last is None or self._last.size_hw != small.shape[:2]:
            self._last = self.session.see(np.full_like(small, NO_PLATE))
        return self._last
