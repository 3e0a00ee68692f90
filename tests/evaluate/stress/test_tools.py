"""Tools: the built-in ones find what is plain to see, any command can take part, and whatever fails says why."""

import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cleanplate.errors import InputError, ToolError, UsageError
from cleanplate.evaluate.stress import command as command_module
from cleanplate.evaluate.stress.command import command_matte
from cleanplate.evaluate.stress.pairs import Codes, Pair, shown
from cleanplate.evaluate.stress.tools import BUILT_IN, make_tool
from cleanplate.runtime.model_file import read_model_file

Program = Callable[[str], str]
"""Python lines with `image`, `plate` and `out` at hand, to a command for --tool."""

SAVE = "from cleanplate.imaging.files import encode_png, read_picture; import numpy as np, pathlib; "


@pytest.fixture
def program(tmp_path: Path) -> Program:
    def write(lines: str) -> str:
        path = tmp_path / "program.py"
        path.write_text(f"import sys\nimage, plate, out = sys.argv[1:]\n{lines}\n")
        return f"'{sys.executable}' '{path}' {{image}} {{plate}} {{out}}"

    return write


def _run(command: str, pair: Pair, timeout_s: float = 60) -> np.ndarray:
    return command_matte(command, timeout_s)[1](shown(pair.plate), shown(pair.shot))


def _error(alpha: np.ndarray, pair: Pair) -> float:
    return float(np.abs(alpha - pair.truth).mean())


@pytest.mark.parametrize("name", ["difference", "mog2", "knn"])
def test_classical_tools_find_what_is_plain_to_see_and_forget_the_pair_before(name: str, invented: Pair) -> None:
    tool = make_tool(name)
    plate, shot = shown(invented.plate), shown(invented.shot)
    first = tool.matte(plate, shot)
    assert tool.name == name
    assert first.shape == invented.truth.shape
    assert _error(first, invented) < 0.05
    tool.matte(shot, plate)
    assert np.array_equal(tool.matte(plate, shot), first)


def test_our_model_is_run_as_a_user_runs_it(difference_model: Path, invented: Pair) -> None:
    tool = make_tool("cleanplate", model=difference_model)
    assert "difference 0.0.1 (float32)" in tool.about
    assert tool.weights == read_model_file(difference_model).contract.weights
    plate, shot = shown(invented.plate), shown(invented.shot)
    first = tool.matte(plate, shot)
    assert _error(first, invented) < 0.2
    assert tool.matte(shot, shot).max() == 0  # another plate is looked at anew
    assert np.array_equal(tool.matte(plate, shot), first)


def test_a_command_is_given_both_pictures_and_its_matte_is_read(program: Program, invented: Pair) -> None:
    command = program(
        SAVE + "a, b = (read_picture(pathlib.Path(p)).rgb for p in (image, plate))\n"
        "pathlib.Path(out).write_bytes(encode_png((np.abs(a - b).max(-1) > 0.1).astype(np.uint8) * 255))"
    )
    assert _error(_run(command, invented), invented) < 0.05


@pytest.mark.parametrize("kind", ["cut-out", "grey with opaque alpha", "16 bit", "colour"])
def test_any_picture_that_carries_a_matte_is_one(kind: str, program: Program, invented: Pair) -> None:
    made = {
        "cut-out": "np.dstack([np.full((32, 40), v, np.uint8) for v in (9, 200, 60, 51)])",
        "grey with opaque alpha": "np.dstack([np.full((32, 40), v, np.uint8) for v in (51, 51, 51, 255)])",
        "16 bit": "np.full((32, 40), 13107, np.uint16)",
        "colour": "np.dstack([np.full((32, 40), 51, np.uint8)] * 3)",
    }
    alpha = _run(program(SAVE + f"pathlib.Path(out).write_bytes(encode_png({made[kind]}))"), invented)
    assert alpha.shape == (32, 40)
    np.testing.assert_allclose(alpha, 0.2, atol=1e-4)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("sys.exit('no such weights: a.pth')", r"failed with exit code 1 \(no such weights: a.pth\); try it by hand"),
        ("sys.exit(3)", r"failed with exit code 3 \(it said nothing\)"),
        ("sys.stderr.write('x' * 9999 + 'the end'); sys.exit(1)", r"\(\.\.\.x+the end\)"),
        ("pass", r"ended without an error but wrote no \{out\}"),
        pytest.param(
            "import os; os.mkfifo(out)",
            r"wrote no \{out\}",
            marks=pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names"),
        ),
        ("open(out, 'w').write('no picture')", "wrote what is no matte"),
        (
            SAVE + "pathlib.Path(out).write_bytes(encode_png(np.full((32, 32, 3), (9, 99, 200), np.uint8)))",
            "is a coloured picture; a matte is grey",
        ),
    ],
)
def test_a_command_that_fails_says_why_in_one_line(lines: str, said: str, program: Program, invented: Pair) -> None:
    with pytest.raises(ToolError, match=said) as caught:
        _run(program(lines), invented)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_of_what_a_command_says_only_the_end_is_kept(program: Program, invented: Pair) -> None:
    lines = "for _ in range(2000): sys.stderr.write('x' * 10000 + '\\n')\nsys.exit('the end')"
    tracemalloc.start()
    with pytest.raises(ToolError, match=r"\(\.\.\.x+ x+ the end\)|\(\.\.\.x+ the end\)"):
        _run(program(lines), invented)
    assert tracemalloc.get_traced_memory()[1] < 4e6
    tracemalloc.stop()


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, float("nan")])
def test_a_time_that_is_none_is_wrong_usage(timeout_s: float) -> None:
    for words in ("difference", "matter {image} {out}"):
        with pytest.raises(UsageError, match=r"--timeout .*: give a number of seconds above 0"):
            make_tool(words, timeout_s=timeout_s)


