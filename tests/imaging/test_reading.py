"""Every kind of picture is read as it looks, and whatever is none is refused in one sentence."""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PilImage
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from cleanplate.errors import InputError
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.decoding import read_header
from cleanplate.imaging.files import read_picture

ADOBE = imagecodecs.cms_profile("adobergb")
UPRIGHT = np.random.default_rng(3).integers(0, 256, (18, 24, 3)).astype(np.uint8)
STORED_AS = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.transpose(1, 0, 2),
    6: np.rot90(UPRIGHT),
    7: UPRIGHT[::-1, ::-1].transpose(1, 0, 2),
    8: np.rot90(UPRIGHT, -1),
}
"""What a camera stores for the upright picture under each EXIF orientation (6: turn it clockwise to see it upright)."""


def save(array: NDArray[Any], path: Path, **options: Any) -> Path:
    PilImage.fromarray(np.ascontiguousarray(array)).save(path, **options)
    return path


def write_tiff(
    path: Path,
    samples: NDArray[np.uint16] | NDArray[np.uint8],
    *,
    orientation: int = 1,
    photometric: int | None = None,
    planes: bool = False,
    extra: tuple[int, ...] = (2,),
) -> Path:
    """An uncompressed file written by hand, so that the decoders have something to agree with."""
    height, width = samples.shape[:2]
    channels = 1 if samples.ndim == 2 else samples.shape[2]
    data = (np.moveaxis(samples, 2, 0) if planes else samples).astype(samples.dtype.newbyteorder("<")).tobytes()
    tags = ImageFileDirectory_v2(b"II*\x00\x08\x00\x00\x00")
    tags[256], tags[257] = width, height
    tags[258] = (8 * samples.itemsize,) * channels
    tags[259], tags[262] = 1, (2 if channels > 2 else 1) if photometric is None else photometric
    tags[274], tags[277], tags[278], tags[284] = orientation, channels, height, 2 if planes else 1
    if channels > 3:
        tags[338] = extra
    num_strips = channels if planes else 1
    tags[273] = tuple(strip * len(data) // num_strips for strip in range(num_strips))  # Pillow moves them behind
    tags[279] = (len(data) // num_strips,) * num_strips
    path.write_bytes(b"II*\x00\x08\x00\x00\x00" + tags.tobytes(8) + data)
    return path


def write_png16(path: Path, samples: NDArray[np.uint16], chunks: dict[bytes, bytes] | None = None) -> Path:
    data = bytes(imagecodecs.png_encode(np.ascontiguousarray(samples)))
    extra = b"".join(chunk(name, body) for name, body in (chunks or {}).items())
    path.write_bytes(data[:33] + extra + data[33:])  # after the IHDR
    return path


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def exif(orientation: int) -> PilImage.Exif:
    tags = PilImage.Exif()
    tags[274] = orientation
    return tags


def codes(path: Path) -> NDArray[Any]:
    picture = read_picture(path)
    return to_uint(picture.rgb, picture.bits)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tif", "webp", "jpg"])
def test_8_bit_pictures_stand_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    options: dict[str, Any] = {"webp": {"lossless": True}, "jpg": {"quality": 100, "subsampling": 0}}.get(suffix, {})
    path = save(STORED_AS[orientation], tmp_path / f"a.{suffix}", exif=exif(orientation), **options)
    difference = codes(path).astype(int) - UPRIGHT
    assert np.abs(difference).max() <= (6 if suffix == "jpg" else 0)
    assert read_header(path).size_hw == (18, 24)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_16_bit_pictures_stand_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    stored = np.ascontiguousarray(STORED_AS[orientation]).astype(np.uint16) * 251 + 7
    path = tmp_path / f"a.{suffix}"
    if suffix == "tif":
        write_tiff(path, stored, orientation=orientation)
    else:
        write_png16(path, stored, {b"eXIf": exif(orientation).tobytes()[6:]})
    assert np.array_equal(codes(path), UPRIGHT.astype(np.uint16) * 251 + 7)
    assert read_header(path).size_hw == (18, 24)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("orientation", [3, 6])
def test_a_png_that_tells_its_orientation_behind_its_pixels_stands_upright(
    tmp_path: Path, orientation: int, dtype: type[np.uint8 | np.uint16]
) -> None:
    data = bytes(imagecodecs.png_encode(np.ascontiguousarray(STORED_AS[orientation]).astype(dtype)))
    path = tmp_path / "a.png"
    path.write_bytes(data[:-12] + chunk(b"eXIf", exif(orientation).tobytes()[6:]) + data[-12:])  # before the IEND
    assert np.array_equal(codes(path), UPRIGHT)
    assert (read_header(path).size_hw, read_header(path).orientation) == ((18, 24), orientation)


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bit_samples_are_read_to_the_last_bit(tmp_path: Path, suffix: str, channels: int) -> None:
    samples = np.random.default_rng(5).integers(0, 65536, (20, 31, channels)).astype(np.uint16)
    stored = samples[..., 0] if channels == 1 else samples
    path = (write_png16 if suffix == "png" else write_tiff)(tmp_path / f"a.{suffix}", stored)
    picture = read_picture(path)
    assert picture.bits == 16
    wanted = samples[..., :3] if channels > 1 else np.repeat(samples, 3, axis=2)
    assert np.array_equal(to_uint(picture.rgb, 16), wanted)
    assert (picture.alpha is not None) == (channels == 4)
    if picture.alpha is not None:
        assert np.array_equal(to_uint(picture.alpha, 16), samples[..., 3])


def test_16_bit_grey_with_alpha(tmp_path: Path) -> None:
    samples = np.random.default_rng(5).integers(0, 65536, (20, 31, 2)).astype(np.uint16)
    picture = read_picture(write_png16(tmp_path / "a.png", samples))
    assert np.array_equal(to_uint(picture.rgb[..., 2], 16), samples[..., 0])
    assert picture.alpha is not None
    assert np.array_equal(to_uint(picture.alpha, 16), samples[..., 1])


def test_a_16_bit_tiff_in_which_0_is_white(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", np.full((16, 16), 1000, np.uint16), photometric=0)
    assert (codes(path) == 64535).all()


def test_a_16_bit_tiff_of_separate_planes(tmp_path: Path) -> None:
    samples = np.random.default_rng(5).integers(0, 65536, (20, 31, 3)).astype(np.uint16)
    assert np.array_equal(codes(write_tiff(tmp_path / "a.tif", samples, planes=True)), samples)


def test_a_16_bit_tiff_of_premultiplied_colours_becomes_straight(tmp_path: Path) -> None:
    samples = np.full((16, 16, 4), (5000, 10000, 0, 20000), np.uint16)
    picture = read_picture(write_tiff(tmp_path / "a.tif", samples, extra=(1,)))
    assert to_uint(picture.rgb, 16)[3, 3].tolist() == [16384, 32768, 0]


def test_a_16_bit_profile_is_converted_without_falling_to_8_bit(tmp_path: Path) -> None:
    samples = np.repeat(np.arange(20_000, 20_256, dtype=np.uint16).reshape(16, 16, 1), 3, axis=2)
    path = write_png16(tmp_path / "a.png", samples, {b"iCCP": b"x\0\0" + zlib.compress(ADOBE)})
    read = codes(path)[..., 1]
    assert abs(int(read[0, 0]) - 20_000) > 100
    assert len(np.unique(read)) > 128


def test_an_8_bit_profile_is_converted(tmp_path: Path) -> None:
    plain = np.full((16, 16, 3), (60, 200, 90), np.uint8)
    assert codes(save(plain, tmp_path / "a.png"))[0, 0].tolist() == [60, 200, 90]
    red, green, _ = codes(save(plain, tmp_path / "b.png", icc_profile=ADOBE))[0, 0]
    assert red == 0  # a green that sRGB does not reach
    assert green > 200


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "PA", "RGB", "RGBA"])
def test_every_8_bit_mode_is_read_as_pillow_shows_it(tmp_path: Path, mode: str) -> None:
    rgba = PilImage.fromarray(np.dstack([UPRIGHT, np.arange(18 * 24, dtype=np.uint8).reshape(18, 24)]), "RGBA")
    image = rgba.convert("LA" if mode == "LA" else "RGB").convert(mode) if mode not in {"RGBA", "PA"} else rgba
    path = tmp_path / "a.png"
    if mode == "PA":
        quantized = rgba.convert("RGB").quantize(7)
        quantized.save(path, transparency=3)
        image = quantized.copy()
        image.info["transparency"] = 3
    else:
        image.save(path)
    shown = np.asarray(image.convert("RGBA"))
    picture = read_picture(path)
    assert np.array_equal(to_uint(picture.rgb, 8), shown[..., :3])
    assert (picture.alpha is None) == (mode not in {"LA", "PA", "RGBA"})
    if picture.alpha is not None:
        assert np.array_equal(to_uint(picture.alpha, 8), shown[..., 3])


def test_a_cmyk_jpeg_is_read_in_colour(tmp_path: Path) -> None:
    red = PilImage.fromarray(np.full((32, 32, 3), (220, 30, 20), np.uint8)).convert("CMYK")
    red.save(tmp_path / "a.jpg", quality=95)
    assert codes(tmp_path / "a.jpg")[16, 16] == pytest.approx([220, 30, 20], abs=4)


def bomb() -> bytes:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9))) + chunk(b"IEND", b"")


