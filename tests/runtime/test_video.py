"""A clip is matted frame by frame, an interruption costs seconds, and a plate can be had from the clip itself."""

import shutil
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.errors import InputError, UsageError
from cleanplate.imaging import Image, Pixels
from cleanplate.imaging.clipfile import ClipWriter
from cleanplate.imaging.files import read_picture
from cleanplate.imaging.streams import Clip, open_clip
from cleanplate.jobs.locks import alone_in
from cleanplate.jobs.progress import Advance
from cleanplate.runtime import clip_parts, video
from cleanplate.runtime.auto_plate import AutoPlate, plate_of_clip
from cleanplate.runtime.clip_parts import ClipChoice
from cleanplate.runtime.matte import Matte
from cleanplate.runtime.outputs import OutputChoice
from cleanplate.runtime.plate import Plate
from cleanplate.runtime.session import Session
from cleanplate.runtime.shots import ReadyShot
from cleanplate.runtime.video import matte_clip, matte_frames

SIZE_HW = (64, 96)
NUM_FRAMES = 12
RATE = Fraction(12)

Scene = Callable[[int], Image]


@pytest.fixture
def room() -> Image:
    grain = np.random.default_rng(4).random((*SIZE_HW, 3), np.float32)
    return (0.6 * np.asarray(cv2.GaussianBlur(grain, (0, 0), 3), np.float32)).astype(np.float32)


@pytest.fixture
def walk(room: Image) -> Scene:
    """A bright box that walks from left to right, a frame's picture by its number."""

    def picture(number: int) -> Image:
        frame = room.copy()
        frame[20:50, 4 + 6 * number : 18 + 6 * number] = 0.95
        return frame

    return picture


def write_clip(path: Path, picture: Scene, num_frames: int = NUM_FRAMES) -> Clip:
    with ClipWriter(path, SIZE_HW, RATE, "mp4") as writer:
        for number in range(num_frames):
            writer.add(picture(number), number / float(RATE))
    return open_clip(str(path))


@pytest.fixture
def clip(tmp_path: Path, walk: Scene) -> Clip:
    return write_clip(tmp_path / "walk.mp4", walk)


@pytest.fixture
def plate(room: Image, session: Session) -> Plate:
    return Plate.open(room, session, doctor=False)


@pytest.fixture
def session(difference_model: Path) -> Session:
    return Session(difference_model, num_threads=1)


def pictures(path: Path) -> np.ndarray:
    return np.stack([frame.rgb for frame in open_clip(path).frames()])


