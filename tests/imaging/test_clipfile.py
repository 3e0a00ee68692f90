"""What is written plays, and parts put together are the whole: every frame at its time, the sound beside it."""

import signal
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from cleanplate.errors import InputError, ToolError, UsageError
from cleanplate.imaging import Image
from cleanplate.imaging.clipfile import SUFFIXES, ClipKind, ClipWriter, join
from cleanplate.imaging.streams import Frame, open_clip

from .conftest import ClipMaker, damage, scene

RATE = Fraction(25)
KINDS: list[ClipKind] = ["mp4", "prores", "webm"]
WITH_ALPHA: list[ClipKind] = ["prores", "webm"]


def write(
    folder: Path,
    kind: ClipKind,
    numbers: Sequence[int] = range(10),
    *,
    name: str = "clip",
    size_hw: tuple[int, int] = (48, 64),
    times_s: Sequence[float] | None = None,
) -> Path:
    path = folder / f"{name}{SUFFIXES[kind]}"
    with ClipWriter(path, size_hw, RATE, kind, first=numbers[0]) as clip:
        for time_s, number in zip(times_s or [number / 25 for number in numbers], numbers, strict=True):
            clip.add(scene(number, *size_hw), time_s)
    return path


def read(path: Path) -> list[Frame]:
    clip = open_clip(path)
    frames = list(clip.frames())
    assert clip.notices == []
    return frames


def num_samples(path: Path) -> int:
    with av.open(path) as file:
        return sum(frame.samples for frame in file.decode(audio=0))


def stored_alpha(path: Path) -> Image:
    """The alpha of a clip's first frame; of VP9 only the encoder's own library decodes it."""
    package: Any = av
    with package.open(path) as file:
        stream: Any = file.streams.video[0]
        decoder: Any = stream.codec_context
        if decoder.name == "vp9":
            assert stream.metadata["alpha_mode"] == "1"
            decoder = package.CodecContext.create("libvpx-vp9", "r")
        frame = next(frame for packet in file.demux(stream) for frame in decoder.decode(packet))
        plane, bits = frame.planes[3], frame.format.components[3].bits
        codes = np.frombuffer(bytes(plane), np.uint8 if bits == 8 else np.uint16).reshape(frame.height, -1)
        return codes[:, : frame.width].astype(np.float32) / np.float32(2**bits - 1)


@pytest.fixture
def little_room(tmp_path: Path) -> Iterator[Path]:
    """A folder in which no file can grow beyond 20,000 bytes, as on a full disk."""
    resource: Any = pytest.importorskip("resource")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    yield tmp_path
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_read_back(tmp_path: Path, kind: ClipKind) -> None:
    path = write(tmp_path, kind)
    frames = read(path)
    assert [frame.time_s for frame in frames] == pytest.approx([number / 25 for number in range(10)], abs=1e-3)
    assert all(float(np.abs(frame.rgb - scene(frame.index)).mean()) < 2 / 255 for frame in frames)
    assert (open_clip(path).info.rate, open_clip(path).info.bits) == (RATE, 12 if kind == "prores" else 8)
    with av.open(path) as file:
        codec: Any = file.streams.video[0].codec_context
        tags = codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range
    assert tags == (1, 1, 1, 1)  # BT.709 three times, limited range


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("grey", [0.0, 0.5, 1.0])
def test_greys_do_not_drift(tmp_path: Path, kind: ClipKind, grey: float) -> None:
    path = tmp_path / f"grey{SUFFIXES[kind]}"
    with ClipWriter(path, (32, 32), RATE, kind) as clip:
        clip.add(np.full((32, 32, 3), grey, np.float32), 0)
    assert float(np.abs(read(path)[0].rgb - grey).max()) < 1 / 255


