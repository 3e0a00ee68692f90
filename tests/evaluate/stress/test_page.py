"""The benchmark as a whole: a perfect tool scores 0, every axis is on the page, and only like is put beside like."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import InputError, ToolError
from cleanplate.evaluate.stress.axes import AXES, NUM_LEVELS
from cleanplate.evaluate.stress.measure import CLEAN, measure
from cleanplate.evaluate.stress.page import write_page
from cleanplate.evaluate.stress.pairs import Codes, Pair, digest_of
from cleanplate.evaluate.stress.results import Result, read_results, refuse_other_pairs, write_result
from cleanplate.evaluate.stress.tools import Tool, make_tool
from cleanplate.imaging import Image
from cleanplate.imaging.files import read_picture


def _perfect(pair: Pair) -> Tool:
    return Tool("perfect", "knows the truth", lambda plate, shot: pair.truth)  # noqa: ARG005 - it has no need to look


def _result(folder: Path, tool: Tool, pair: Pair, command: str = "a command") -> Result:
    scores, mattes = measure([pair], tool, 0)
    result = Result(tool.name, tool.about, command, (pair.name,), digest_of([pair], 0), tuple(scores))
    folder.mkdir(parents=True, exist_ok=True)
    write_result(folder, result, mattes)
    return result


def test_a_perfect_tool_scores_0_everywhere(invented: Pair) -> None:
    scores, mattes = measure([invented], _perfect(invented), 0)
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
    assert {score.mean_absolute_error for score in measure([pair], nothing, 0)[0]} == {1}


def test_a_matte_of_another_size_is_scaled_and_one_that_is_none_is_refused(invented: Pair) -> None:
    half = Tool("half", "coarse", lambda plate, shot: np.ones((48, 68), np.float32))  # noqa: ARG005
    scores, _ = measure([invented], half, 0)
    assert scores[0].mean_absolute_error == pytest.approx(1 - float(invented.truth.mean()), abs=1e-5)
    broken = Tool("broken", "no matte", lambda plate, shot: np.full((48, 68), np.nan, np.float32))  # noqa: ARG005
    with pytest.raises(ToolError, match=r"pair, clean level 0: broken gave no matte but shape \(48, 68\), or values"):
        measure([invented], broken, 0)


def test_a_failure_names_the_pair_and_the_condition(invented: Pair) -> None:
    def matte(plate: Codes, shot: Codes) -> Image:
        if abs(float(plate.mean()) - float(shot.mean())) > 20:
            raise ToolError("matter: out of memory")
        return np.zeros(shot.shape[:2], np.float32)

    with pytest.raises(ToolError, match=r"^pair, exposure level [45]: matter: out of memory$"):
        measure([invented], Tool("matter", "fails in the dark", matte), 0)


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
    "text", ["", "[]", "{}", '{"format": "cleanplate-stress", "version": 0}', '{"format": "cleanplate-stress"']
)
def test_a_file_that_is_no_result_is_refused_by_name(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(InputError, match=r"odd.json: "):
        read_results(tmp_path)