def test_every_result_has_every_frame_and_its_time(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    told: list[int] = []
    choice = ClipChoice(("matte", "cutout", "depth", "preview"))
    matte_clip(clip, plate, tmp_path / "out", "walk", choice, identity={}, advance=told.append)
    assert sum(told) == NUM_FRAMES
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["walk_cutout.mov", "walk_depth.mp4", "walk_matte.mp4", "walk_preview.mp4"]
    times = [frame.time_s for frame in clip.frames()]
    for name in names:
        assert [frame.time_s for frame in open_clip(tmp_path / "out" / name).frames()] == pytest.approx(times, abs=1e-3)
    last = plate.matte(list(clip.frames())[-1].rgb)
    assert np.abs(pictures(tmp_path / "out" / "walk_matte.mp4")[-1] - last.alpha[..., None]).mean() < 0.02


def test_the_depth_of_what_nobody_covers_is_the_same_in_every_frame_to_the_bit(clip: Clip, plate: Plate) -> None:
    mattes = [plate.matte(frame.rgb) for frame in clip.frames()]
    free = np.all([matte.alpha < 0.5 for matte in mattes], axis=0)
    assert 0.3 < free.mean() < 0.95
    assert all(np.array_equal(matte.disparity[free], mattes[0].disparity[free]) for matte in mattes)


def test_a_clip_that_the_plate_does_not_fit_leaves_nothing_behind(clip: Clip, session: Session, tmp_path: Path) -> None:
    tall = Plate.open(np.zeros((96, 64, 3), np.float32), session, doctor=False)
    with pytest.raises(InputError, match="aspect"):
        matte_clip(clip, tall, tmp_path / "out", "walk", ClipChoice(("matte",)), identity={})
    assert not (tmp_path / "out").exists()


def stopping_after(num_frames: int) -> Advance:
    """Presses Ctrl-C when so many frames are done."""
    count = 0

    def advance(more: int) -> None:
        nonlocal count
        count += more
        if count == num_frames:
            raise KeyboardInterrupt

    return advance


def test_what_a_killed_process_left_is_not_taken_for_somebody_elses(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    choice, parts = ClipChoice(("matte",)), tmp_path / "walk_parts"
    parts.mkdir()
    (parts / ".0123456789ab.part").write_bytes(b"half of a part")
    matte_clip(clip, plate, tmp_path, "walk", choice, identity={})
    assert (tmp_path / "walk_matte.mp4").exists()
    assert not parts.exists()
    parts.mkdir()
    (parts / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else; move it away"):
        matte_clip(clip, plate, tmp_path, "walk", choice, identity={})


def test_finished_parts_of_another_kind_of_cut_out_are_kept(
    clip: Clip, plate: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_parts, "PART_S", 0.25)
    with pytest.raises(KeyboardInterrupt):
        matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("cutout",)), identity={}, advance=stopping_after(8))
    matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("cutout",), "webm"), identity={})
    left = sorted(path.name for path in (tmp_path / "walk_parts").glob("*_0*"))
    assert left == ["cutout_0000.mov", "cutout_0001.mov"]
    told: list[int] = []
    matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("cutout",)), identity={}, advance=told.append)
    assert told[0] == 6
    assert not (tmp_path / "walk_parts").exists()


def test_an_interrupted_clip_leaves_parts_that_play_and_ends_as_an_uninterrupted_one(
    clip: Clip, plate: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_parts, "PART_S", 0.25)  # three frames
    given: dict[float, list[Pixels]] = defaultdict(list)

    class Noting(ClipWriter):
        def add(self, picture: Pixels, time_s: float, alpha: Image | None = None) -> None:
            given[time_s].append(picture)
            super().add(picture, time_s, alpha)

    monkeypatch.setattr(clip_parts, "ClipWriter", Noting)
    choice, identity = ClipChoice(("matte",)), {"plate": "room"}
    whole = tmp_path / "whole"
    matte_clip(clip, plate, whole, "walk", choice, identity=identity)
    out, threads = tmp_path / "out", threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        matte_clip(clip, plate, out, "walk", choice, identity=identity, advance=stopping_after(8))
    parts = sorted(path.name for path in (out / "walk_parts").glob("*.mp4"))
    assert threading.active_count() == threads
    assert parts == ["matte_0000.mp4", "matte_0001.mp4", "matte_0002_unfinished.mp4"]
    assert [len(pictures(out / "walk_parts" / part)) for part in parts] == [3, 3, 2]
    with pytest.raises(UsageError, match="was begun with another plate"):
        matte_clip(clip, plate, out, "walk", choice, identity={"plate": "another"})
    told: list[int] = []
    matte_clip(clip, plate, out, "walk", choice, identity=identity, advance=told.append)
    assert told[0] == 6
    assert [path.name for path in out.iterdir()] == ["walk_matte.mp4"]
    assert [len(same) for _, same in sorted(given.items())] == [2, 2, 2, 2, 2, 2, 3, 3, 2, 2, 2, 2]
    assert all(np.array_equal(same[0], picture) for same in given.values() for picture in same[1:])
    # of the same pictures x264 gives other bits in one run of some 300, on a busy machine
    np.testing.assert_allclose(pictures(out / "walk_matte.mp4"), pictures(whole / "walk_matte.mp4"), atol=0.04)


