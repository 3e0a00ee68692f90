"""Every kind of clip is read as it looks, and what is wrong with one is bridged, told, or refused in one sentence."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from cleanplate.errors import InputError, MissingExtraError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_uint
from cleanplate.imaging.colour import linear_to_srgb
from cleanplate.imaging.hdr import nits_to_pq
from cleanplate.imaging.streams import Clip, Frame, open_clip

from .conftest import ClipMaker, damage, scene

FULL, LIMITED = 2, 1
RED_AND_BLUE_WEIGHTS = {1: (0.2126, 0.0722), 6: (0.299, 0.114), 9: (0.2627, 0.0593)}


def painted(codes: tuple[int, int, int], pixels: str, size_hw: tuple[int, int] = (48, 64)) -> av.VideoFrame:
    """A frame of one colour, by its stored codes."""
    frame = av.VideoFrame(size_hw[1], size_hw[0], pixels)
    kind = np.uint8 if frame.format.components[0].bits == 8 else np.uint16
    for plane, code in zip(frame.planes, codes, strict=True):
        plane.update(np.full(plane.buffer_size // kind().itemsize, code, kind).tobytes())
    return frame


def pq(nits: float) -> float:
    return float(nits_to_pq(np.array(nits)))


def read(path: Path, first: int = 0) -> tuple[Clip, list[Frame]]:
    clip = open_clip(path)
    return clip, list(clip.frames(first))


def worst(picture: Image, wanted: Image) -> float:
    """The largest difference in 8-bit steps."""
    return float(np.abs(picture - wanted).max() * 255)


def test_frames_come_in_order_with_number_time_and_picture(make_clip: ClipMaker) -> None:
    clip, frames = read(make_clip("a.mp4"))
    assert clip.notices == []
    assert clip.info.size_hw == (48, 64)
    assert (clip.info.rate, clip.info.num_frames, clip.info.bits) == (25, 10, 8)
    assert clip.info.duration_s == pytest.approx(0.4)
    assert (clip.info.has_audio, clip.info.hdr) == (False, False)
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 25 for number in range(10)])
    assert [float(frame.rgb[..., 2].mean()) for frame in frames] == pytest.approx(
        [0.2 + 0.05 * number for number in range(10)], abs=0.01
    )
    assert all(float(np.abs(frame.rgb - scene(frame.index)).mean()) < 2 / 255 for frame in frames)
    assert {(frame.rgb.dtype.name, frame.rgb.shape, frame.bridged) for frame in frames} == {
        ("float32", (48, 64, 3), False)
    }


@pytest.mark.parametrize("suffix", [".mov", ".mkv", ".avi", ".ts", ".m4v"])
def test_every_common_container_is_read(make_clip: ClipMaker, suffix: str) -> None:
    clip, frames = read(make_clip(f"a{suffix}", codec="mpeg4" if suffix == ".avi" else "libx264"))
    assert clip.notices == []
    assert [frame.time_s for frame in frames] == pytest.approx([number / 25 for number in range(10)], abs=1e-3)


def test_an_avi_whose_clock_counts_thousandths_is_whole(make_clip: ClipMaker) -> None:
    clip, frames = read(make_clip("a.avi", codec="mpeg4", rate=1000, times=range(0, 1000, 100)))
    assert clip.notices == []
    assert [frame.time_s for frame in frames] == pytest.approx([number / 10 for number in range(10)], abs=1e-3)
    assert clip.info.duration_s == pytest.approx(0.9, abs=0.05)
    assert clip.info.num_frames == pytest.approx(10, abs=1)


def test_times_between_frames_are_kept_as_they_are(make_clip: ClipMaker) -> None:
    times = [3, 4, 9, 10, 17]
    clip, frames = read(make_clip("a.mkv", 5, times=times))
    assert [frame.time_s for frame in frames] == pytest.approx([(time - 3) / 25 for time in times], abs=1e-3)
    assert clip.notices == []


def test_left_out_frames_are_numbered_as_if_they_were_given(make_clip: ClipMaker) -> None:
    path = make_clip("a.mp4")
    damage(path, 7)
    (_, whole), (_, rest) = read(path), read(path, first=5)
    assert [frame[:2] + frame[3:] for frame in rest] == [frame[:2] + frame[3:] for frame in whole[5:]]
    assert all(np.array_equal(one.rgb, other.rgb) for one, other in zip(rest, whole[5:], strict=True))


@pytest.mark.parametrize("pixels", ["yuv444p", "yuv420p", "yuv444p10le", "yuv420p10le"])
@pytest.mark.parametrize("matrix", RED_AND_BLUE_WEIGHTS)
@pytest.mark.parametrize("color_range", [LIMITED, FULL])
def test_colours_follow_the_matrix_and_range_of_the_file(
    make_clip: ClipMaker, pixels: str, matrix: int, color_range: int
) -> None:
    scale = 4 if "10" in pixels else 1
    y, u, v = 150 * scale + 1, 110 * scale + 1, 140 * scale
    frame = painted((y, u, v), pixels)
    frame.colorspace, frame.color_range = matrix, color_range
    top = 256 * scale - 1
    low, luma_span, chroma_span = (0, top, top) if color_range == FULL else (16 * scale, 219 * scale, 224 * scale)
    red_weight, blue_weight = RED_AND_BLUE_WEIGHTS[matrix]
    luma, cb, cr = (y - low) / luma_span, (u - 128 * scale) / chroma_span, (v - 128 * scale) / chroma_span
    red, blue = luma + 2 * (1 - red_weight) * cr, luma + 2 * (1 - blue_weight) * cb
    green = (luma - red_weight * red - blue_weight * blue) / (1 - red_weight - blue_weight)
    _, frames = read(make_clip("a.mkv", [frame], codec="ffv1", pixels=pixels))
    nearest = 0.05 if scale == 4 else 0.51  # of eight bits the nearest code
    assert worst(frames[0].rgb, np.array([red, green, blue], np.float32)) < nearest


@pytest.mark.parametrize(
    ("pixels", "color_range"), [("yuv420p", 1), ("yuv444p10le", 1), ("yuv444p10le", 2), ("gbrp10le", 2)]
)
def test_black_and_white_are_exactly_that(make_clip: ClipMaker, pixels: str, color_range: int) -> None:
    scale = 4 if "10" in pixels else 1
    low, high = (16 * scale, 235 * scale) if color_range == LIMITED else (0, 256 * scale - 1)
    for code, value in ((low, 0), (high, 1)):
        frame = painted((code, code, code) if pixels == "gbrp10le" else (code, 128 * scale, 128 * scale), pixels)
        frame.color_range, frame.colorspace = color_range, 0 if pixels == "gbrp10le" else 1
        _, frames = read(make_clip("a.mkv", [frame], codec="ffv1", pixels=pixels))
        assert worst(frames[0].rgb, np.full((48, 64, 3), value, np.float32)) < 0.01


def test_a_file_that_names_no_matrix_has_the_usual_one_of_its_size(make_clip: ClipMaker) -> None:
    def red(height: int, width: int) -> float:
        frame = painted((120, 128, 160), "yuv444p", (height, width))
        return float(read(make_clip("a.mkv", [frame], codec="ffv1", pixels="yuv444p"))[1][0].rgb[0, 0, 0])

    nearest = 0.51 / 255
    assert red(48, 64) == pytest.approx((104 / 219) + 1.402 * 32 / 224, abs=nearest)
    assert red(720, 64) == pytest.approx((104 / 219) + 1.5748 * 32 / 224, abs=nearest)


def test_ten_bits_are_kept(make_clip: ClipMaker) -> None:
    frame = painted((0, 512, 512), "yuv444p10le")
    ramp = np.zeros((48, frame.planes[0].line_size // 2), np.uint16)
    ramp[:, :64] = 400 + np.arange(64)
    frame.planes[0].update(ramp.tobytes())
    clip, frames = read(make_clip("a.mp4", [frame], pixels="yuv444p10le", options={"qp": "0"}))
    assert clip.info.bits == 10
    assert len(np.unique(frames[0].rgb[0, :, 1].round(4))) == 64


@pytest.mark.parametrize(("nits", "wanted"), [(20.3, 0.1), (60.9, 0.3), (1000.0, 1.0)])
def test_pq_is_mapped_so_that_most_light_keeps_its_share_of_white(
    make_clip: ClipMaker, nits: float, wanted: float
) -> None:
    code = round(64 + 876 * pq(nits))
    frame = painted((code, 512, 512), "yuv420p10le")
    frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = 9, LIMITED, 16, 9
    clip, frames = read(make_clip("a.mp4", [frame], pixels="yuv420p10le", options={"qp": "0"}))
    assert clip.info.hdr
    assert [str(notice).split(": ")[1] for notice in clip.notices] == [
        "is HDR (PQ); it is mapped to sRGB, bright light is rolled off"
    ]
    assert worst(frames[0].rgb, linear_to_srgb(np.full(3, wanted, np.float32))) < 1


def test_hlg_and_pq_of_the_same_light_look_the_same(make_clip: ClipMaker) -> None:
    seen: list[float] = []
    for transfer, signal in ((18, 0.75), (16, pq(203))):  # ITU-R BT.2408: both paper white
        frame = painted((round(64 + 876 * signal), 512, 512), "yuv420p10le")
        frame.colorspace, frame.color_range, frame.color_trc, frame.color_primaries = 9, LIMITED, transfer, 9
        seen.append(float(read(make_clip("a.mkv", [frame], codec="ffv1", pixels="yuv420p10le"))[1][0].rgb.mean()))
    assert seen[0] == pytest.approx(seen[1], abs=1 / 255)
    assert 0.85 < seen[0] < 0.95


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_clip_is_turned_upright(make_clip: ClipMaker, degrees: int) -> None:
    clip, frames = read(make_clip("a.mp4", 1, turned_by=degrees))
    upright = np.rot90(scene(0), degrees // 90)
    assert clip.info.size_hw == upright.shape[:2]
    assert float(np.abs(frames[0].rgb - upright).mean()) < 2 / 255


def test_pixels_become_square(make_clip: ClipMaker) -> None:
    clip, frames = read(make_clip("a.mp4", 1, pixel_aspect=Fraction(4, 3)))
    assert clip.info.size_hw == frames[0].rgb.shape[:2] == (48, 85)
    assert float(np.abs(frames[0].rgb - scene(0, 48, 85)).mean()) < 3 / 255


def test_an_interlaced_clip_is_told(make_clip: ClipMaker) -> None:
    clip = open_clip(make_clip("a.mkv", 2, options={"x264-params": "tff=1"}))
    assert "deinterlace it first" in clip.notices[0]


def test_a_clip_of_one_frame_is_a_clip(make_clip: ClipMaker) -> None:
    clip, frames = read(make_clip("a.mp4", 1))
    assert ([frame.time_s for frame in frames], clip.notices) == ([0], [])


def test_a_clip_cut_off_in_the_middle_gives_what_is_there_and_says_so(make_clip: ClipMaker) -> None:
    path = make_clip("a.mkv", 20)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 8 // 10])
    clip, frames = read(path)
    assert 5 < len(frames) < 18
    assert not any(frame.bridged for frame in frames)
    assert clip.notices == [f"{path}: breaks off after {len(frames) / 25:.2f} of 0.80 seconds; what is there is used"]


@pytest.mark.parametrize(
    ("name", "codec", "number"),
    [("a.mp4", "libx264", 4), ("a.mov", "prores_ks", 3), ("a.webm", "libvpx-vp9", 3), ("a.avi", "mpeg4", 3)],
)
def test_a_broken_frame_is_bridged_with_the_last_good_picture(
    make_clip: ClipMaker, name: str, codec: str, number: int
) -> None:
    path = make_clip(
        name, codec=codec, pixels="yuv422p10le" if codec == "prores_ks" else "yuv420p",
        options={"bf": "0", "deadline": "realtime"} if codec != "mpeg4" else {},
    )  # fmt: skip
    damage(path, number)
    clip, frames = read(path)
    assert [frame.index for frame in frames if frame.bridged] == [number]
    assert np.array_equal(frames[number].rgb, frames[number - 1].rgb)
    assert [frame.time_s for frame in frames] == pytest.approx([one / 25 for one in range(10)], abs=1e-3)
    assert clip.notices == [f"{path}: 1 frame is broken; the last good picture stands in; copy it again to have all"]


def test_frames_that_a_decoder_leaves_out_without_a_word_are_bridged(make_clip: ClipMaker) -> None:
    path = make_clip("a.mp4", codec="libx265", options={"x265-params": "log-level=none:bframes=0"})
    damage(path, 4)
    clip, frames = read(path)
    assert len(frames) == 10
    assert [frame.index for frame in frames if frame.bridged] == [4, 5]
    assert "2 frames are broken" in clip.notices[0]


def test_broken_frames_at_the_start_are_left_out(make_clip: ClipMaker) -> None:
    path = make_clip("a.mov", codec="prores_ks", pixels="yuv422p10le")
    damage(path, 0)
    clip, frames = read(path)
    assert (len(frames), frames[0].time_s, clip.info.start_s) == (9, 0, 0.04)
    assert clip.notices == [f"{path}: its first frame is broken and left out; copy it again to have all"]


def joined(make_clip: ClipMaker, height: int, width: int) -> Path:
    """A clip of 64 x 48 pixels for 5 frames, then of another size and with times that begin anew."""
    first = make_clip("first.ts", 5)
    then = make_clip("then.ts", [to_uint(scene(number, height, width), 8) for number in range(5)])
    first.write_bytes(first.read_bytes() + then.read_bytes())
    return first


def test_a_size_that_changes_is_scaled_back_and_told(make_clip: ClipMaker) -> None:
    clip, frames = read(joined(make_clip, 96, 128))
    assert {frame.rgb.shape for frame in frames} == {(48, 64, 3)}
    assert float(np.abs(frames[-1].rgb - scene(4)).mean()) < 3 / 255
    assert "from second 0.20 on its frames have 128 x 96 pixels, not 64 x 48; they are scaled" in clip.notices[1]


def test_a_shape_that_changes_is_refused_with_its_time(make_clip: ClipMaker) -> None:
    path = joined(make_clip, 64, 64)
    with pytest.raises(
        InputError, match=r"first.ts: from second 0\.20 on .* 64 x 64 pixels, not 64 x 48; cut it there"
    ):
        read(path)


def test_times_that_do_not_rise_are_counted_on(make_clip: ClipMaker) -> None:
    clip, frames = read(joined(make_clip, 48, 64))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 25 for number in range(10)], abs=0.01)
    assert clip.notices == [
        f"{clip.notices[0].split(': ')[0]}: some of its frames have no time, or one that does not increase; "
        "each comes right after the frame before it, or at 25 frames a second"
    ]


def test_a_frame_whose_time_does_not_rise_delays_none_after_it(make_clip: ClipMaker) -> None:
    clip, frames = read(make_clip("a.mkv", 8, times=[0, 1, 2, 3, 3, 4, 5, 6]))
    times_s = [frame.time_s for frame in frames]
    assert [*times_s[:4], *times_s[5:]] == pytest.approx([number / 25 for number in range(7)], abs=1e-3)
    assert times_s[3] < times_s[4] < times_s[5]
    assert "one that does not increase" in clip.notices[0]


def test_a_clip_without_times_has_its_rate(make_clip: ClipMaker) -> None:
    clip, frames = read(make_clip("a.h264"))
    assert [frame.time_s for frame in frames] == pytest.approx([number / 25 for number in range(10)])
    assert "at 25 frames a second" in clip.notices[0]


def test_what_is_no_clip_is_refused_in_one_sentence(make_clip: ClipMaker, tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("no clip", encoding="utf-8")
    (tmp_path / "folder.mp4").mkdir()
    index_at_its_end = make_clip("half.m4v")
    index_at_its_end.write_bytes(index_at_its_end.read_bytes()[:1000])
    all_broken = make_clip("broken.mov", 1, codec="prores_ks", pixels="yuv422p10le")
    damage(all_broken, 0)
    make_clip("sound.m4a", 0, codec="", tone_s=0.2)
    make_clip("none.mp4", 0)
    make_clip("small.mkv", [to_uint(scene(0, 8, 8), 8)], codec="ffv1", pixels="bgr0")
    says = {
        "missing.mp4": "there is no such file",
        "empty.mp4": "is empty",
        "text.mp4": "is no video that can be read",
        "folder.mp4": "is a folder; name a clip",
        "half.m4v": "is no video that can be read, or is cut off",
        "broken.mov": "none of its frames can be decoded",
        "sound.m4a": "has sound but no pictures",
        "none.mp4": "has no frames",
        "small.mkv": "both sides must have at least 16",
    }
    for name, words in says.items():
        with pytest.raises(InputError, match=f"{name}: .*{words}"):
            open_clip(tmp_path / name)


def test_who_has_no_pyav_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"cleanplate\[video\]"):
        open_clip(tmp_path / "a.mp4")


def test_pictures_are_worked_on_without_pyav() -> None:
    code = "import sys, cleanplate.cli.run, cleanplate.imaging.streams; sys.exit('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
