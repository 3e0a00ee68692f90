import re
from pathlib import Path

import pytest

from cleanplate.document.recipe import load_row
from cleanplate.document.rows import FULL_ROWS, ROWS
from cleanplate.document.task import Row
from cleanplate.errors import RecipeError

MENDS = {
    "mended_inputs": {"inputs"}, "mended_rate": {"schedule", "optim"}, "mended_last": {"network"},
    "mended_stem": {"network"}, "mended_jitter": {"inputs"}, "mended_loss": {"loss"},
    "mended_drawing": {"targets", "stage"},
}  # fmt: skip


def test_every_row_has_a_recipe_that_names_its_command_and_every_recipe_is_a_row(recipes: Path) -> None:
    assert {path.stem for path in recipes.glob("*.toml")} == {*ROWS, *FULL_ROWS, "base"}
    for row in (*ROWS, *FULL_ROWS):
        load_row(recipes, row)
        assert re.match(rf"# make document ROWS=.*{row}", (recipes / f"{row}.toml").read_text())


def test_make_document_makes_the_data_that_the_rows_ask_for(recipes: Path) -> None:
    makefile = (recipes.parents[1] / "Makefile").read_text(encoding="utf-8")
    base = load_row(recipes, "trial3b_both_grey")
    assert f"DOCUMENT_COUNTS ?= {base.data.train_count} {base.data.validation_count}\n" in makefile
    assert f"DOCUMENT_SEEDS := {base.data.seed} {base.data.seed + 1}\n" in makefile


@pytest.mark.parametrize("row", MENDS)
def test_a_mend_differs_from_as_it_was_in_one_condition(recipes: Path, row: str) -> None:
    before, after = (load_row(recipes, name).model_dump() for name in ("as_it_was", row))
    assert {table for table in before if before[table] != after[table]} - {"row"} == MENDS[row]


def test_rows_to_be_compared_see_the_same_images_ten_times(recipes: Path) -> None:
    loaded = {row: load_row(recipes, row) for row in ROWS}
    images = {row: recipe.optim.steps * recipe.optim.batch_size for row, recipe in loaded.items()}
    assert images.pop("original") == 40_000  # whose mask comes slowly, and which no other row is like
    assert set(images.values()) == {20_000}
    epochs = {row: loaded[row].optim.steps / loaded[row].steps_per_epoch for row in images}
    assert epochs == {row: 40 if row == "stage_small" else 10 for row in images}  # a quarter of the pairs


def test_rows_with_the_documents_inputs_and_those_beside_them_are_taught_in_float32(recipes: Path) -> None:
    # of inputs that differ by a thousandth of their size bfloat16 leaves nothing
    loaded = {row: load_row(recipes, row) for row in ROWS}
    squeezed = {row for row, recipe in loaded.items() if recipe.inputs.scaling == "as_it_was"}
    assert {"mask_concat_offset", "as_it_was", "mended_last"} <= squeezed
    beside = {row for row in ROWS if row.startswith(("mask_", "mended_"))}
    assert {row for row, recipe in loaded.items() if recipe.run.precision == "32-true"} == squeezed | beside


def test_the_documents_schedule_is_a_hundredth_after_every_second_epoch(recipes: Path) -> None:
    rate = Row(load_row(recipes, "as_it_was")).learning_rate
    assert [rate(step) for step in (0, 399, 400, 799, 800)] == pytest.approx([1e-3, 1e-3, 1e-5, 1e-5, 1e-7])


def test_what_cannot_be_is_said_in_one_line_that_names_the_row(recipes: Path, tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text((recipes / "base.toml").read_text())
    for text, said in (
        ("[network]\nwidht = 1.0", r"network\.widht: unknown key"),
        ("[targets]\nmask = 'none'\ndepth = 'none'", "must ask for mask or depth"),
        ("[network]\nshared_last = true\n[targets]\ndepth = 'rgb'", "needs mask and depth in the same form"),
        ("[network]\nkind = 'ours'\n[targets]\ndepth = 'rgb'", "must be grey for the network `ours`"),
        ("[run]\nsize_hw = [100, 100]", r"run\.size_hw: must be multiples of 16"),
        ("[optim]\nencoder_lr = 1e-4", "there is no encoder to train"),
        ("like = 'row'", "which is like it"),
        ("[", "is not valid TOML"),
    ):
        (tmp_path / "row.toml").write_text(text)
        with pytest.raises(RecipeError, match=said) as caught:
            load_row(tmp_path, "row")
        assert str(caught.value).startswith(str(tmp_path / "row.toml"))
        assert "\n" not in str(caught.value)
    with pytest.raises(RecipeError, match="cannot be read"):
        load_row(tmp_path, "nothing")