def test_two_at_one_clip_and_a_damaged_note_of_what_was_begun(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    parts = tmp_path / "walk_parts"
    parts.mkdir()
    with alone_in(parts), pytest.raises(InputError, match="walk_parts: somebody is at work in it; wait"):
        matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("matte",)), identity={})
    (parts / "about.json").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match=r"about\.json: cannot be read; move .*walk_parts away"):
        matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("matte",)), identity={})


def test_other_options_begin_anew_where_no_part_is_finished(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    choice = ClipChoice(("matte",))
    with pytest.raises(KeyboardInterrupt):
        matte_clip(clip, plate, tmp_path, "walk", choice, identity={"plate": "room"}, advance=stopping_after(0))
    matte_clip(clip, plate, tmp_path, "walk", choice, identity={"plate": "another"})
    assert [path.name for path in tmp_path.glob("walk_*")] == ["walk_matte.mp4"]


def test_parts_of_other_products_are_kept_for_the_command_that_made_them(
    clip: Clip, plate: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_parts, "PART_S", 0.25)  # three frames
    both = ClipChoice(("matte", "depth"))
    with pytest.raises(KeyboardInterrupt):
        matte_clip(clip, plate, tmp_path, "walk", both, identity={}, advance=stopping_after(5))
    matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("matte",)), identity={})
    assert sorted(path.name for path in (tmp_path / "walk_parts").iterdir()) == ["about.json", "depth_0000.mp4"]
    told: list[int] = []
    matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("depth",)), identity={}, advance=told.append)
    assert told[0] == 3
    assert sorted(path.name for path in tmp_path.glob("walk_*")) == ["walk_depth.mp4", "walk_matte.mp4"]


def test_a_join_that_fails_midway_is_gone_on_with_by_the_same_call_or_one_for_what_is_missing(
    clip: Clip, plate: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(parts: object, out: Path, sound: object) -> list[str]:
        if out.name == "walk_depth.mp4":
            raise InputError("no space left")
        return video_join(parts, out, sound)  # pyright: ignore[reportArgumentType] - as it was given

    video_join = video.join
    monkeypatch.setattr(video, "join", full)
    with pytest.raises(InputError, match="no space left"):
        matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("matte", "depth")), identity={})
    monkeypatch.setattr(video, "join", video_join)
    told: list[int] = []
    matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("depth",)), identity={}, advance=told.append)
    assert told == [NUM_FRAMES]
    assert sorted(path.name for path in tmp_path.glob("walk_*")) == ["walk_depth.mp4", "walk_matte.mp4"]


