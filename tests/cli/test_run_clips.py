"""`cleanplate run` on clips: results beside those of shots, plates made of clips, and what is told."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from cleanplate.cli import clips
from cleanplate.cli.main import main
from cleanplate.imaging import Image
from cleanplate.imaging.clipfile import ClipWriter
from cleanplate.imaging.files import read_picture, write_picture
from cleanplate.imaging.streams import open_clip
from cleanplate.runtime import clip_parts, outputs, session, video

from .conftest import names

SIZE_HW = (64, 96)


@pytest.fixture
def room() -> Image:
    grain = np.random.default_rng(4).random((*SIZE_HW, 3), np.float32)
    return (0.6 * np.asarray(cv2.GaussianBlur(grain, (0, 0), 3), np.float32)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, room: Image) -> Path:
    """A plate, and a clip and a shot of one name."""
    inside = tmp_path / "in"
    inside.mkdir()
    write_picture(inside / "plate.png", room)
    with ClipWriter(inside / "a.mp4", SIZE_HW, Fraction(10), "mp4") as writer:
        frame = room
        for number in range(8):
            frame = room.copy()
            frame[20:50, 4 + 9 * number : 18 + 9 * number] = 0.95
            writer.add(frame, number / 10)
    write_picture(inside / "a.png", frame)
    return inside


@pytest.fixture
def words(difference_model: Path, tmp_path: Path) -> list[str]:
    return ["run", "--model", str(difference_model), "--doctor", "off", "--out", str(tmp_path / "out")]


def test_clips_and_pictures_of_a_folder_are_matted_beside_each_other_and_kept(
    words: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*words, str(folder), "--plate", str(folder / "plate.png"), "--only", "matte,preview"]
    assert main(run) == 0
    assert names(tmp_path / "out") == ["a_matte.mp4", "a_matte.png", "a_preview.jpg", "a_preview.mp4"]
    assert capsys.readouterr().out == f"2 shots done: {tmp_path / 'out'}\n"
    assert main(run) == 0
    assert capsys.readouterr().out == f"0 shots done, 2 kept: {tmp_path / 'out'}\n"
    (tmp_path / "out" / "a_matte.mp4").unlink()
    assert main(run) == 0
    assert (tmp_path / "out" / "a_matte.mp4").exists()


def test_a_plate_made_of_the_clip_is_kept_beside_its_results(
    words: list[str], folder: Path, tmp_path: Path, room: Image, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*words, str(folder / "a.mp4"), "--plate", "auto", "--only", "cutout", "--clip-as", "webm"]
    assert main(run) == 0
    assert "the plate is made from the clip; in 100.0 % of it" in capsys.readouterr().err
    assert names(tmp_path / "out") == ["a_cutout.webm", "a_plate.png"]
    made = read_picture(tmp_path / "out" / "a_plate.png").rgb
    assert np.abs(made - room).mean() < 0.01
    assert len(list(open_clip(tmp_path / "out" / "a_cutout.webm").frames())) == 8


def test_all_results_can_be_pictures_frame_by_frame(
    words: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*words, str(folder / "a.mp4"), "--plate", str(folder / "plate.png"), "--clip-as", "png", "--bits", "16"]
    assert main([*run, "--only", "matte,depth"]) == 0
    assert names(tmp_path / "out") == ["a"]
    assert names(tmp_path / "out" / "a")[:3] == ["000000_depth.json", "000000_depth.png", "000000_matte.png"]
    assert len(names(tmp_path / "out" / "a")) == 24
    (tmp_path / "out" / "a" / "000003_matte.png").unlink()
    capsys.readouterr()
    assert main([*run, "--only", "matte,depth"]) == 0
    told = f"{tmp_path / 'out' / 'a'}: the results of 7 frames were there and are kept; --overwrite makes them anew\n"
    assert told in capsys.readouterr().err
    assert len(names(tmp_path / "out" / "a")) == 24


def test_a_clip_that_cannot_be_used_does_not_stop_the_others(
    words: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "0.mp4").write_bytes(b"no clip")
    run = [*words, str(folder / "0.mp4"), str(folder / "a.mp4"), "--plate", str(folder / "plate.png")]
    assert main([*run, "--only", "matte"]) == 1
    told = capsys.readouterr()
    assert told.out == f"1 shot done, 1 failed: {tmp_path / 'out'}\n"
    assert f"cleanplate: {folder / '0.mp4'}: " in told.err
    assert (tmp_path / "out" / "a_matte.mp4").exists()


def test_a_plate_that_is_not_there_is_said_once(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "b.mp4").write_bytes((folder / "a.mp4").read_bytes())
    run = [*words, str(folder / "a.mp4"), str(folder / "b.mp4"), "--plate", str(folder / "none.png")]
    assert main(run) == 1
    assert capsys.readouterr().err == f"cleanplate: {folder / 'none.png'}: there is no such file; check the name\n"
    assert not (folder.parent / "out").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["a.png", "--plate", "auto"], "is no clip, and --plate auto needs clips; give --plate FILE, or clips only"),
        (
            ["a.png", "--plate", "b.mp4"],
            "b.mp4: is a clip and no photo; give a photo of the empty scene, or --plate auto",
        ),
        (["a.mp4", "--plate", "auto", "--bits", "16"], "--bits 16 and --depth-format need the frames as pictures"),
        (["a.mp4", "--plate", "auto", "--metres", "3,4=2"], "add --clip-as png"),
    ],
)
def test_what_does_not_fit_is_said_before_any_work(
    more: list[str], said: str, words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, str(folder / more[0]), *more[1:]]) == 2
    assert said in capsys.readouterr().err
    assert not (folder.parent / "out").exists()


def test_inputs_are_never_overwritten_or_taken_for_results(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a_matte.mp4").write_bytes((folder / "a.mp4").read_bytes())
    clips = [str(folder / "a.mp4"), str(folder / "a_matte.mp4")]
    assert main([*words, *clips, "--plate", str(folder / "plate.png"), "--out", str(folder), "--only", "matte"]) == 2
    assert (
        f"{folder / 'a_matte.mp4'}: would be overwritten by a result of {folder / 'a.mp4'}" in capsys.readouterr().err
    )
    (folder / "a").mkdir()
    write_picture(folder / "a" / "x.png", np.zeros((*SIZE_HW, 3), np.float32))
    assert main([*words, str(folder), "--plate", str(folder / "plate.png"), "--clip-as", "png"]) == 2
    assert "their results would share a folder" in capsys.readouterr().err


def test_depth_of_frames_is_not_mixed(words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = [*words, str(folder / "a.mp4"), "--plate", str(folder / "plate.png"), "--clip-as", "png", "--only", "depth"]
    assert main(run) == 0
    assert main([*run, "--depth-format", "npy"]) == 2
    assert "depth is there in another format already" in capsys.readouterr().err
    assert main([*run, "--metres", "3,4=2"]) == 2
    assert "has no unit; --overwrite makes it anew" in capsys.readouterr().err


def interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_says_where_what_is_done_plays(
    words: list[str],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(video, "matte_clip", interrupted)
    (tmp_path / "out" / "a_parts").mkdir(parents=True)
    assert main([*words, str(folder / "a.mp4"), "--plate", str(folder / "plate.png")]) == 130
    assert capsys.readouterr().err == (
        f"cleanplate: {folder / 'a.mp4'}: stopped; what is finished is in {tmp_path / 'out' / 'a_parts'} "
        "and can be played, and the same command goes on\n"
    )


def test_overwrite_begins_anew_over_frames_and_parts_of_other_options(
    words: list[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*words, str(folder / "a.mp4"), "--plate", str(folder / "plate.png"), "--only", "depth"]
    assert main([*run, "--clip-as", "png"]) == 0
    assert main([*run, "--clip-as", "png", "--depth-format", "npy", "--overwrite"]) == 0
    assert names(tmp_path / "out" / "a") == [f"{n:06d}_depth.{kind}" for n in range(8) for kind in ("json", "npy")]
    monkeypatch.setattr(clip_parts, "PART_S", 0.2)
    whole = video.join
    monkeypatch.setattr(video, "join", interrupted)
    assert main(run) == 130
    monkeypatch.setattr(video, "join", whole)
    capsys.readouterr()
    assert main([*run, "--closer", "on"]) == 1
    assert "a_parts: was begun with another plate, model or options; give those again" in capsys.readouterr().err
    assert main([*run, "--closer", "on", "--overwrite"]) == 0
    assert names(tmp_path / "out") == ["a", "a_depth.mp4"]


def test_overwritten_frames_are_gone_on_with(
    words: list[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = [*words, str(folder / "a.mp4"), "--plate", str(folder / "plate.png"), "--only", "matte", "--clip-as", "png"]
    assert main(run) == 0
    made: list[str] = []
    whole = outputs.write_files

    def noting(to: Path, contents: dict[str, bytes], replaced: Sequence[str]) -> None:
        if len(made) == 3:
            made.append("stopped")
            raise KeyboardInterrupt
        whole(to, contents, replaced)
        made.extend(contents)

    monkeypatch.setattr(outputs, "write_files", noting)
    assert main([*run, "--bits", "16", "--overwrite"]) == 130
    assert capsys.readouterr().err.endswith("stopped; the same command goes on\n")
    assert main([*run, "--bits", "16", "--overwrite"]) == 0
    frames = [f"{number:06d}_matte.png" for number in range(8)]
    assert made == [*frames[:3], "stopped", *frames[3:]]
    assert names(tmp_path / "out" / "a") == frames


def test_photos_are_looked_at_again_and_clips_are_not_unless_it_is_said(
    words: list[str], folder: Path, tmp_path: Path
) -> None:
    run = [*words, str(folder / "a.mp4"), str(folder / "a.png"), "--plate", str(folder / "plate.png")]
    mattes: dict[str, tuple[bytes, bytes]] = {}
    for said in ("nothing", "on", "off"):
        options = [] if said == "nothing" else ["--closer", said]
        assert main([*run, "--only", "matte", "--clip-as", "png", "--overwrite", *options]) == 0
        frame, photo = ((tmp_path / "out" / name).read_bytes() for name in ("a/000000_matte.png", "a_matte.png"))
        mattes[said] = frame, photo
    for on, off in zip(mattes["on"], mattes["off"], strict=True):
        assert on != off
    assert mattes["nothing"] == (mattes["off"][0], mattes["on"][1])


def test_frames_never_go_into_a_folder_of_inputs(
    words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "a").mkdir()
    still = folder / "a" / "000001_matte.png"
    write_picture(still, np.zeros((*SIZE_HW, 3), np.float32))
    inputs, plate = [str(folder / "a.mp4"), str(folder / "a")], ["--plate", str(folder / "plate.png")]
    before = still.read_bytes()
    for more in ([], ["--overwrite"]):
        assert main([*words, *inputs, *plate, "--out", str(folder), "--clip-as", "png", *more]) == 2
        assert f"{folder / 'a'}: is a folder of inputs as well" in capsys.readouterr().err
    assert still.read_bytes() == before
    assert names(folder / "a") == [still.name]


def test_a_clip_whose_results_have_no_possible_name_does_not_stop_the_others(
    words: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = folder / f"{'v' * 249}.mp4"
    (folder / "a.mp4").rename(long)
    assert (
        main([*words, str(long), str(folder / "a.png"), "--plate", str(folder / "plate.png"), "--only", "matte"]) == 1
    )
    told = capsys.readouterr()
    assert told.out == f"1 shot done, 1 failed: {tmp_path / 'out'}\n"
    assert f"{long.stem}_matte.mp4: cannot be written (File name too long); make the name shorter" in told.err
    assert names(tmp_path / "out") == ["a_matte.png"]  # no part of the clip was made


def test_shots_keep_their_threads_where_a_clip_lies_among_them(
    folder: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLEANPLATE_THREADS", raising=False)
    monkeypatch.setattr(clips, "num_cores", lambda: 6)
    asked: list[int | None] = []
    load = session.load_engine

    def noting(data: bytes | str, num_threads: int | None, path: Path) -> session.Engine:
        asked.append(num_threads)
        return load(data, num_threads, path)

    monkeypatch.setattr(session, "load_engine", noting)
    plate = ["--plate", str(folder / "plate.png"), "--only", "matte"]
    assert main([*words, str(folder / "a.mp4"), *plate]) == 0
    assert asked == [3]
    asked.clear()
    assert main([*words, str(folder), *plate, "--overwrite"]) == 0
    assert asked == [None, 3]
