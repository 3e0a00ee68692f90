"""The benchmark as a whole: a perfect tool scores 0, every axis is on the page, and only like is put beside like."""

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from cleanplate.errors import InputError, ToolError, UsageError
from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS
from cleanplate.evaluate.stress.measure import CLEAN, Mattes, Score, measure
from cleanplate.evaluate.stress.page import write_page
from cleanplate.evaluate.stress.pairs import Codes, Pair, digest_of
from cleanplate.evaluate.stress.results import (
    Result,
    read_results,
    refuse_other_pairs,
    refuse_other_tool,
    write_result,
)
from cleanplate.evaluate.stress.tools import Tool, make_tool
from cleanplate.imaging import Image
from cleanplate.imaging.files import read_picture
from cleanplate.jobs.ledger import Ledger


def _perfect(pair: Pair) -> Tool:
    return Tool("perfect", "knows the truth", lambda plate, shot: pair.truth)  # noqa: ARG005 - it has no need to look


def _measured(pair: Pair, tool: Tool) -> tuple[list[Score], Mattes]:
    with TemporaryDirectory() as folder, Ledger(Path(folder), {}) as ledger:
        return measure([pair], tool, 0, ledger)


def _result(folder: Path, tool: Tool, pair: Pair, command: str = "a command") -> Result:
    scores, mattes = _measured(pair, tool)
    result = Result(tool.name, tool.about, command, (pair.name,), digest_of([pair], 0), tuple(scores), "", tool.weights)
    folder.mkdir(parents=True, exist_ok=True)
    write_result(folder, result, mattes)
    return result


def test_a_perfect_tool_scores_0_everywhere(invented: Pair) -> None:
    scores, mattes = _measured(invented, _perfect(invented))
    assert [(score.axis, score.level) for score in scores] == [
        (CLEAN, 0),
        *((axis.name, level) for axis in AXES for level in range(1, NUM_LEVELS + 1)),
    ]
    assert {score.mean_absolute_error for score in scores} == {0}
    assert {score.num_pairs for score in scores} == {1}
    assert len(mattes) == 11


def test_what_is_not_known_is_not_scored(invented: Pair) -> None:
    pair = replace(invented, known=invented.alpha == 1)
    nothing = Tool("nothing", "finds nothing", lambda plate, shot: np.zeros(shot.shape[:2], np.float32))  # noqa: ARG005
    assert {score.mean_absolute_error for score in _measured(pair, nothing)[0]} == {1}


def test_a_matte_of_another_size_is_scaled_and_one_that_is_none_is_refused(invented: Pair) -> None:
    half = Tool("half", "coarse", lambda plate, shot: np.ones((48, 68), np.float32))  # noqa: ARG005
    scores, _ = _measured(invented, half)
    assert scores[0].mean_absolute_error == pytest.approx(1 - float(invented.truth.mean()), abs=1e-5)
    square = Tool("square", "squeezed", lambda plate, shot: np.ones((64, 64), np.float32))  # noqa: ARG005
    with pytest.raises(
        ToolError, match=r"clean level 0: the matte of square is 64 x 64 pixels and its shot 136 x 96; have it written"
    ):
        _measured(invented, square)
    broken = Tool("broken", "no matte", lambda plate, shot: np.full((48, 68), np.nan, np.float32))  # noqa: ARG005
    with pytest.raises(ToolError, match=r"pair, clean level 0: broken gave no matte but shape \(48, 68\), or values"):
        _measured(invented, broken)


def test_a_failure_names_the_pair_and_the_condition(invented: Pair) -> None:
    def matte(plate: Codes, shot: Codes) -> Image:
        if abs(float(plate.mean()) - float(shot.mean())) > 20:
            raise ToolError("matter: out of memory")
        return np.zeros(shot.shape[:2], np.float32)

    with pytest.raises(ToolError, match=r"^pair, exposure level [45]: matter: out of memory$"):
        _measured(invented, Tool("matter", "fails in the dark", matte))


def test_what_was_measured_before_a_failure_is_not_measured_again(tmp_path: Path, invented: Pair) -> None:
    pairs = [invented, replace(invented, name="second", shot=invented.shot[::-1], alpha=invented.alpha[::-1])]
    calls: list[int] = []

    def matte(plate: Codes, shot: Codes) -> Image:  # noqa: ARG001 - it does not look at the plate
        calls.append(1)
        if len(calls) == 60:
            raise ToolError("the power is gone")
        return np.asarray(shot[..., 0] / 255, np.float32)

    tool = Tool("once", "fails once", matte)
    with pytest.raises(ToolError, match="the power is gone"), Ledger(tmp_path, {}) as ledger:
        measure(pairs, tool, 0, ledger)
    with Ledger(tmp_path, {}) as ledger:
        again = measure(pairs, tool, 0, ledger)
    assert len(calls) == 60 + 51
    with TemporaryDirectory() as folder, Ledger(Path(folder), {}) as ledger:
        whole = measure(pairs, tool, 0, ledger)
    assert again[0] == whole[0]
    np.testing.assert_array_equal(again[1], whole[1])


def test_no_tool_overwrites_what_another_has_made(tmp_path: Path, invented: Pair) -> None:
    tool = replace(_perfect(invented), name="run 1", weights="sha256:1")
    result = _result(tmp_path, tool, invented)
    refuse_other_tool([result], tool, tmp_path)
    refuse_other_tool([result], replace(tool, name="run 2", about="another"), tmp_path)
    for other in (replace(tool, name="run/1"), replace(tool, about="`another`")):
        with pytest.raises(
            UsageError, match=r"run-1\.json: is of another tool, run 1 \(knows the truth\); remove that"
        ):
            refuse_other_tool([result], other, tmp_path)
    with pytest.raises(UsageError, match=r"run-1\.json: was measured with other weights; remove that"):
        refuse_other_tool([result], replace(tool, weights="sha256:2"), tmp_path)
    for name in ("", " ", "curves", "curves."):
        with pytest.raises(UsageError, match="no tool can be called so; give another"):
            refuse_other_tool([], replace(tool, name=name), tmp_path)