def test_a_folder_of_somebody_elses_is_left_alone(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    (tmp_path / "walk_parts").mkdir()
    (tmp_path / "walk_parts" / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else; move it away"):
        matte_clip(clip, plate, tmp_path, "walk", ClipChoice(("matte",)), identity={})
    assert (tmp_path / "walk_parts" / "notes.txt").read_text() == "mine"


def test_frames_as_pictures_are_those_of_shots_and_are_kept(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    choice = OutputChoice(("matte",), bits=16)
    matte_frames(clip, plate, tmp_path / "walk", choice)
    files = sorted((tmp_path / "walk").iterdir())
    assert [file.name for file in files] == [f"{number:06d}_matte.png" for number in range(NUM_FRAMES)]
    third = plate.matte(list(clip.frames())[3].rgb).alpha
    np.testing.assert_allclose(read_picture(files[3]).rgb[..., 0], third, atol=1e-4)
    files[3].unlink()
    before = files[4].stat().st_mtime_ns
    matte_frames(clip, plate, tmp_path / "walk", choice)
    assert files[3].exists()
    assert files[4].stat().st_mtime_ns == before


def test_frames_made_anew_go_on_where_they_were_stopped(clip: Clip, plate: Plate, tmp_path: Path) -> None:
    folder, matte = tmp_path / "walk", OutputChoice(("matte",))
    matte_frames(clip, plate, folder, matte)
    files = sorted(folder.iterdir())

    def changed() -> list[bool]:
        return [file.stat().st_mtime_ns != stamp for file, stamp in zip(files, stamps, strict=True)]

    stamps = [file.stat().st_mtime_ns for file in files]
    with pytest.raises(KeyboardInterrupt):
        matte_frames(clip, plate, folder, matte, anew={"plate": "room"}, advance=stopping_after(5))
    num_done = sum(changed())
    assert 3 <= num_done < NUM_FRAMES
    stamps = [file.stat().st_mtime_ns for file in files]
    assert matte_frames(clip, plate, folder, matte, anew={"plate": "room"}) == ()
    assert changed() == [False] * num_done + [True] * (NUM_FRAMES - num_done)
    assert sorted(folder.iterdir()) == files
    with pytest.raises(KeyboardInterrupt):
        matte_frames(clip, plate, folder, matte, anew={"plate": "room"}, advance=stopping_after(5))
    stamps = [file.stat().st_mtime_ns for file in files]
    matte_frames(clip, plate, folder, matte, anew={"plate": "another"})
    assert changed() == [True] * NUM_FRAMES


@pytest.mark.parametrize("theirs", [False, True])
def test_parts_of_other_options_are_removed_where_all_is_made_anew(
    clip: Clip, plate: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, theirs: bool
) -> None:
    monkeypatch.setattr(clip_parts, "PART_S", 0.25)  # three frames
    begun, both = tmp_path / "walk_parts", ClipChoice(("matte", "cutout"))
    with pytest.raises(KeyboardInterrupt):
        matte_clip(clip, plate, tmp_path, "walk", both, identity={"plate": "room"}, advance=stopping_after(5))
    assert (begun / "cutout_0000.mov").exists()
    told: list[int] = []
    again = partial(matte_clip, clip, plate, tmp_path, "walk", ClipChoice(("matte",)), identity={}, anew=True)
    if theirs:
        (begun / "matte_0000.txt").write_text("mine")
        with pytest.raises(UsageError, match="holds something else"):
            again()
        assert [path.name for path in begun.iterdir()] == ["matte_0000.txt"]
    else:
        again(advance=told.append)
        assert told[0] == 0
        assert [path.name for path in tmp_path.glob("walk_*")] == ["walk_matte.mp4"]


def test_light_that_changes_all_the_time_is_told_of_a_few_times(
    clip: Clip, plate: Plate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, numbers = plate.begin, iter(range(100))

    def talkative(shot: ReadyShot) -> Callable[[], Matte]:
        assert shot.name == str(clip.path)
        finish = begin(shot)
        return lambda: replace(finish(), notices=(f"the plate was mended for the {next(numbers)}th time",))

    monkeypatch.setattr(plate, "begin", talkative)
    heard: list[str] = []
    after: list[int] = []  # so many sentences were heard when a frame was done
    notices = matte_clip(
        clip,
        plate,
        tmp_path,
        "walk",
        ClipChoice(("matte",)),
        identity={},
        advance=lambda _: after.append(len(heard)),
        tell=heard.append,
    )
    assert heard == [*notices[:3]]
    assert after[1:4] == [1, 2, 3]  # the first is of none: what was kept
    assert len(notices) == 4
    assert notices[-1] == f"and {NUM_FRAMES - 3} more notices like these, about later frames"


def test_a_clip_in_which_everything_is_free_at_times_gives_its_plate(clip: Clip, room: Image, session: Session) -> None:
    made = plate_of_clip(clip, session)
    assert made.seen.all()
    assert made.sentence.startswith("the plate is made from the clip; in 100.0 % of it at least 3 frames show nothing")
    assert np.abs(made.rgb - room).max() < 0.1
    assert np.abs(made.rgb - room).mean() < 0.01


def test_what_is_never_free_is_a_guess_and_counted(tmp_path: Path, walk: Scene, session: Session) -> None:
    def restless(number: int) -> Image:
        frame = walk(number)
        frame[:, 80:] = np.random.default_rng(number).random((SIZE_HW[0], 16, 3), np.float32)
        return frame

    made = plate_of_clip(write_clip(tmp_path / "restless.mp4", restless), session)
    assert made.seen[:, :70].all()
    assert 0.6 < made.seen.mean() < 0.9
    assert f"in {100 * made.seen.mean():.1f} % of it" in made.sentence


def test_who_keeps_still_most_of_the_time_is_part_of_the_plate_and_that_is_said(
    tmp_path: Path, room: Image, session: Session
) -> None:
    def still(number: int) -> Image:
        frame = room.copy()
        if number < 9:
            frame[20:50, 40:60] = 0.95
        return frame

    made = plate_of_clip(write_clip(tmp_path / "still.mp4", still), session)
    assert made.rgb[35, 50].min() > 0.9
    assert made.sentence.endswith("part of the plate, and then --plate FILE is needed")
    assert "guess" not in made.sentence
    half = AutoPlate(made.rgb, np.arange(SIZE_HW[0] * SIZE_HW[1]).reshape(SIZE_HW) % 2 == 0)
    assert (
        "in 50.0 % of it at least 3 frames show nothing that comes or goes, and the rest is a guess; " in half.sentence
    )


def test_too_few_frames_make_no_plate(tmp_path: Path, walk: Scene, session: Session) -> None:
    with pytest.raises(InputError, match=r"--plate auto needs 5 whole frames, and there are 3; give --plate FILE"):
        plate_of_clip(write_clip(tmp_path / "short.mp4", walk, num_frames=3), session)


def test_a_clip_of_a_nudged_camera_goes_on_with_the_plate_as_its_first_frame_had_it(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip_parts, "PART_S", 0.25)  # three frames
    grain = np.random.default_rng(4).random((256, 384, 3), np.float32)
    room = 4 * np.asarray(cv2.GaussianBlur(grain, (0, 0), 3), np.float32) - np.float32(1.5)
    file, choice = tmp_path / "nudged.mp4", ClipChoice(("matte", "depth"))
    with ClipWriter(file, (256, 384), RATE, "mp4") as writer:
        for number in range(6):
            there = np.array([[1, 0, 2.4], [0, 1, 1.7]])
            frame = np.asarray(cv2.warpAffine(room, there, (384, 256), borderMode=cv2.BORDER_REFLECT), np.float32)
            frame += np.random.default_rng(number).normal(0, 0.03, frame.shape).astype(np.float32)
            frame[80:180, 40 + 20 * number : 90 + 20 * number] = 0.95
            writer.add(np.clip(frame, 0, 1), number / float(RATE))

    def stop_in_the_second_part(num_frames: int) -> None:
        told.append(num_frames)
        if len(told) == 5:
            raise KeyboardInterrupt

    fresh, clip = partial(Plate, np.clip(room, 0, 1), session), open_clip(file)
    matte_clip(clip, fresh(), tmp_path / "whole", "a", choice, identity={})
    told: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        matte_clip(clip, fresh(), tmp_path / "halves", "a", choice, identity={}, advance=stop_in_the_second_part)
    matte_clip(clip, fresh(), tmp_path / "halves", "a", choice, identity={})
    for product in choice.products:
        whole, halves = (pictures(tmp_path / name / f"a_{product}.mp4") for name in ("whole", "halves"))
        np.testing.assert_array_equal(whole, halves)
    frames, rest = tmp_path / "frames", tmp_path / "rest"
    matte_frames(clip, fresh(), frames, OutputChoice(("matte",)))
    rest.mkdir()
    for file in sorted(frames.iterdir())[:3]:
        shutil.copy(file, rest)
    matte_frames(clip, fresh(), rest, OutputChoice(("matte",)))
    for file in frames.iterdir():
        assert file.read_bytes() == (rest / file.name).read_bytes()


def test_a_plate_is_made_of_a_clip_that_says_it_has_more_frames_than_it_has(
    clip: Clip, room: Image, difference_model: Path
) -> None:
    clip.info = replace(clip.info, num_frames=100_000)
    assert np.abs(plate_of_clip(clip, Session(difference_model)).rgb - room).mean() < 0.01
