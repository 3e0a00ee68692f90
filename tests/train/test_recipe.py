from pathlib import Path

import pytest

from cleanplate.errors import RecipeError
from cleanplate.train.recipe import Recipe, first_change, load_recipe, recipe_from_json

SHIPPED = Path(__file__).parents[2] / "recipes" / "shipped.toml"


def _complaint(path: Path, *overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        load_recipe(path, overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("lr = 2e-3", "lr = -1", "optim.lr: must be > 0, got -1"),
        ("lr = 2e-3", "lrr = 2e-3", "optim.lrr: unknown key (did you mean optim.lr?)"),
        ("lr = 2e-3", "learning_rate = 2e-3", "optim.learning_rate: unknown key"),
        ("lr = 2e-3", "", "optim.lr: is missing"),
        ("lr = 2e-3", 'lr = "fast"', 'optim.lr: must be a number, got "fast"'),
        ("lr = 2e-3", "lr = nan", "optim.lr: must be a finite number, got NaN"),
        ("steps = 6", "steps = 1.5", "optim.steps: must be a whole number, got 1.5"),
        ("steps = 6", "steps = true", "optim.steps: must be a whole number, got true"),
        ("ema_decay = 0.9", "ema_decay = 1", "optim.ema_decay: must be < 1, got 1"),
        ("[loss]", "[losses]", "losses: unknown key (did you mean loss?)"),
        ("[loss]", "[effects]\njpeg = 1\n[loss]", "effects.jpeg: unknown key (did you mean effects.jpeg_p?)"),
        ("[loss]", "[effects]\nsway_px = 1e9\n[loss]", "effects: sway_px must be <= 100, got 1e+09"),
        ("[loss]", "[effects]\nnoise_sd = true\n[loss]", "effects.noise_sd: must be a number, got true"),
        ('"32-true"', '"64"', "run.precision: must be 'auto', '32-true' or 'bf16-mixed', got \"64\""),
        ("[32, 64]", "[32, 65]", "run.size_hw: must be multiples of 8, got [32, 65]"),
        ("[32, 64]", "[32, 64, 3]", "run.size_hw: must be a list of at most 2 values, got [32, 64, 3]"),
        ("[32, 64]", '[32, "64"]', 'run.size_hw[1]: must be a whole number, got "64"'),
        ("short_side_px = 32", "short_side_px = 33", "export.short_side_px: must be a multiple of 8, got 33"),
        ("warmup_steps = 2", "warmup_steps = 7", "optim.warmup_steps: must be <= optim.steps, got 7"),
        ("[model]\nwidths = [8, 8, 16]", "model = 3", "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_that_names_file_and_key(
    recipe_file: Path, old: str, new: str, said: str
) -> None:
    text = recipe_file.read_text()
    assert old in text
    recipe_file.write_text(text.replace(old, new, 1))
    complaint = _complaint(recipe_file)
    assert complaint.startswith(f"{recipe_file}: {said}") or said == "is not valid TOML"
    assert "\n" not in complaint


def test_a_value_where_a_table_belongs_is_named(recipe_file: Path) -> None:
    recipe_file.write_text("model = 3\n" + recipe_file.read_text().replace("[model]\nwidths = [8, 8, 16]", ""))
    assert _complaint(recipe_file) == f"{recipe_file}: model: must be a table, got 3"


def test_broken_toml_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("[data]\ntrain_count 3\n")
    complaint = _complaint(path)
    assert complaint.startswith(f"{path}: is not valid TOML: ")
    assert "line 2" in complaint


def test_a_missing_or_binary_file_is_named(tmp_path: Path) -> None:
    assert _complaint(tmp_path / "none.toml").startswith(f"{tmp_path / 'none.toml'}: cannot be read (No such file")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert "is no text file" in _complaint(tmp_path / "binary.toml")
    (tmp_path / "deep.toml").write_text(f"a = {'[' * 100_000}")
    assert "deep.toml: is nested too deeply" in _complaint(tmp_path / "deep.toml")


def test_set_overrides_a_value_and_is_blamed_for_its_own_mistakes(recipe_file: Path) -> None:
    recipe = load_recipe(recipe_file, ["optim.lr=1e-4", "run.name=other", "effects.noise_sd=0", "run.size_hw=[8, 16]"])
    assert (recipe.optim.lr, recipe.run.name, recipe.effects.noise_sd) == (1e-4, "other", 0.0)
    assert recipe.run.size_hw == (8, 16)
    assert _complaint(recipe_file, "optim.lr=-1") == "--set: optim.lr: must be > 0, got -1"
    assert _complaint(recipe_file, "optim.lrr=1") == "--set: optim.lrr: unknown key (did you mean optim.lr?)"
    assert _complaint(recipe_file, "optim.foo=1") == "--set: optim.foo: unknown key"  # nothing is alike
    assert "write it as key=value" in _complaint(recipe_file, "optim.lr")
    assert "write it as key=value" in _complaint(recipe_file, "=3")
    assert "run.name is a value" in _complaint(recipe_file, "run.name.x=3").replace("name is", "run.name is")


def test_an_encoder_that_learns_is_one_that_is_there(recipe_file: Path) -> None:
    assert "optim.encoder_lr: needs model.pretrained" in _complaint(recipe_file, "optim.encoder_lr=1e-4")


def test_levels_of_its_own_need_pretrained_ones_for_the_others(recipe_file: Path) -> None:
    five = ("model.widths=[8, 8, 8, 8, 8]", "run.size_hw=[32, 32]")
    assert load_recipe(recipe_file, [*five, "model.pretrained=true", "model.own_levels=3"]).model.own_levels == 3
    for wrong in (("model.own_levels=3",), ("model.pretrained=true", "model.own_levels=6")):
        assert "own_levels must be at most 5, and needs model.pretrained" in _complaint(recipe_file, *five, *wrong)


def test_a_recipe_survives_the_json_of_a_checkpoint(recipe: Recipe) -> None:
    assert recipe_from_json(Recipe, recipe.model_dump(mode="json"), "here") == recipe


def test_only_what_decides_the_weights_bars_resuming(recipe_file: Path, recipe: Recipe) -> None:
    for harmless in ("run.workers=3", "run.log_every=7", "run.name=b", "export.licence=MIT", "data.train_count=9"):
        assert first_change(recipe, load_recipe(recipe_file, [harmless])) is None
    for key, value in (("optim.lr", "1e-5"), ("effects.noise_sd", "0"), ("run.seed", "5"), ("model.widths", "[8, 8]")):
        assert first_change(recipe, load_recipe(recipe_file, [f"{key}={value}"])) == key


def test_the_shipped_recipe_is_valid_and_carries_its_command() -> None:
    recipe = load_recipe(SHIPPED)
    assert recipe.multiple_px == 32
    assert "cleanplate train recipes/shipped.toml" in SHIPPED.read_text()
