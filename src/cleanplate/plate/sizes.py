"""A plate at its shot's size."""

from cleanplate.errors import InputError
from cleanplate.imaging import Image
from cleanplate.imaging.resize import resize


def fitted(plate: Image, size_hw: tuple[int, int], plate_name: str, shot_name: str) -> Image:
    """The plate (h, w, 3) at a shot's size; itself where it has that already.

    Raises:
        InputError: the aspect ratios differ by more than 1 %.

    """
    height, width = plate.shape[:2]
    # times both heights: exact in whole numbers
    shot_aspect, plate_aspect = size_hw[1] * height, width * size_hw[0]
    if abs(shot_aspect - plate_aspect) * 100 > max(shot_aspect, plate_aspect):
        raise InputError(
            f"{shot_name}: is {size_hw[1]} x {size_hw[0]} pixels but the plate {plate_name} is {width} x {height}; "
            "give two pictures of one framing, their aspect ratios within 1 %"
        )
    return resize(plate, size_hw)
