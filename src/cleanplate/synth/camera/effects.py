"""How strongly and how often each camera effect strikes."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Self, cast

_ALWAYS = ("crop", "noise_sd", "saturation_sd", "gamma_sd", "contrast_sd", "brightness_sd")
"""Strengths of what has no chance of its own but always strikes."""

_MOST = {"p": 1, "px": 100, "sd": 2, "deg": 45, "m": 1, "crop": 0.99, "jpeg_quality": 94, "video_quality": 60}
"""By a field's name, or by its last word: far beyond any camera's, and every picture is still made in no time."""


def most(name: str) -> float:
    """The largest value that an effect's field may have; the smallest is 0.

    >>> most("sway_p"), most("sway_px")
    (1, 100)
    """
    return _MOST[name if name in _MOST else name.rpartition("_")[2]]


@dataclass(frozen=True)
class Effects:
    """Strengths of `degrade`: whatever is 0 is switched off entirely.

    Names ending in `_p` are probabilities, in `_sd` standard deviations (of a logarithm unless said otherwise), `_px`
    pixels of the output. A strength strikes only where its own probability lets it (`noise_sd` has none: always).

    Attributes:
        crop: up to this share of the frame's side is cut away.
        whole_p: nothing is cut away all the same: a hard crop takes away what tells depth.
        flip_p: mirrored left to right.
        distortion_p, distortion_sd: the lens bends straight lines, mostly barrel (share of the half diagonal).
        nudge_p, shift_px, turn_deg, zoom_sd: the camera was turned between plate and shot (the plate moves; normal).
        parallax_p, parallax_m: it was moved as well, by so many metres along each axis of the picture (normal).
        empty_p: nobody came.
        removed_p: something of the plate was taken away.
        camouflage_p: foreground in the plate's colours.
        clutter_p: patches and texture on the scene's surfaces, the same in both.
        shadow_p: one more shadow; also of somebody who is out of the picture.
        lamp_p: a lamp was switched on or off.
        screen_p: a screen or picture on the scene's surfaces that shows something else in the shot.
        intruder_p: something drawn, of no kind in particular, comes before all else; its depth is unknown.
        thicket_p: leaves or blades, many and small, come before all else; their depth is unknown.
        rim_p: the scene is dark along one side, in both.
        border_p: a black border along one side of both, before everything.
        rain_p: rain or snow before everything in the shot, every other time in the plate as well.
        caption_p: the camera writes its clock over both pictures, which says another time in each.
        small_p: both come from a camera of few pixels (0.45 to 0.9 of the rows and columns): its grain, its clock, its
            sharpening and what its encoder leaves are as coarse as its pixels.
        sway_p, sway_px: parts of the scene sway in the wind: leaves, water, cloth lie elsewhere in the shot (normal).
        motion_p, motion_px: the foreground moved while the shutter was open, up to this far.
        ghost_p: the frame before shines through, as temporal denoising leaves it.
        interlace_p: two fields a frame: a comb, a double image, or half the lines.
        relight_p, exposure_sd, balance_sd, tone_sd: gain, gain of each colour, and gamma of the shot alone.
        metering_p: exposure and white balance of the shot answer to what stepped in.
        drift_p, drift_sd: slow change of light across the shot.
        vignette_p: corners darker, in both.
        shake_p, shake_px: the whole shot smeared, up to this far.
        defocus_p, defocus_px: a disk up to this radius; both, or one by itself.
        blur_p, blur_px: Gaussian up to this sigma, each picture by itself.
        coarse_p: both seen at a lower resolution (down to 0.4).
        noise_sd: what the noise of a middle grey seldom exceeds (share of white).
        chroma_p: the noise is coloured, and in blotches.
        denoise_p: the camera takes away faint detail, and most of the noise.
        grey_p, saturation_sd: both without colour; both with more or less of it.
        gamma_sd, contrast_sd, brightness_sd: of both pictures (brightness: share of white).
        range_p: both with lifted blacks and dulled whites, or crushed, as limited-range video read wrongly.
        sharpen_p: unsharp masking by the camera, with its halos.
        jpeg_p, jpeg_quality: each compressed at this lowest quality (1 to 94) or better.
        video_p, video_quality: the same as a static camera's stream does it: thin chroma, coarse blocks, smoothed
            edges of blocks, blocks skipped where little changed; from this lowest quality of its DCT (1 to 60).
        no_plate_p: there is no plate but the grey that stands for none; only where all foreground is people, because
            nothing else can be told without one.

    Raises:
        ValueError: a probability outside 0..1, a strength that is negative or more than `most`, a quality out of its
            range.

    """

    crop: float = 0.35
    whole_p: float = 0.4
    flip_p: float = 0.5
    distortion_p: float = 0.25
    distortion_sd: float = 0.06
    nudge_p: float = 0.5
    shift_px: float = 0.7
    turn_deg: float = 0.2
    zoom_sd: float = 0.002
    parallax_p: float = 0.15
    parallax_m: float = 0.01

    empty_p: float = 0.05
    removed_p: float = 0.02
    camouflage_p: float = 0.2
    clutter_p: float = 0.3
    shadow_p: float = 0.35
    lamp_p: float = 0.1
    screen_p: float = 0.08
    intruder_p: float = 0.0
    thicket_p: float = 0.0
    rim_p: float = 0.0
    border_p: float = 0.0
    rain_p: float = 0.0
    caption_p: float = 0.0
    small_p: float = 0.0
    sway_p: float = 0.0
    sway_px: float = 1.5
    motion_p: float = 0.2
    motion_px: float = 6.0
    ghost_p: float = 0.06
    interlace_p: float = 0.06

    relight_p: float = 0.5
    exposure_sd: float = 0.12
    balance_sd: float = 0.05
    tone_sd: float = 0.06
    metering_p: float = 0.3
    drift_p: float = 0.35
    drift_sd: float = 0.12
    vignette_p: float = 0.3

    shake_p: float = 0.04
    shake_px: float = 3.0
    defocus_p: float = 0.08
    defocus_px: float = 2.0
    blur_p: float = 0.4
    blur_px: float = 1.0

    coarse_p: float = 0.2
    noise_sd: float = 0.025
    chroma_p: float = 0.5
    denoise_p: float = 0.25
    grey_p: float = 0.08
    saturation_sd: float = 0.3
    gamma_sd: float = 0.18
    contrast_sd: float = 0.12
    brightness_sd: float = 0.04
    range_p: float = 0.08
    sharpen_p: float = 0.25

    jpeg_p: float = 0.4
    jpeg_quality: int = 30
    video_p: float = 0.25
    video_quality: int = 12

    no_plate_p: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isfinite(value):
                raise ValueError(f"{field.name} must be a finite number, got {value:g}")
            if value < 0:
                raise ValueError(f"{field.name} must be >= 0, got {value:g}")
            if value > most(field.name):
                raise ValueError(f"{field.name} must be <= {most(field.name):g}, got {value:g}")

    def changed(self, words: Iterable[str]) -> Self:
        """These, but for what words such as `noise_sd=0.1` say.

        Raises:
            ValueError: no such effect, no number, or one that it cannot be.

        """
        numbers: dict[str, float] = {}
        known = {field.name: cast("type[float]", field.type) for field in fields(self)}
        for word in words:
            name, _, value = word.partition("=")
            if name not in known:
                raise ValueError(f"{word!r}: there is no effect of that name; there are {', '.join(known)}")
            try:
                numbers[name] = known[name](value)
            except ValueError:
                raise ValueError(f"{word!r}: is not {name}=NUMBER, as {name}={known[name](1)}") from None
        return replace(self, **numbers)

    @classmethod
    def none(cls) -> Self:
        """Everything switched off: `degrade` only brings the sample to its size.

        What strikes with a chance of its own keeps its strength, for whoever gives it one: `sway_p=1` sways.
        """
        return cls(**{field.name: 0 for field in fields(cls) if field.name.endswith("_p") or field.name in _ALWAYS})