def encoded(suffix: str) -> bytes:
    data = io.BytesIO()
    PilImage.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)).save(data, suffix)
    return data.getvalue()


def float_tiff() -> bytes:
    data = io.BytesIO()
    PilImage.fromarray(np.zeros((20, 20), np.float32)).save(data, "TIFF")
    return data.getvalue()


def colour_float_tiff() -> bytes:
    return bytes(imagecodecs.tiff_encode(np.zeros((20, 20, 3), np.float32), photometric="rgb"))


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.png": (lambda: b"", "is empty"),
    "text.png": (lambda: b"this is no picture", "is not a picture that can be read"),
    "bomb.png": (bomb, "at most 8000 x 8000"),
    "cut.jpg": (lambda: encoded("JPEG")[:-900], "damaged or cut off"),
    "cut.png": (lambda: encoded("PNG")[:-900], "damaged or cut off"),
    "cut.webp": (lambda: encoded("WEBP")[:-900], "damaged or cut off|not a picture"),
    "cut.tif": (lambda: encoded("TIFF")[:-900], "damaged or cut off|not a picture"),
    "header.png": (lambda: encoded("PNG")[:40], "damaged, cut off or of a kind that is not read"),
    "header.tif": (lambda: b"II+\0" + bytes(36), "damaged, cut off or of a kind that is not read"),
    "photo.nef": (lambda: encoded("TIFF"), "raw photos are not read; develop it"),
    "colour_float.tif": (colour_float_tiff, "of a kind that is not read; copy it again, or save it as 8 or 16 bit RGB"),
    "float.tif": (float_tiff, "32-bit|bits a sample|not read"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_sentence_that_names_it(tmp_path: Path, name: str) -> None:
    make, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(make())
    with pytest.raises(InputError, match=reason) as caught:
        read_picture(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.5, 0.7, 0.9])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "png16", "tif16"])
