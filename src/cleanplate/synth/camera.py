"""What cameras and lights do to a clean pair of pictures; drawn anew every time a sample is seen.

Some effects strike plate and shot alike (framing, colour, clutter), some each by itself (noise, blur, compression),
some only the shot (exposure, balance, shadow, camouflage) or only the plate (it was nudged). Alpha and depth follow the
framing and stay exact; where nobody came, they say so.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from cleanplate.imaging import Image
from cleanplate.sample.record import Sample


@dataclass(frozen=True)
class Effects:
    """Strengths: names ending in `_p` are probabilities, `_sd` standard deviations.

    A probability or deviation of 0 switches its effect off, and so does a `crop_min` of 1; a little of the joint colour
    (saturation, contrast, brightness) is always drawn.

    Attributes:
        crop_min: the smallest crop, as a share of the picture's side.
        flip_p: mirrored left to right.
        empty_p: nobody came (only shadow and light differ).
        removed_p: something of the plate was taken away.
        saturation: of both pictures together: drawn up to this factor.
        gamma_sd, contrast_sd: of both pictures together (log).
        clutter_p: patches and texture on the scene's surfaces, the same in both.
        camouflage_p: foreground in the plate's colours.
        shadow_p: one more cast shadow.
        drift_p, drift_sd: slow change of light across the shot (log).
        exposure_sd, balance_sd, tone_sd: gain, gain of each colour, and gamma of the shot against the plate (all log).
        nudge_p, shift_px, turn_deg, zoom_sd: the plate moved (normal deviations).
        blur_p, blur_px: Gaussian, up to this sigma, each picture by itself.
        coarse_p: both seen at a lower resolution.
        noise_sd: what the strength of the noise seldom exceeds (it is |normal| with half of this as deviation).
        sharpen_p: unsharp masking by the camera.
        jpeg_p, jpeg_quality: compressed at this lowest quality (1 to 94) or better.
    """

    crop_min: float = 0.5
    flip_p: float = 0.5
    empty_p: float = 0.05
    removed_p: float = 0.02
    saturation: float = 1.3
    gamma_sd: float = 0.2
    contrast_sd: float = 0.15
    clutter_p: float = 0.4
    camouflage_p: float = 0.25
    shadow_p: float = 0.4
    drift_p: float = 0.6
    drift_sd: float = 0.12
    exposure_sd: float = 0.12
    balance_sd: float = 0.05
    tone_sd: float = 0.06
    nudge_p: float = 0.5
    shift_px: float = 0.8
    turn_deg: float = 0.3
    zoom_sd: float = 0.003
    blur_p: float = 0.45
    blur_px: float = 1.1
    coarse_p: float = 0.25
    noise_sd: float = 0.03
    sharpen_p: float = 0.15
    jpeg_p: float = 0.5
    jpeg_quality: int = 30


def degrade(sample: Sample, rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> Sample:
    """The pair as a camera would have delivered it, at `size_hw`; randomness comes from `rng` alone."""
    sample = _framed(sample, rng, effects, size_hw)
    sample = _emptied(sample, rng, effects)
    plate, shot = sample.plate, sample.shot
    if rng.random() < effects.camouflage_p:
        shot = _camouflaged(plate, shot, sample.alpha, rng)
    if rng.random() < effects.clutter_p:
        plate, shot = _cluttered(plate, shot, sample.alpha, rng)
    if rng.random() < effects.shadow_p:
        shot = _shadowed(shot, sample.alpha, rng)
    plate, shot = _toned(plate, shot, rng, effects)
    shot = _relit(shot, rng, effects)
    if rng.random() < effects.nudge_p:
        plate = _nudged(plate, rng, effects)
    coarse = rng.uniform(0.45, 0.9) if rng.random() < effects.coarse_p else 1.0
    noise = float(np.abs(rng.normal(0, effects.noise_sd / 2)))
    plate = _recorded(plate, rng, effects, coarse, noise * rng.uniform(0.2, 1.0))
    shot = _recorded(shot, rng, effects, coarse, noise)
    return replace(sample, plate=plate, shot=shot)


def _framed(sample: Sample, rng: np.random.Generator, effects: Effects, size_hw: tuple[int, int]) -> Sample:
    """One crop of everything, resized to `size_hw`; often drawn so that the foreground's middle is inside."""
    h, w = _size(sample.alpha)
    scale = rng.uniform(effects.crop_min, 1.0)
    height = min(scale * h, scale * w * size_hw[0] / size_hw[1])
    width = height * size_hw[1] / size_hw[0]
    top, left = rng.uniform(0, h - height), rng.uniform(0, w - width)
    if sample.alpha.max() > 0.5 and rng.random() < 0.8:
        rows, columns = np.nonzero(sample.alpha > 0.5)
        pick = int(rng.integers(len(rows)))
        top = float(np.clip(rows[pick] - rng.uniform(0.1, 0.9) * height, 0, h - height))
        left = float(np.clip(columns[pick] - rng.uniform(0.1, 0.9) * width, 0, w - width))
    zoom_x, zoom_y = width / size_hw[1], height / size_hw[0]
    flip = rng.random() < effects.flip_p
    # output pixel centres to source pixel centres
    start_x, step_x = (left + width - 0.5 * zoom_x - 0.5, -zoom_x) if flip else (left + 0.5 * zoom_x - 0.5, zoom_x)
    to_source = np.array([[step_x, 0, start_x], [0, zoom_y, top + 0.5 * zoom_y - 0.5]], np.float64)

    def warped(array: Image, method: int) -> Image:
        out = cv2.warpAffine(
            array, to_source, size_hw[::-1], flags=method | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(out, np.float32)

    return replace(
        sample,
        plate=warped(sample.plate, cv2.INTER_LINEAR),
        shot=warped(sample.shot, cv2.INTER_LINEAR),
        alpha=warped(sample.alpha, cv2.INTER_LINEAR),
        plate_depth_m=warped(sample.plate_depth_m, cv2.INTER_NEAREST),
        shot_depth_m=warped(sample.shot_depth_m, cv2.INTER_NEAREST),
    )


def _emptied(sample: Sample, rng: np.random.Generator, effects: Effects) -> Sample:
    """Sometimes nobody came; sometimes what stood in the plate is gone, which is no foreground either."""
    chance = rng.random()
    if chance > effects.empty_p + effects.removed_p:
        return sample
    nothing = np.zeros_like(sample.alpha)
    if chance < effects.empty_p:
        shadow = _shadowed(sample.plate, sample.alpha, rng)
        return replace(sample, shot=shadow, alpha=nothing, shot_depth_m=sample.plate_depth_m, people=())
    return replace(
        sample,
        plate=sample.shot,
        shot=sample.plate,
        alpha=nothing,
        plate_depth_m=sample.shot_depth_m,
        shot_depth_m=sample.plate_depth_m,
        people=(),
    )


def _camouflaged(plate: Image, shot: Image, alpha: Image, rng: np.random.Generator) -> Image:
    """Pull the foreground's mean colour toward that of the plate behind it."""
    weight = alpha.sum()
    if weight < 20:
        return shot
    behind = np.einsum("ijc,ij->c", plate, alpha) / weight
    own = np.einsum("ijc,ij->c", shot, alpha) / weight
    pull = (np.maximum(behind, 0.02) / np.maximum(own, 0.02)) ** rng.uniform(0.4, 1.0)
    return _mixed(shot, np.clip(shot * pull.astype(np.float32), 0, 1), alpha)


def _cluttered(plate: Image, shot: Image, alpha: Image, rng: np.random.Generator) -> tuple[Image, Image]:
    """Texture and coloured patches on what is behind the foreground, multiplied in so that shading and shadows stay."""
    h, w = _size(alpha)
    layer = np.ones((h, w, 3), np.float32)
    if rng.random() < 0.6:
        for cells in (4, 12, 36, 96):
            grain = rng.standard_normal((cells * h // w + 1, cells, 1), np.float32) * rng.uniform(0, 0.12)
            layer += cv2.resize(grain, (w, h), interpolation=cv2.INTER_CUBIC)[..., None]
    for _ in range(int(rng.integers(0, 9))):
        tone = tuple(float(c) for c in rng.uniform(0.3, 1.5) * rng.uniform(0.7, 1.2, 3))
        x, y = int(rng.integers(0, w)), int(rng.integers(0, h))
        a, b = int(rng.integers(3, w // 4)), int(rng.integers(3, h // 4))
        if rng.random() < 0.5:
            cv2.rectangle(layer, (x - a, y - b), (x + a, y + b), tone, -1)
        elif rng.random() < 0.5:
            cv2.ellipse(layer, (x, y), (a, b), float(rng.uniform(0, 180)), 0, 360, tone, -1)
        else:
            cv2.line(layer, (x, y), (x + 4 * (a - w // 8), y + 4 * (b - h // 8)), tone, int(rng.integers(1, 5)))
    layer = np.clip(layer, 0.05, 2.5)
    return np.clip(plate * layer, 0, 1), _mixed(np.clip(shot * layer, 0, 1), shot, alpha)


def _shadowed(shot: Image, alpha: Image, rng: np.random.Generator) -> Image:
    """Darken the background by a sheared, blurred copy of the foreground's outline."""
    h, w = _size(alpha)
    rows = np.nonzero(alpha.max(1) > 0.5)[0]
    foot = float(rows[-1]) if len(rows) else h * 0.8
    shear, squash = rng.normal(0, 0.5), rng.uniform(0.3, 1.0)
    matrix = np.array(
        [[1, shear, rng.normal(0, 0.05 * w) - shear * foot], [0, squash, (1 - squash) * foot + rng.normal(0, 3)]]
    )
    cast = cv2.warpAffine(alpha, matrix, (w, h))
    cast = cv2.GaussianBlur(cast, (0, 0), float(np.exp(rng.uniform(float(np.log(0.7)), float(np.log(10))))))
    tint = rng.uniform(0.1, 0.65) * rng.uniform(0.9, 1.0, 3).astype(np.float32)
    return (shot * (1 - (cast * (1 - alpha))[..., None] * tint)).astype(np.float32)


def _toned(plate: Image, shot: Image, rng: np.random.Generator, effects: Effects) -> tuple[Image, Image]:
    """Saturation, gamma and contrast of both pictures alike."""
    saturation = rng.uniform(0.0 if rng.random() < 0.15 else 0.3, effects.saturation)
    gamma = np.exp(rng.normal(0, effects.gamma_sd))
    contrast, brightness = np.exp(rng.normal(-0.05, effects.contrast_sd)), rng.normal(0, 0.05)

    def toned(picture: Image) -> Image:
        grey = (picture @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
        mixed = np.clip(grey + saturation * (picture - grey), 0, 1) ** gamma
        return np.clip((mixed - 0.5) * contrast + 0.5 + brightness, 0, 1).astype(np.float32)

    return toned(plate), toned(shot)


def _relit(shot: Image, rng: np.random.Generator, effects: Effects) -> Image:
    """What the shot's light, exposure and white balance do differently from the plate's."""
    strength = 1.0 if rng.random() < 0.6 else 0.15
    gain = np.exp(rng.normal(0, effects.exposure_sd * strength) + rng.normal(0, effects.balance_sd * strength, 3))
    shot = shot * gain.astype(np.float32)
    if rng.random() < effects.drift_p:
        cells = int(rng.integers(2, 5))
        drift = rng.normal(0, effects.drift_sd, (cells, cells)).astype(np.float32)
        shot = shot * np.exp(cv2.resize(drift, shot.shape[1::-1], interpolation=cv2.INTER_CUBIC))[..., None]
    return (np.clip(shot, 0, 1) ** np.exp(rng.normal(0, effects.tone_sd * strength))).astype(np.float32)


def _nudged(plate: Image, rng: np.random.Generator, effects: Effects) -> Image:
    h, w = _size(plate)
    matrix = cv2.getRotationMatrix2D(
        (w / 2, h / 2), rng.normal(0, effects.turn_deg), 1 + rng.normal(0, effects.zoom_sd)
    )
    matrix[:, 2] += rng.normal(0, effects.shift_px, 2)
    return np.asarray(
        cv2.warpAffine(plate, matrix, (w, h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101), np.float32
    )


def _recorded(picture: Image, rng: np.random.Generator, effects: Effects, coarse: float, noise: float) -> Image:
    """Optics, sensor and encoder of one picture: resolution, blur, noise, sharpening, JPEG.

    `coarse` in (0, 1] is the share of the pixels a side that the sensor has, `noise` the strength of its noise.
    """
    h, w = _size(picture)
    if coarse < 1:
        size = (round(w * coarse), round(h * coarse))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    if rng.random() < effects.blur_p:
        picture = _blurred(picture, rng.uniform(0.3, max(effects.blur_px, 0.31)))
    if noise > 0:
        picture = _noisy(picture, rng, noise)
    if rng.random() < effects.sharpen_p:
        picture = np.asarray(picture + rng.uniform(0.3, 1.0) * (picture - _blurred(picture, 1.0)), np.float32)
    if coarse < 1:
        picture = np.asarray(cv2.resize(picture, (w, h), interpolation=cv2.INTER_LINEAR), np.float32)
    picture = np.clip(picture, 0, 1)
    if rng.random() < effects.jpeg_p:
        picture = _compressed(picture, int(rng.integers(effects.jpeg_quality, 95)))
    return picture


def _noisy(picture: Image, rng: np.random.Generator, noise: float) -> Image:
    """Noise that grows with the root of the brightness, as photons give it; half the time a little blurred."""
    grain = rng.standard_normal(picture.shape, np.float32)
    if rng.random() < 0.5:
        grain = _blurred(grain, rng.uniform(0.4, 0.8)) * 1.6
    return np.asarray(picture + grain * (noise * (0.4 + np.sqrt(np.clip(picture, 0, 1)))), np.float32)


def _compressed(picture: Image, quality: int) -> Image:
    """The picture after a round trip through JPEG; OpenCV takes its red for blue both ways."""
    _, data = cv2.imencode(".jpg", (picture * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), np.float32) / np.float32(255)


def _blurred(picture: Image, sigma_px: float) -> Image:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), np.float32)


def _mixed(under: Image, over: Image, alpha: Image) -> Image:
    return np.asarray(under + (over - under) * alpha[..., None], np.float32)


def _size(array: Image) -> tuple[int, int]:
    return int(array.shape[0]), int(array.shape[1])
