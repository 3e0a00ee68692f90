"""One plate beside many shots: examined once, then only watched for as long as the camera stands."""

from dataclasses import dataclass

from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.arrays import as_floats
from cleanplate.plate.doctor import Diagnosis, examine
from cleanplate.plate.watch import Watch


@dataclass(frozen=True)
class Mended:
    """A plate (h, w, 3) mended for a shot, and the diagnosis that it comes from."""

    plate: Image
    diagnosis: Diagnosis


class Bedside:
    """Mends one plate for one shot after another.

    A shot in which neither camera nor light has changed since the last examination keeps its diagnosis: the plate
    stays the same to the bit, and the look costs milliseconds. Any other shot is examined anew, and so is every shot
    on which the plate does not lie. Where it lies but cannot be used, one shot may be to blame, in which something was
    hidden: of the unchanged shots that follow, numbers 1, 2, 4, 8 and so on are examined again.
    """

    def __init__(self, plate: Image) -> None:
        self.plate = plate
        self._last: tuple[Mended, Watch | None] | None = None
        self._num_doubted = 0

    def mended_for(self, shot: Pixels, small: Image | None = None) -> Mended:
        """The plate mended for a shot (h, w, 3) of the plate's size; `small` is the shot smaller, if it is at hand."""
        looked_at = shot if small is None else small
        if self._last is not None:
            mended, watch = self._last
            if watch is not None and watch.holds(looked_at) and not self._doubts(mended.diagnosis):
                return mended
        near = None if self._last is None else self._last[0].diagnosis.matrix
        diagnosis = examine(self.plate, as_floats(shot), near)
        mended = Mended(diagnosis.mended(self.plate), diagnosis)
        self._last = mended, Watch(mended.plate, looked_at) if diagnosis.verdict.laid else None
        return mended

    def _doubts(self, last: Diagnosis) -> bool:
        """Whether a shot is to be examined although nothing seems to have changed."""
        self._num_doubted = self._num_doubted + 1 if last.verdict.kind == "unusable" else 0
        return self._num_doubted.bit_count() == 1