def _asking(asked: list[list[str]]) -> Callable[[list[str], float], None]:
    return lambda words, _: asked.append(words)


def _nothing(*_: object) -> None:
    return


def test_a_command_is_parted_by_spaces_outside_quotes_alone() -> None:
    command = r"""'C:\My tools\matter.exe' --in=\\server\{image} "D:\new\{out}" # {plate}"""
    asked: list[list[str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_module, "_run", _asking(asked))
        patch.setattr(command_module, "_read_matte", _nothing)
        black = np.zeros((8, 8, 3), np.uint8)
        make_tool(command).matte(black, black)
    (words,) = asked
    assert words[0] == r"C:\My tools\matter.exe"
    assert words[1].startswith(r"--in=\\server\/")
    assert words[2].startswith("D:\\new\\")
    assert words[3] == "#"
    assert len(words) == 5


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes have no groups")
@pytest.mark.parametrize("number", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_command_ends_with_the_process_that_started_it(number: str, program: Program, tmp_path: Path) -> None:
    started = tmp_path / "started"
    command = program(
        f"import os, pathlib, time; pathlib.Path({str(started)!r}).write_text(f'{{os.getpid()}}.')\ntime.sleep(60)"
    )
    caller = (
        "import numpy as np; from cleanplate.evaluate.stress.command import command_matte\n"
        f"command_matte({command!r}, 60)[1](*np.zeros((2, 8, 8, 3), np.uint8))"
    )
    folder = tmp_path / "temporary"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", caller], env={**os.environ, "TMPDIR": str(folder)}, stderr=subprocess.DEVNULL
    )
    while not (started.exists() and started.read_text().endswith(".")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(getattr(signal, number))
    assert process.wait(10) != 0
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()[:-1]), 0)
    assert list(folder.iterdir()) == []


def test_a_command_that_takes_too_long_is_ended(program: Program, invented: Pair) -> None:
    with pytest.raises(ToolError, match=r"took longer than 0.3 s for one picture; give it more with --timeout"):
        _run(program("import time; time.sleep(60)"), invented, timeout_s=0.3)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="processes have no groups")
