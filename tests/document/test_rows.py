"""Rows trained for a few steps on invented scenes: what is kept, what is refused, what the report says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cleanplate.document import rows as rows_module
from cleanplate.document.report import write_report
from cleanplate.document.rows import COLUMNS, read_result, train_row
from cleanplate.errors import InputError, RecipeError, UsageError

TINY: dict[str, Any] = {
    "data": {"train_count": 8, "validation_count": 4},
    "optim": {"steps": 4, "warmup_steps": 1, "batch_size": 4, "ema_decay": 0.5},
    "run": {
        "size_hw": [32, 32], "workers": 0, "threads": 1, "log_every": 2, "validate_every": 4, "checkpoint_every": 2,
    },
}  # fmt: skip


def _train(row: str, recipes: Path, data: Path, runs: Path, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return train_row(row, recipes, data, runs, {**TINY, **(changes or {})})


@pytest.mark.slow
def test_a_finished_row_is_kept_and_one_of_another_recipe_is_refused(recipes: Path, data: Path, tmp_path: Path) -> None:
    first = _train("trial2_both_rgb", recipes, data, tmp_path)
    assert tuple(first["table"]) == COLUMNS
    assert first["table"]["epochs"] == 2
    assert all(value is not None for value in first["table"].values())
    stamp = (tmp_path / "trial2_both_rgb" / "result.json").stat().st_mtime_ns
    assert _train("trial2_both_rgb", recipes, data, tmp_path) == first
    assert (tmp_path / "trial2_both_rgb" / "result.json").stat().st_mtime_ns == stamp
    with pytest.raises(RecipeError, match="holds a result of another recipe; delete that folder"):
        _train("trial2_both_rgb", recipes, data, tmp_path, {"loss": {"depth": "mse"}})
    (tmp_path / "other").mkdir()
    for name, source in (("train", "validation"), ("validation", "train")):
        (tmp_path / "other" / name).symlink_to(data / source)
    fewer = {"data": {"train_count": 4, "validation_count": 4}}
    _train("trial3a_depth_grey", recipes, data, tmp_path, fewer)
    with pytest.raises(RecipeError, match="holds a result of other data; delete that folder"):
        _train("trial3a_depth_grey", recipes, tmp_path / "other", tmp_path, fewer)
    with pytest.raises(UsageError, match="was judged by another set; what is trained is kept"):
        write_report(tmp_path / "docs", tmp_path, tmp_path / "other")
    assert not (tmp_path / "docs").exists()


@pytest.mark.slow
def test_a_second_stage_begins_with_the_firsts_weights_and_refuses_without_or_where_they_collapsed(
    recipes: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match="is not trained yet; name stage_small before"):
        _train("stage_full", recipes, data, tmp_path)
    _train("stage_small", recipes, data, tmp_path)
    assert _train("stage_full", recipes, data, tmp_path)["table"]["row"] == "stage_full"
    path = tmp_path / "stage_small" / "result.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "alarms": ["step 9: the depth head has collapsed"]}))
    (tmp_path / "stage_full" / "result.json").unlink()
    with pytest.raises(RecipeError, match=r"has collapsed .*step 9.* mend that row"):
        _train("stage_full", recipes, data, tmp_path)


@pytest.mark.slow
def test_a_row_that_only_draws_differently_has_the_same_weights_and_trains_nothing(
    recipes: Path, data: Path, tmp_path: Path
) -> None:
    before = _train("as_it_was", recipes, data, tmp_path)["table"]
    after = _train("mended_drawing", recipes, data, tmp_path)["table"]
    assert {**after, "row": ""} == {**before, "row": ""}
    assert not (tmp_path / "mended_drawing" / "checkpoints").exists()
    strips = [(tmp_path / row / "looks.png").read_bytes() for row in ("as_it_was", "mended_drawing")]
    assert strips[0] != strips[1]


@pytest.mark.slow
def test_the_report_has_every_finished_row_and_names_the_others(recipes: Path, data: Path, tmp_path: Path) -> None:
    runs, docs = tmp_path / "runs", tmp_path / "docs"
    for row in ("trial1_depth_colour", "mask_subtract", "mask_concat", "jitter_joint", "as_it_was", "network_small"):
        _train(row, recipes, data, runs)
    write_report(docs, runs, data)
    table = json.loads((docs / "document.json").read_text())
    assert [set(row) for row in table] == [set(COLUMNS)] * 6
    by_row = {row["row"]: row for row in table}
    assert by_row["mask_subtract"]["depth_correlation"] is None
    assert by_row["trial1_depth_colour"]["iou"] is None
    page = (docs / "document.md").read_text()
    assert all(f"| `{row}` | " in page for row in by_row)
    assert "Not trained yet: mask_subtract_offset" in page
    for said in ("0.017246", "0.022197", "What a colour map costs", "0.9685", "jittered", "what the watch said"):
        assert said in page
    subtract, concat = by_row["mask_subtract"], by_row["mask_concat"]
    loss, iou = subtract["train_loss"] < concat["train_loss"], subtract["iou"] > concat["iou"]
    names = {True: "subtracting", False: "concatenating"}
    won = (
        f"{names[loss]} has the lower train loss"
        + (" and the" if loss == iou else f", {names[iou]} the")
        + " higher IoU"
    )
    assert f"With inputs scaled honestly, {won}." in page
    assert {path.name for path in docs.iterdir()} == {
        "document.md", "document.json", "document.jpg", "document_drawn.jpg",
    }  # fmt: skip


@pytest.mark.slow
def test_rows_are_trained_side_by_side_and_each_after_the_one_it_begins_from(
    recipes: Path, data: Path, tmp_path: Path
) -> None:
    values = [f"{table}.{key}={json.dumps(value)}" for table, tables in TINY.items() for key, value in tables.items()]
    told = [word for value in values for word in ("--set", value)]
    folders = ["--data", str(data), "--out", str(tmp_path), "--report", str(tmp_path / "docs")]
    rows = ["stage_full", "mask_concat", "stage_small"]
    words = ["-m", "cleanplate.document", *rows, *folders, "--recipes", str(recipes), "--workers", "2", *told]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)  # as `make document`
    lines = [line.split(":")[0] for line in done.stdout.splitlines()]
    said = [line for line in lines if line in rows]
    assert set(said) == set(rows)
    assert said[2] == "stage_full"
    for row in rows:
        alone = _train(row, recipes, data, tmp_path / "alone" if row == "mask_concat" else tmp_path)
        both = read_result(tmp_path, row)
        assert both is not None
        assert {**both["table"], "seconds": 0} == {**alone["table"], "seconds": 0}


def test_too_little_data_is_named(recipes: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"train: holds 8 samples, the row asks for 9; make the data again"):
        _train("original", recipes, data, tmp_path, {"data": {"train_count": 9, "validation_count": 4}})
    assert read_result(tmp_path, "original") is None


def test_rows_and_full_rows_have_no_name_in_common() -> None:
    assert not set(rows_module.ROWS) & set(rows_module.FULL_ROWS)


@pytest.mark.slow
def test_a_row_that_must_learn_is_stopped_with_cause_and_mend_and_one_that_need_not_runs_on(
    recipes: Path, data: Path, tmp_path: Path
) -> None:
    squeezed: dict[str, Any] = {"inputs": {"scaling": "as_it_was"}, "optim": {**TINY["optim"], "steps": 8}}
    squeezed |= {"run": {**TINY["run"], "checkpoint_every": 100}}  # as the rows have it: stopped before there is one
    stopped = _train("trial3a_depth_grey", recipes, data, tmp_path, squeezed)
    assert [alarm.split(";")[0][:20] for alarm in stopped["alarms"]] == ["step 4: input range:"]
    assert "scale pictures once" in stopped["alarms"][0]
    assert _train("as_it_was", recipes, data, tmp_path, squeezed)["table"]["images"] == 32