@pytest.mark.parametrize("kind", WITH_ALPHA)
def test_alpha_is_kept_by_writing_and_joining(tmp_path: Path, kind: ClipKind) -> None:
    alpha = np.clip(scene(0)[..., :1] * 1.5 - 0.25, 0, 1)
    path = tmp_path / f"cutout{SUFFIXES[kind]}"
    with ClipWriter(path, (48, 64), RATE, kind) as clip:
        clip.add(scene(0), 0, alpha[..., 0])
    joined = tmp_path / f"joined{SUFFIXES[kind]}"
    join([path], joined)
    for file in (path, joined):
        assert float(np.abs(stored_alpha(file) - alpha[..., 0]).mean()) < 2 / 255
        assert float(np.abs(read(file)[0].rgb - scene(0)).mean()) < 2 / 255


@pytest.mark.parametrize("kind", WITH_ALPHA)
def test_a_picture_without_alpha_is_opaque(tmp_path: Path, kind: ClipKind) -> None:
    assert float(stored_alpha(write(tmp_path, kind, [0])).min()) > 0.99


def test_an_odd_side_grows_by_a_copy_of_its_last_pixels(tmp_path: Path) -> None:
    frame = read(write(tmp_path, "mp4", [0], size_hw=(47, 63)))[0]
    wanted = np.pad(scene(0, 47, 63), ((0, 1), (0, 1), (0, 0)), "edge")
    assert frame.rgb.shape == (48, 64, 3)
    assert float(np.abs(frame.rgb - wanted).mean()) < 2 / 255
    assert read(write(tmp_path, "prores", [0], size_hw=(47, 63)))[0].rgb.shape == (47, 63, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_each_frame_keeps_its_own_time(tmp_path: Path, kind: ClipKind) -> None:
    times_s = [0, 0.033, 0.1, 0.5, 0.52]
    frames = read(write(tmp_path, kind, range(5), times_s=times_s))
    assert [frame.time_s for frame in frames] == pytest.approx(times_s, abs=1e-3)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("kind", KINDS)
def test_an_interrupted_clip_holds_what_was_added(
    tmp_path: Path, kind: ClipKind, interruption: type[BaseException]
) -> None:
    path = tmp_path / f"part{SUFFIXES[kind]}"
    clip = ClipWriter(path, (48, 64), RATE, kind)
    with pytest.raises(interruption), clip:  # noqa: PT012 - where it comes from matters
        for number in range(4):
            clip.add(scene(number), number / 25)
        raise interruption
    assert len(read(path)) == 4
    assert list(tmp_path.iterdir()) == [path]


def test_pictures_that_are_too_wide_for_the_codec_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.mp4: \.mp4 files end at 16,384 pixels a side, .* have 16386 x 48; scale"):
        ClipWriter(tmp_path / "a.mp4", (48, 16_386), RATE, "mp4")
    assert list(tmp_path.iterdir()) == []


def test_without_frames_there_is_no_file(tmp_path: Path) -> None:
    with ClipWriter(tmp_path / "none.mp4", (48, 64), RATE, "mp4"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_is_told_with_what_is_kept(little_room: Path, kind: ClipKind) -> None:
    path = little_room / f"part{SUFFIXES[kind]}"
    noise = np.random.default_rng(0)
    with (  # noqa: PT012 - which call writes is the encoder's business
        pytest.raises(InputError, match=rf"{path}: cannot be written \(File too large\); the 40 frames .* goes on"),
        ClipWriter(path, (96, 128), RATE, kind, first=40) as clip,
    ):
        for number in range(8):
            clip.add(noise.random((96, 128, 3), np.float32), number / 25)
    assert list(little_room.iterdir()) == []


@pytest.mark.parametrize("shape", [(24, 32), (64, 48), (48, 64, 1)])
def test_alpha_of_another_size_is_refused_and_the_clip_is_whole(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with ClipWriter(tmp_path / "clip.mov", (48, 64), RATE, "prores") as clip:
        clip.add(scene(0, 48, 64), 0, np.ones((48, 64), np.float32))
        with pytest.raises(ValueError, match=r"alpha of shape .* in a prores of"):
            clip.add(scene(1, 48, 64), 0.04, np.ones(shape, np.float32))
    assert len(read(tmp_path / "clip.mov")) == 1


def test_no_parts_and_no_frames_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"out\.mp4: there are no parts to join; give at least one"):
        join([], tmp_path / "out.mp4")
    assert not list(tmp_path.iterdir())
    clip = open_clip(write(tmp_path, "mp4"))
    with pytest.raises(UsageError, match=r"clip\.mp4: every is 0; give a whole number of at least 1"):
        next(clip.frames(every=0))


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone/clip.mp4: cannot be written \(No such file or directory\)"):
        write(tmp_path / "gone", "mp4", [0])


def test_an_encoder_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such(name: str, mode: str) -> None:
        raise ValueError(name, mode)

    monkeypatch.setattr(av, "Codec", no_such)
    with pytest.raises(ToolError, match="this build of PyAV has no libx264; install the usual one"):
        ClipWriter(tmp_path / "a.mp4", (48, 64), RATE, "mp4")


def three_parts(folder: Path, kind: ClipKind) -> list[Path]:
    return [write(folder, kind, numbers, name=f"part{numbers[0]}") for numbers in (range(4), range(4, 9), range(9, 12))]


@pytest.mark.parametrize("kind", KINDS)
def test_joined_parts_are_the_whole(tmp_path: Path, kind: ClipKind) -> None:
    out = tmp_path / f"joined{SUFFIXES[kind]}"
    assert join(three_parts(tmp_path, kind), out) == []
    joined, whole = read(out), read(write(tmp_path, kind, range(12)))
    assert [frame.time_s for frame in joined] == pytest.approx([frame.time_s for frame in whole], abs=1e-3)
    assert all(float(np.abs(a.rgb - b.rgb).mean()) < 2 / 255 for a, b in zip(joined, whole, strict=True))
    with av.open(out) as one, av.open(tmp_path / f"clip{SUFFIXES[kind]}") as other:
        assert one.streams.video[0].codec_context.codec_tag == other.streams.video[0].codec_context.codec_tag


def test_parts_that_begin_at_0_follow_each_other(tmp_path: Path) -> None:
    parts = [write(tmp_path, "mp4", range(4), name=name) for name in "ab"]
    join(parts, tmp_path / "joined.mp4")
    assert [frame.time_s for frame in read(tmp_path / "joined.mp4")] == pytest.approx([one / 25 for one in range(8)])


@pytest.mark.parametrize(
    ("kind", "source", "becomes"),
    [
        ("mp4", ("a.mp4", "aac"), "aac"),
        ("mp4", ("a.ts", "aac"), "aac"),
        ("mp4", ("a.mov", "pcm_s16le"), "aac"),
        ("mp4", ("a.mkv", "libopus"), "aac"),
        ("prores", ("a.mov", "pcm_s16le"), "pcm_s16le"),
        ("webm", ("a.mkv", "libopus"), "opus"),
        ("webm", ("a.mp4", "aac"), "opus"),
    ],
)
def test_sound_is_kept_in_length_and_encoded_only_where_it_must_be(
    make_clip: ClipMaker, tmp_path: Path, kind: ClipKind, source: tuple[str, str], becomes: str
) -> None:
    name, audio = source
    clip = make_clip(name, 12, tone_s=0.8, audio=audio)
    out = tmp_path / f"joined{SUFFIXES[kind]}"
    assert join(three_parts(tmp_path, kind), out, clip) == []
    with av.open(out) as file:
        assert file.streams.audio[0].codec_context.name == becomes
    assert num_samples(out) == pytest.approx(num_samples(clip), abs=2100)  # two packets of AAC
    assert len(read(out)) == 12


def test_sound_keeps_its_place_beside_the_first_frame(make_clip: ClipMaker, tmp_path: Path) -> None:
    late = make_clip("late.mkv", 12, times=range(10, 22), tone_s=0.8)
    join(three_parts(tmp_path, "mp4"), tmp_path / "joined.mp4", late)
    assert num_samples(late) - num_samples(tmp_path / "joined.mp4") == pytest.approx(0.4 * 48_000, abs=2100)


@pytest.mark.parametrize(("kind", "audio"), [("prores", "pcm_s16le"), ("prores", "pcm_s24le"), ("mp4", "pcm_s16le")])
def test_a_hole_in_the_sound_moves_nothing_that_comes_after_it(
    make_clip: ClipMaker, tmp_path: Path, kind: ClipKind, audio: str
) -> None:
    clip = make_clip("hole.mkv", 12, tone_s=0.8, audio=audio, hole_s=(0.2, 0.4))
    out = tmp_path / f"joined{SUFFIXES[kind]}"
    assert join(three_parts(tmp_path, kind), out, clip) == []
    with av.open(out) as file:
        length: Any = file.streams.audio[0].duration
        assert length * file.streams.audio[0].time_base == pytest.approx(0.8, abs=0.05)
        loud = [float(np.abs(frame.to_ndarray().astype(np.float64)).mean()) for frame in file.decode(audio=0)]
    assert kind == "mp4" or 0 < sum(one == 0 for one in loud) < len(loud) / 2


def test_sound_goes_on_where_files_were_put_one_after_the_other(make_clip: ClipMaker, tmp_path: Path) -> None:
    twice = make_clip("twice.ts", 6, tone_s=0.24)
    twice.write_bytes(2 * twice.read_bytes())
    assert join(three_parts(tmp_path, "mp4"), tmp_path / "joined.mp4", twice) == []
    assert num_samples(tmp_path / "joined.mp4") == pytest.approx(0.48 * 48_000, abs=4 * 1024)


def test_sound_that_goes_on_without_pictures_is_cut(make_clip: ClipMaker, tmp_path: Path) -> None:
    clip = make_clip("long.mp4", tone_s=2.5)
    notices = join(three_parts(tmp_path, "mp4"), tmp_path / "joined.mp4", clip)
    assert notices == [f"{clip}: its sound goes on for long after the last frame; it is cut 1 s later"]
    assert num_samples(tmp_path / "joined.mp4") == pytest.approx(1.48 * 48_000, abs=2100)


def test_a_clip_without_sound_stays_silent(make_clip: ClipMaker, tmp_path: Path) -> None:
    assert join(three_parts(tmp_path, "mp4"), tmp_path / "joined.mp4", make_clip("silent.mp4")) == []
    assert not open_clip(tmp_path / "joined.mp4").info.has_audio


def test_parts_that_do_not_fit_are_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    out = tmp_path / "joined.mp4"
    out.write_bytes(b"old")
    part, larger = write(tmp_path, "mp4"), write(tmp_path, "mp4", name="larger", size_hw=(64, 64))
    broken = write(tmp_path, "mp4", name="broken")
    broken.write_bytes(broken.read_bytes()[:500])
    for second, words in (
        (larger, "larger.mp4: differs from the parts before it"),
        (broken, "broken.mp4: is damaged; remove it, then the same command makes it again"),
        (tmp_path / "gone.mp4", "gone.mp4: there is no such file"),
    ):
        with pytest.raises(InputError, match=words):
            join([part, second], out)
    assert out.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))


def test_a_disk_that_is_full_when_parts_are_joined_is_told(little_room: Path) -> None:
    parts = [write(little_room, "prores", range(3), name=name, size_hw=(96, 128)) for name in "abcdef"]
    with pytest.raises(InputError, match=r"joined.mov: cannot be written \(File too large\)"):
        join(parts, little_room / "joined.mov")
    assert not (little_room / "joined.mov").exists()


def test_a_damaged_sound_leaves_the_pictures_whole(make_clip: ClipMaker, tmp_path: Path) -> None:
    clip = make_clip("a.mp4", 12, tone_s=0.5)
    damage(clip, 3)
    join(three_parts(tmp_path, "mp4"), tmp_path / "joined.mp4", clip)
    assert len(read(tmp_path / "joined.mp4")) == 12