def test_what_a_command_has_started_ends_with_it(program: Program, invented: Pair, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    child = f"import time, pathlib; time.sleep(1.5); pathlib.Path({str(alive)!r}).touch()"
    with pytest.raises(ToolError, match="took longer"):
        _run(
            program(f"import subprocess, time; subprocess.Popen([sys.executable, '-c', {child!r}]); time.sleep(60)"),
            invented,
            timeout_s=1,
        )
    time.sleep(2)
    assert not alive.exists()


def test_a_program_that_is_not_there_is_named(invented: Pair) -> None:
    with pytest.raises(ToolError, match=r"no-such-program: cannot be started"):
        _run("no-such-program {image} {out}", invented)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("matter --image {image}", r"lacks \{out\}; write it like  COMMAND --image"),
        ("matter {plate}", r"lacks \{image\} and \{out\}"),
        ("matter '{image} {out}", "pair its quotes"),
        ("photoshop", "is none of cleanplate, undoctored, difference, mog2, knn, rembg, mediapipe, and no command"),
    ],
)
def test_a_command_without_its_places_is_wrong_usage(words: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_tool(words)


def test_braces_of_its_own_are_left_to_a_command(program: Program, invented: Pair) -> None:
    command = program("sys.exit(str(len(sys.argv)))").replace("{image}", "{image} '{0}{x}'")
    with pytest.raises(ToolError, match=r"failed with exit code 1"):
        _run(command, invented)


def test_a_tool_without_a_model_takes_none_and_a_missing_model_is_named(tmp_path: Path) -> None:
    for words in ("difference", "mog2", "knn", "matter {image} {out}"):
        with pytest.raises(UsageError, match=r"--model"):
            make_tool(words, model=tmp_path / "model.onnx")
    for words in ("cleanplate", "undoctored", "rembg", "mediapipe"):
        with pytest.raises(InputError, match=r"model.onnx"):
            make_tool(words, model=tmp_path / "model.onnx")


def test_a_tool_can_be_called_something_else() -> None:
    assert make_tool("difference", name="ours, older").name == "ours, older"
    assert make_tool("/opt/bin/matter {image} {out}").name == "matter"


@pytest.mark.parametrize(("name", "wanted"), [("rembg", "rembg[cpu]"), ("mediapipe", "mediapipe")])
def test_a_package_that_is_missing_is_named(name: str, wanted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UsageError, match=rf"needs the package {name}: install it with  pip install '") as caught:
        BUILT_IN[name](None)
    assert wanted in str(caught.value)


def _dark(shot: Codes) -> np.ndarray:
    return (shot.astype(int).sum(-1) < 300).astype(np.uint8)


def test_rembg_is_asked_for_the_mask_of_the_shot_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, invented: Pair
) -> None:
    sessions: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setenv("U2NET_HOME", "elsewhere")  # put back afterwards

    def remove(data: Codes, *, session: object, only_mask: bool) -> np.ndarray:
        assert only_mask
        assert session == "session"
        return _dark(data) * np.uint8(255)

    def new_session(name: str, **more: Any) -> str:
        sessions.append((name, more))
        return "session"

    monkeypatch.setitem(sys.modules, "rembg", SimpleNamespace(new_session=new_session, remove=remove))
    (tmp_path / "u2net.onnx").touch()
    plate, shot = shown(invented.plate), shown(invented.shot)
    for model in (None, tmp_path / "u2net.onnx"):
        tool = make_tool("rembg", model=model)
        np.testing.assert_array_equal(tool.matte(plate, shot), _dark(shot))
        assert (tool.weights is None) == (model is None)
        assert tool.about.endswith("never sees the plate" if model is None else "; weights u2net.onnx")
    assert os.environ["U2NET_HOME"] == str(tmp_path)
    assert sessions == [("u2net", {}), ("u2net_custom", {"model_path": str(tmp_path / "u2net.onnx")})]


def test_weights_that_cannot_be_fetched_are_asked_for_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def new_session(name: str) -> None:
        raise ConnectionError(f"no way to {name}")

    monkeypatch.setitem(sys.modules, "rembg", SimpleNamespace(new_session=new_session))
    with pytest.raises(ToolError, match=r"cannot load U2Net \(ConnectionError: no way to u2net\); name its file with"):
        make_tool("rembg")
    monkeypatch.setitem(sys.modules, "mediapipe", SimpleNamespace())
    with pytest.raises(ToolError, match=r"cannot load a segmenter .* name one with --model"):
        make_tool("mediapipe")


def _model_asset_path(model_asset_path: str) -> str:
    return model_asset_path


@pytest.mark.parametrize("num_masks", [1, 2])
def test_mediapipe_gives_the_person_whichever_masks_its_model_has(
    num_masks: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, invented: Pair
) -> None:
    (tmp_path / "model.tflite").touch()
    asked: list[str] = []

    def segment(given: Codes) -> SimpleNamespace:
        person = _dark(given).astype(np.float32)
        masks = [person] if num_masks == 1 else [1 - person, person]
        return SimpleNamespace(
            confidence_masks=[SimpleNamespace(numpy_view=lambda mask=mask: mask[..., None]) for mask in masks]
        )

    def create(options: dict[str, Any]) -> SimpleNamespace:
        asked.append(options["base_options"])
        return SimpleNamespace(segment=segment)

    def image(image_format: int, data: Codes) -> Codes:
        assert image_format == 1
        return data

    def options(**given: Any) -> dict[str, Any]:
        return given

    def process(shot: Codes) -> SimpleNamespace:
        return SimpleNamespace(segmentation_mask=_dark(shot).astype(np.float32))

    def carried(model_selection: int) -> SimpleNamespace:
        return SimpleNamespace(process=process, model_selection=model_selection)

    vision = SimpleNamespace(ImageSegmenterOptions=options, ImageSegmenter=SimpleNamespace(create_from_options=create))
    package = SimpleNamespace(
        Image=image,
        ImageFormat=SimpleNamespace(SRGB=1),
        tasks=SimpleNamespace(BaseOptions=_model_asset_path, vision=vision),
        solutions=SimpleNamespace(selfie_segmentation=SimpleNamespace(SelfieSegmentation=carried)),
    )
    monkeypatch.setitem(sys.modules, "mediapipe", package)
    plate, shot = shown(invented.plate), shown(invented.shot)
    for model in (tmp_path / "model.tflite", None):
        np.testing.assert_allclose(make_tool("mediapipe", model=model).matte(plate, shot), _dark(shot))
    assert asked == [str(tmp_path / "model.tflite")]
