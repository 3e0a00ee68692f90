"""What each choice in the network and its loss is worth: one recipe, one thing changed an arm, equal training.

    .venv/bin/python tools/ablations.py data/shipped runs/ablations
    .venv/bin/python tools/ablations.py data/shipped runs/ablations stack pyramid

Trains every arm that is not trained yet (each in its own process; an arm that was cut off goes on) and writes
docs/ablations.md: figures of the averaged weights on synthetic validation, unseen scenes and people, all effects.
"""

import argparse
import csv
import subprocess
import sys
from pathlib import Path

import torch

from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import Recipe, load_recipe

ROOT = Path(__file__).resolve().parent.parent
RECIPE = ROOT / "recipes" / "ablation.toml"
PRETRAINED = ("model.pretrained=true", "model.context=2")
ARMS: dict[str, tuple[str, ...]] = {
    "stack": (),
    "stack, other seed": ("run.seed=1",),
    "pyramid": ("model.fusion=pyramid",),
    "pyramid, other seed": ("model.fusion=pyramid", "run.seed=1"),
    "concat": ("model.fusion=concat",),
    "subtract": ("model.fusion=subtract",),
    "none": ("model.fusion=none",),
    "context": ("model.context=2",),
    "pretrained features": (*PRETRAINED, "model.own_levels=3", "model.widths=[32, 48, 64, 112, 144]"),
    "pretrained features, one own level": (*PRETRAINED, "model.own_levels=1", "model.widths=[32, 64, 80, 112, 160]"),
    "pretrained features, two own levels": (*PRETRAINED, "model.own_levels=2", "model.widths=[32, 64, 80, 112, 144]"),
    "pretrained features, five own levels": (*PRETRAINED, "model.widths=[32, 48, 64, 64, 96]"),
    "pretrained features, wider below": (
        *PRETRAINED,
        "model.own_levels=3",
        "model.widths=[32, 48, 80, 144, 208]",
    ),
    "pretrained features, looking around four times": (
        "model.pretrained=true",
        "model.context=4",
        "model.own_levels=3",
        "model.widths=[32, 48, 64, 112, 144]",
    ),
    "half as wide": ("model.widths=[16, 32, 48, 64, 64]",),
    "half as wide again": ("model.widths=[48, 96, 144, 192, 192]",),
    "one level less": ("model.widths=[32, 64, 96, 128]",),
    "without dice": ("loss.dice=0.0",),
    "without laplacian": ("loss.laplacian=0.0",),
    "without l1": ("loss.l1=0.0",),
    "without gradients of depth": ("loss.disparity_gradient=0.0",),
    "without the figure's depth": ("loss.disparity_person=0.0",),
    "alpha alone": ("loss.disparity=0.0", "loss.disparity_person=0.0", "loss.disparity_gradient=0.0"),
}
FIGURES = ("iou", "mae", "plate_disparity_correlation", "disparity_correlation")


def train(name: str, data: Path, out: Path) -> None:
    """Train one arm to its end, or go on with it."""
    sets = [word for text in ARMS[name] for word in ("--set", text)]
    command = [sys.executable, "-m", "cleanplate", "train", str(RECIPE), "--data", str(data), "--out", str(out), *sets]
    subprocess.run([*command, "--resume"], check=True)


def figures(run: Path) -> dict[str, float] | None:
    """The last validation of a run that reached its end; None for any other."""
    path, last = run / "validation.csv", load_recipe(RECIPE, ()).optim.steps
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        row = list(csv.DictReader(file))[-1]
    return {name: float(row[name]) for name in FIGURES} if int(row["step"]) == last else None


def num_weights(recipe: Recipe) -> int:
    """How many weights the recipe's network has."""
    with torch.device("meta"):
        network = MatteAndDepth(recipe).network()
    return sum(parameter.numel() for parameter in network.parameters())


def page(runs: Path) -> str:
    """The table, one line an arm that is trained."""
    recipe = load_recipe(RECIPE, ())
    images, (height, width) = recipe.optim.steps * recipe.optim.batch_size, recipe.run.size_hw
    lines = [
        "# What each choice is worth",
        "",
        f"Each arm is `recipes/ablation.toml` ({images:,} images at {width}x{height}, far from flat) with what is",
        "named changed; figures of synthetic validation: unseen scenes and people, all camera effects, one pair in ten",
        "without a plate. `.venv/bin/python tools/ablations.py data/shipped runs/ablations` makes this page; all",
        "that is on it was trained at commit 91aa9dd or before, with drawn shadows less dark than since.",
        "",
        "| arm | changed | weights, M | IoU | MAE | plate's depth, correlation | the same inside the figure |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, sets in ARMS.items():
        if (row := figures(runs / folder(name))) is not None:
            weights = num_weights(load_recipe(RECIPE, sets)) / 1e6
            changed = ", ".join(f"`{text}`" for text in sets)
            values = " | ".join(f"{row[figure]:.4f}" if figure == "mae" else f"{row[figure]:.3f}" for figure in FIGURES)
            lines.append(f"| {name} | {changed} | {weights:.2f} | {values} |")
    return "\n".join(lines) + "\n"


def folder(name: str) -> str:
    """The name of an arm's run folder."""
    return name.replace(",", "").replace("'", "").replace(" ", "-")


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("arms", nargs="*", metavar="ARM", help=", ".join(ARMS))
    options = parser.parse_args()
    if unknown := [name for name in options.arms if name not in ARMS]:
        parser.error(f"no arm {unknown[0]!r}; there are {', '.join(ARMS)}")
    for name in options.arms or ARMS:
        if figures(run := options.runs / folder(name)) is None:
            train(name, options.data, run)
    (ROOT / "docs" / "ablations.md").write_text(page(options.runs), encoding="utf-8")


if __name__ == "__main__":
    main()
