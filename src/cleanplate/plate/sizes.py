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
    if not same_aspect((height, width), size_hw):
        raise InputError(
            f"{shot_name}: is {size_hw[1]} x {size_hw[0]} pixels but the plate {plate_name} is {width} x {height}; "
            "give two pictures of one framing, their aspect ratios within 1 %"
        )
    return resize(plate, size_hw)


def same_aspect(one_hw: tuple[int, int], other_hw: tuple[int, int]) -> bool:
    """Whether two sizes have one aspect ratio, within 1 %.

    >>> same_aspect((1080, 1920), (270, 480)), same_aspect((1080, 1920), (480, 640))
    (True, False)
    """
    # times both heights: exact in whole numbers
    one, other = one_hw[1] * other_hw[0], other_hw[1] * one_hw[0]
    return abs(one - other) * 100 <= max(one, other)
