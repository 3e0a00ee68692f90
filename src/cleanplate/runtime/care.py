"""A plate as it is used for a shot, and what is worked out once for as long as the camera stands."""

from dataclasses import dataclass, field
from functools import cached_property

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.resize import resize
from cleanplate.plate.bedside import Mended
from cleanplate.plate.geometry import Reach
from cleanplate.runtime.closer import CloserLook, Part, part_to_look_at
from cleanplate.runtime.session import SeenPlate, Session


@dataclass(frozen=True)
class Care:
    """A plate as it is used for a shot: at the shot's size, as the network saw it, and its disparity.

    Made once for all shots of a camera that stands still, for the first of them (its name is `made_for`), and with it
    what is worked out when asked for.
    """

    mended: Mended | None
    plate: Image
    seen: SeenPlate
    disparity: Image
    made_for: str
    _nearer: dict[Part, SeenPlate] = field(default_factory=dict[Part, SeenPlate], init=False, repr=False)

    def notices(self, plate: str, shot: str) -> tuple[str, ...]:
        """What to tell with the matte of the shot of that name.

        How the plate was mended is told with the shot `made_for` alone; that it cannot be used, with every shot.
        """
        verdict = None if self.mended is None else self.mended.diagnosis.verdict
        if verdict is None or verdict.kind == "fine" or (verdict.kind == "mended" and shot != self.made_for):
            return ()
        return (f"{plate}: for {shot}, the plate {verdict.sentence.replace('mended: ', 'was mended: ', 1)}",)

    def look_closer(self, session: Session, shot: Pixels, alpha: Image) -> CloserLook | None:
        """Look at a shot (h, w, 3) again; `alpha` is what was found of it at first. None where that is nothing."""
        part = part_to_look_at(alpha, (shot.shape[0], shot.shape[1]))
        if part is None:
            return None
        if part not in self._nearer:  # the last one alone is kept
            seen = session.see(part.of(self.plate), part.share(self.plate))
            self._nearer.clear()
            self._nearer[part] = seen
        nearer = self._nearer[part]
        small = resize(part.of(shot), nearer.size_hw)
        return CloserLook(part, session.run(nearer, small)[0], (small, nearer.picture))

    @cached_property
    def reach(self) -> Reach | None:
        """How far it reaches into the network's picture of the shot; None where it was not moved.

        What the network finds beyond is not to be believed: it compares the shot with the plate's border drawn out.
        """
        return None if self.mended is None else self.mended.diagnosis.reach(self.seen.size_hw)

    @cached_property
    def behind(self) -> Image:
        """Its disparity at the shot's size."""
        return _shared(resize(self.disparity, (self.plate.shape[0], self.plate.shape[1])))

    @cached_property
    def shown(self) -> Image:
        """Itself, for mattes."""
        return _shared(self.plate)


def _shared(array: Image) -> Image:
    """The same for many mattes, of which none may change it."""
    shared = array.view()
    shared.flags.writeable = False
    return shared
