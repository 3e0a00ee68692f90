"""Colours of skin, hair and eyes, and cloth in new colours."""

import numpy as np

from cleanplate.imaging.colour import srgb_to_linear
from cleanplate.synth import textures
from cleanplate.synth.geometry.mesh import Surface
from cleanplate.synth.geometry.vectors import Floats
from cleanplate.synth.people.looks import HAIR_TONES, SKIN_TONES
from cleanplate.synth.people.wardrobe import Item

_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_IRISES = ("4a2f1b", "3b2416", "6b4a2a", "7a6a3a", "4f6b52", "5d7f95", "7896ad", "3f5f80")


def skin_tone(rng: np.random.Generator, darkness: float) -> Floats:
    """(3,) linear albedo between the lightest (0) and the darkest skin (1), a little redder or yellower by chance."""
    tones: Floats = np.stack([srgb_to_linear(_srgb(code)) for code in SKIN_TONES])
    at = np.clip(darkness, 0, 1) * (len(tones) - 1)
    below = min(int(at), len(tones) - 2)
    tone = tones[below] + np.float32(at - below) * (tones[below + 1] - tones[below])
    # the lightest of the tones are those of photographs with much light: an albedo is lower
    tone = tone * np.float32(1 - 0.22 * float(tone.max()) ** 2)
    return (tone * (rng.normal(1, 0.05) + rng.normal(0, 0.012, 3))).astype(np.float32)


def toned(skin: Floats, tone: Floats, at: Floats) -> Floats:
    """A photograph of skin (h, w, 3) whose tone at the texture coordinates `at` (n, 2) is brought to another (3,).

    Spots and wrinkles are kept.
    """
    rows = np.clip((1 - at[:, 1]) * skin.shape[0], 0, skin.shape[0] - 1).astype(np.int64)
    columns = np.clip(at[:, 0] * skin.shape[1], 0, skin.shape[1] - 1).astype(np.int64)
    own = np.median(skin[rows, columns], axis=0)
    detail = skin / np.maximum(own, 0.01)
    # half of its colours goes: what is a faint blush on one skin is a stain on another
    grey = detail.mean(-1, keepdims=True)
    return np.clip(tone * np.clip(0.5 * detail + 0.5 * grey, 0.1, 2.2), 0.005, 0.8).astype(np.float32)


def hair_tone(rng: np.random.Generator, years: float, darkness: float) -> Floats:
    """(3,) linear albedo; with age it turns grey, and dark skin seldom goes with light hair."""
    grey = rng.random() < np.clip((years - 35) / 40, 0, 0.9)
    if grey:
        tone = srgb_to_linear(_srgb(HAIR_TONES[int(rng.integers(5, 7))])) * rng.uniform(0.45, 1)
    else:
        natural = [code for code in HAIR_TONES if code not in HAIR_TONES[5:7]]
        light = max(0.05, 1 - 1.3 * darkness)
        weights = np.array([1.6, 1.6, 1.2 * light, 1.0 * light, 0.9 * light, 0.35 * light])
        tone = srgb_to_linear(_srgb(natural[int(rng.choice(len(natural), p=weights / weights.sum()))]))
    if rng.random() < 0.01:
        tone = srgb_to_linear(textures.colour(rng, (0.4, 0.8), (0.3, 0.8)))
    return (tone * rng.uniform(0.8, 1.25)).astype(np.float32)


def tinted(item: Item, tone: Floats, contrast: float = 0.6) -> Surface:
    """Hair in another colour (3,): the strands of its picture, their brightness around the tone."""
    luma = item.texture @ _LUMA
    solid = luma[item.opacity > 0.5] if item.opacity is not None else luma.ravel()
    strand = (luma / max(float(np.median(solid)), 0.005)) ** contrast
    albedo = np.clip(tone * np.clip(strand, 0.3, 3)[..., None], 0.004, 0.8)
    return Surface(albedo.astype(np.float32), gloss=0.02, opacity=item.opacity)


def eyes(rng: np.random.Generator) -> Surface:
    """An eyeball seen from the front, its iris in the middle: white, iris, pupil."""
    row, column = np.mgrid[0:64, 0:64]
    radius = np.hypot(row - 31.5, column - 31.5) / 32
    iris = srgb_to_linear(_srgb(str(rng.choice(_IRISES))))
    ball = np.broadcast_to(np.array([0.62, 0.57, 0.54], np.float32), (64, 64, 3)).copy()
    ball[radius < 0.42] = iris
    ball[(radius < 0.45) & (radius > 0.37)] = iris * 0.4
    ball[radius < 0.17] = 0.01
    return Surface(ball, gloss=0.06)


def recoloured(rng: np.random.Generator, item: Item) -> Surface:
    """A garment as it is, dyed, or of another cloth; its folds and seams stay."""
    kind = rng.random()
    if kind < 0.15:
        return Surface(np.clip(item.texture * np.float32(rng.uniform(0.6, 1.1)), 0.004, 0.9))
    luma = item.texture @ _LUMA
    used = luma > 0.003
    shade = np.clip(luma / max(float(np.median(luma[used])), 0.01), 0.15, 2.2)[..., None]
    if kind < 0.45:
        value = (0.04, 0.35) if rng.random() < 0.5 else (0.3, 0.95)
        dye = srgb_to_linear(textures.natural(rng, (0.0, 0.65), value))
        keep = rng.uniform(0, 0.5)
        albedo = shade**0.8 * dye * (1 - keep) + keep * item.texture
    else:
        fabric = _fabric(rng)
        repeats = -(-item.texture.shape[0] // fabric.shape[0])
        tiled = np.tile(fabric, (repeats, repeats, 1))[: item.texture.shape[0], : item.texture.shape[1]]
        albedo = tiled * np.sqrt(shade)
    return Surface(np.clip(albedo, 0.006, 0.88).astype(np.float32))


def cloth(rng: np.random.Generator) -> Surface:
    """What a sewn garment is made of: mostly one colour that people wear, else a pattern."""
    return Surface(_fabric(rng))


def _fabric(rng: np.random.Generator) -> Floats:
    kind = rng.random()
    if kind < 0.35:
        return textures.cloth(rng)
    value = (0.04, 0.3) if rng.random() < 0.45 else (0.25, 0.95)
    srgb = textures.natural(rng, (0.0, 0.25) if rng.random() < 0.55 else (0.2, 0.75), value)
    if kind < 0.8:
        return textures.plain(rng, srgb, 0.05)
    # denim, tweed, knitwear: fibres in two near colours
    grain = 0.12 * textures.cloud(rng, 0.25) + 0.06 * textures.cloud(rng, 1.6)
    return np.clip(srgb_to_linear(srgb) * np.exp(grain)[..., None], 0.004, 0.9).astype(np.float32)


def _srgb(code: str) -> Floats:
    return np.array([int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)], np.float32)