def test_the_page_has_every_axis_every_tool_and_its_pictures(tmp_path: Path, invented: Pair) -> None:
    parts = tmp_path / "stress"
    _result(parts, make_tool("difference", name="plain | old"), invented, "the command of difference")
    _result(parts, _perfect(invented), invented)
    page = write_page(tmp_path, read_results(parts), invented, 0).read_text(encoding="utf-8")
    for axis in AXES:
        assert f"## {axis.name[0].upper()}{axis.name[1:]}\n\n{axis.says}\n" in page
        assert f"| tool | clean | {axis.written(1)} |" in page
    assert page.count("| plain \\| old | ") == page.count("| perfect | ") == 1 + len(AXES)
    assert "the command of difference\na command\n" in page or "a command\nthe command of difference\n" in page
    assert page.count("x)") == len(AXES) * NUM_LEVELS  # the perfect tool has no ratio to its 0
    assert read_picture(parts / "curves.png").rgb.std() > 0.05
    sheet = read_picture(parts / "axes.jpg").rgb
    assert sheet.shape[1] == 4 * 160


def test_results_come_back_as_they_were_and_hold_plain_objects(tmp_path: Path, invented: Pair) -> None:
    written = _result(tmp_path, make_tool("difference"), invented)
    assert read_results(tmp_path) == [written]
    scores = json.loads((tmp_path / "difference.json").read_text())["scores"]
    assert scores[0].keys() == {"tool", "axis", "level", "value", "unit", "mean_absolute_error", "num_pairs"}
    assert (scores[5]["axis"], scores[5]["level"], scores[5]["value"], scores[5]["unit"]) == (
        "plate shift",
        5,
        16,
        "px",
    )


def test_other_pairs_or_another_seed_never_share_a_page(tmp_path: Path, invented: Pair) -> None:
    result = _result(tmp_path, make_tool("difference"), invented)
    refuse_other_pairs([result], digest_of([invented], 0), tmp_path)
    with pytest.raises(InputError, match=r"difference.json: was measured on other pairs or with another seed; name"):
        refuse_other_pairs([result], digest_of([invented], 1), tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "cleanplate-stress", "version": 0}',
        '{"format": "cleanplate-stress"',
        pytest.param("[" * 100_000, id="deep"),
        "\xff",
    ],
)
def test_a_file_that_is_no_result_is_refused_by_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(InputError, match=r"odd.json: "):
        read_results(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"tool": 5},
        {"tool": None},
        {"about": ["a"]},
        {"note": "\ud800"},
        {"pairs": 3},
        {"pairs": [1]},
        {"scores": {}},
        {"scores": None},
        {"scores": [5]},
        {"weights": 7},
        {"mean_absolute_error": float("nan")},
        {"mean_absolute_error": float("inf")},
        {"mean_absolute_error": "0.1"},
        {"mean_absolute_error": 1.5},
        {"level": [1]},
        {"axis": {}},
        {"axis": "another"},
    ],
)
def test_a_result_with_a_value_that_it_cannot_have_is_refused_by_name(
    change: dict[str, object], tmp_path: Path, invented: Pair
) -> None:
    _result(tmp_path, make_tool("difference"), invented)
    path = tmp_path / "difference.json"
    fields = json.loads(path.read_text())
    (fields if change.keys() <= fields.keys() else fields["scores"][3]).update(change)
    path.write_text(json.dumps(fields))
    with pytest.raises(
        InputError, match=r"difference\.json: is no result of this benchmark \(.*\); measure the tool ag"
    ):
        read_results(tmp_path)


def test_mattes_are_kept_of_the_pair_that_is_shown_alone(tmp_path: Path, invented: Pair) -> None:
    pairs = [replace(invented, name="larger", alpha=np.ones_like(invented.alpha)), invented]
    with Ledger(tmp_path, {}) as ledger:
        _, mattes = measure(pairs, make_tool("difference"), 0, ledger)
        assert [sorted(ledger.done[number]) for number in range(2)] == [["errors"], ["errors", "mattes"]]
    np.testing.assert_array_equal(mattes, _measured(invented, make_tool("difference"))[1])


_WHOLE = {"errors": [0.5] * 51}


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"errors": None},
        {"errors": [0.5] * 50},
        {"errors": [0.5] * 50 + [float("nan")]},
        {"errors": ["0.5"] * 51},
        _WHOLE,
        {**_WHOLE, "mattes": 5},
        {**_WHOLE, "mattes": "no base64!"},
        {**_WHOLE, "mattes": "AAAA"},
        {**_WHOLE, "unit": 1},
        {**_WHOLE, "unit": -1},
    ],
)
def test_a_damaged_entry_of_what_was_measured_is_told_by_its_files_name(
    entry: dict[str, object], tmp_path: Path, invented: Pair
) -> None:
    lines: tuple[dict[str, object], ...] = ({"plan": {}}, {"unit": 0, **entry})
    (tmp_path / "unfinished.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    with (
        Ledger(tmp_path, {}) as ledger,
        pytest.raises(InputError, match=r"unfinished\.jsonl: is damaged; delete it, and all pairs are measured again"),
    ):
        measure([invented], _perfect(invented), 0, ledger)