def test_no_cut_off_picture_is_ever_read_half(tmp_path: Path, kind: str, fraction: float) -> None:
    path = tmp_path / "a.png"
    if kind.endswith("16"):
        samples = np.random.default_rng(0).integers(0, 65536, (40, 40, 3)).astype(np.uint16)
        data = (write_png16 if kind == "png16" else write_tiff)(path, samples).read_bytes()
    else:
        data = encoded(kind)
    path.write_bytes(data)
    read_picture(path)  # whole, it is fine
    path.write_bytes(data[: int(len(data) * fraction)])
    with pytest.raises(InputError, match=r"a\.png: "):
        read_picture(path)


def test_a_missing_file_a_folder_and_an_impossible_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_picture(tmp_path / "none.png")
    with pytest.raises(InputError, match="is a folder"):
        read_picture(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_picture(tmp_path / ("x" * 300 + ".png"))


@pytest.mark.parametrize("size_wh", [(1, 1), (15, 40), (40, 15)])
def test_a_picture_under_16_pixels_is_refused(tmp_path: Path, size_wh: tuple[int, int]) -> None:
    PilImage.new("RGB", size_wh).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=rf"is {size_wh[0]} x {size_wh[1]} pixels"):
        read_picture(tmp_path / "a.png")


def test_the_header_says_what_the_file_holds(tmp_path: Path) -> None:
    header = read_header(save(STORED_AS[6], tmp_path / "a.jpg", exif=exif(6), icc_profile=ADOBE))
    assert (header.file_format, header.bits, header.channels, header.orientation) == ("JPEG", 8, 3, 6)
    assert header.profile == ADOBE
    assert not header.has_alpha


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_a_damaged_tiff_is_refused_quietly(tmp_path: Path, compression: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = save(UPRIGHT, tmp_path / "a.tif", compression=compression)
    data = bytearray(path.read_bytes())
    data[20:200] = b"\xff" * 180
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a\.tif: is damaged or cut off"):
        read_picture(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGB", "RGBA", "CMYK"])
def test_8_bit_tiffs_of_every_mode_are_read_as_pillow_shows_them(tmp_path: Path, mode: str) -> None:
    image = PilImage.fromarray(UPRIGHT).convert("LA" if mode == "LA" else "RGB").convert(mode)
    if mode in {"LA", "RGBA"}:
        image.putalpha(PilImage.fromarray(UPRIGHT[..., 0]))
    image.save(tmp_path / "a.tif", compression="tiff_lzw" if mode != "1" else "raw")
    shown = PilImage.open(tmp_path / "a.tif")
    assert np.abs(codes(tmp_path / "a.tif").astype(int) - np.asarray(shown.convert("RGB"))).max() <= (mode == "CMYK")
    alpha = read_picture(tmp_path / "a.tif").alpha
    assert (alpha is not None) == (mode in {"LA", "RGBA"})
    if alpha is not None:
        assert np.array_equal(to_uint(alpha, 8), UPRIGHT[..., 0])


@pytest.mark.parametrize("extra", [(0,), (0, 0), (0, 0, 0), (2, 0), (1, 0), (2, 0, 0)])
def test_selections_that_a_program_saved_in_a_tiff_are_no_colours(tmp_path: Path, extra: tuple[int, ...]) -> None:
    others = [np.full((*UPRIGHT.shape[:2], 1), 15 + number, np.uint8) for number in range(len(extra))]
    if extra[0]:
        others[0][...] = 255
    path = write_tiff(tmp_path / "a.tif", np.concatenate([UPRIGHT, *others], axis=2), extra=extra)
    assert np.array_equal(codes(path), UPRIGHT)
    alpha = read_picture(path).alpha
    assert alpha is None or float(alpha.min()) == 1


def test_an_orientation_that_is_no_number_turns_nothing(tmp_path: Path) -> None:
    number, text = (b"\x01\x12\x00" + rest for rest in (b"\3\0\0\0\1\0\6\0\0", b"\2\0\0\0\2x\0\0\0"))
    with_text = exif(6).tobytes().replace(number, text)
    assert with_text != exif(6).tobytes()
    path = save(STORED_AS[1], tmp_path / "a.jpg", exif=with_text)
    assert read_header(path).orientation == 1
