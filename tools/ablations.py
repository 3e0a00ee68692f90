"""What each choice in the network and its loss is worth: one recipe, one thing changed an arm, equal training.

    .venv/bin/python tools/ablations.py data/shipped runs/ablations
    .venv/bin/python tools/ablations.py data/shipped runs/ablations stack pyramid

Trains every arm that is not trained yet (one that was cut off goes on) and writes docs/ablations.md: figures of the
averaged weights on synthetic validation, unseen scenes and people, all effects. An arm that is on the page already and
has no run in the folder keeps its line.
"""

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from cleanplate.models.network import Maps
from cleanplate.sample.opening import open_samples
from cleanplate.train.checkpoint import AVERAGE, load_network, read_about
from cleanplate.train.data import Batch, DegradedSamples, validation_batches
from cleanplate.train.loop import Training
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.pretrained import pretrained_weights
from cleanplate.train.recipe import Recipe, load_recipe
from cleanplate.train.runs import find_checkpoint
from cleanplate.train.sets import First, Samples
from cleanplate.train.validate import validate
from cleanplate.train.watch import CollapseWatch

ROOT = Path(__file__).resolve().parent.parent
RECIPE, PAGE = ROOT / "recipes" / "ablation.toml", ROOT / "docs" / "ablations.md"
_HASH_CHARS = 7


class OneMap(nn.Module):
    """A network whose two layers of disparity are seen as the shot's one map, put together by the alpha it found."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, plate: Tensor, shot: Tensor) -> Maps:
        """See the class."""
        maps = Maps(*self.network(plate, shot))
        merged = torch.where(maps.alpha_logit >= 0, maps.disparity, maps.plate_disparity)
        return Maps(maps.alpha_logit, merged, merged)


@dataclass(frozen=True)
class Arm:
    """What differs from the recipe: values set, and the share of the training pairs, the first ones."""

    sets: tuple[str, ...] = ()
    share: float = 1.0

    def recipe(self) -> Recipe:
        """The recipe, changed."""
        return load_recipe(RECIPE, self.sets)


PRETRAINED = ("model.pretrained=true", "model.context=2")
SHIPPED_SETS = (
    *PRETRAINED,
    "model.own_levels=3",
    "model.widths=[32, 48, 64, 160, 256]",
    "effects.intruder_p=0.08",
    "effects.rim_p=0.075",
    "effects.border_p=0.025",
)
ALONE: dict[str, Arm] = {
    "stack": Arm(),
    "stack, other seed": Arm(("run.seed=1",)),
    "pyramid": Arm(("model.fusion=pyramid",)),
    "pyramid, other seed": Arm(("model.fusion=pyramid", "run.seed=1")),
    "concat": Arm(("model.fusion=concat",)),
    "subtract": Arm(("model.fusion=subtract",)),
    "none": Arm(("model.fusion=none",)),
    "pretrained features": Arm((*PRETRAINED, "model.own_levels=3", "model.widths=[32, 48, 64, 112, 144]")),
    "pretrained features, wider below": Arm((*PRETRAINED, "model.own_levels=3", "model.widths=[32, 48, 80, 144, 208]")),
    "pretrained features, looking around four times": Arm(
        ("model.pretrained=true", "model.context=4", "model.own_levels=3", "model.widths=[32, 48, 64, 112, 144]")
    ),
    "half as wide": Arm(("model.widths=[16, 32, 48, 64, 64]",)),
    "one level less": Arm(("model.widths=[32, 64, 96, 128]",)),
    "without dice": Arm(("loss.dice=0.0",)),
    "without gradients of depth": Arm(("loss.disparity_gradient=0.0",)),
    "without the figure's depth": Arm(("loss.disparity_person=0.0",)),
}
"""Each is the recipe with these changes."""

SHIPPED: dict[str, Arm] = {
    "as shipped": Arm(),
    "as shipped, other seed": Arm(("run.seed=1",)),
    "plain depth": Arm(("model.layers=1",)),
    "plain depth, other seed": Arm(("model.layers=1", "run.seed=1")),
    "alpha alone": Arm(("loss.disparity=0.0", "loss.disparity_person=0.0", "loss.disparity_gradient=0.0")),
    "without bce": Arm(("loss.bce=0.0",)),
    "without l1": Arm(("loss.l1=0.0",)),
    "without laplacian": Arm(("loss.laplacian=0.0",)),
    "a quarter of the pairs": Arm(share=0.25),
    "finer levels half as wide": Arm(("model.widths=[16, 24, 32, 160, 256]",)),
    "finer levels half as wide again": Arm(("model.widths=[48, 72, 96, 160, 256]",)),
    "the encoder learns": Arm(("optim.encoder_lr=2e-4",)),
}
"""Each is the recipe with the network and the drawn effects of what ships (`SHIPPED_SETS`), and these changes."""

WINDY_SETS = (*SHIPPED_SETS, "effects.rain_p=0.05", "effects.caption_p=0.1", "effects.sway_p=0.2")
WINDY: dict[str, Arm] = {
    "as shipped, with wind": Arm(),
    "depth by steps up of its own, to a quarter": Arm(("model.depth_rises=3",)),
}
"""Each is the recipe with those, what sways, rain and clocks (`WINDY_SETS`), and these changes."""

ARMS = ALONE | {
    name: Arm((*sets, *arm.sets), arm.share)
    for sets, arms in ((SHIPPED_SETS, SHIPPED), (WINDY_SETS, WINDY))
    for name, arm in arms.items()
}
FIGURES = ("iou", "mae", "plate_disparity_correlation", "disparity_correlation")
HEAD = "| arm | changed | weights, M | IoU | MAE | plate's depth | inside the figure | whole shot | commit |"


def train(arm: Arm, data: Path, run: Path) -> None:
    """Train one arm to its end, or go on with it."""
    recipe = arm.recipe()
    pretrained = pretrained_weights() if recipe.model.pretrained else None
    pairs, unseen = open_samples(data / "train"), open_samples(data / "validation")
    taught = pairs if arm.share == 1 else First(pairs, round(arm.share * len(pairs)))
    watch = CollapseWatch(stops=False)  # an arm counts, whatever becomes of it
    if not Training(MatteAndDepth(recipe, None, pretrained), taught, unseen, run, resume=True, watch=watch).run():
        raise SystemExit(f"{run}: stopped, all of it saved; the same command goes on")


def figures(arm: Arm, run: Path) -> dict[str, float] | None:
    """The last validation of a run that reached its end; None for any other."""
    path = run / "validation.csv"
    if not path.exists():
        return None
    with path.open(encoding="utf-8", newline="") as file:
        row = list(csv.DictReader(file))[-1]
    return {name: float(row[name]) for name in FIGURES} if int(row["step"]) == arm.recipe().optim.steps else None


def whole_shot(arm: Arm, run: Path, validation: Samples) -> float:
    """Correlation of the shot's one map with the truth."""
    recipe = arm.recipe()
    task = MatteAndDepth(recipe)
    network = task.network()
    load_network(find_checkpoint(run) / AVERAGE, network)
    seen = DegradedSamples(validation, task.camera(validating=True), None)
    batches = map(Batch.of_one_map, validation_batches(seen, recipe.optim.batch_size, 0))
    return validate(OneMap(network), batches, recipe.loss, len(validation))[0].heads["plate_disparity"].correlation


def num_weights(recipe: Recipe) -> int:
    """How many weights the recipe's network has."""
    with torch.device("meta"):
        network = MatteAndDepth(recipe).network()
    return sum(parameter.numel() for parameter in network.parameters())


def line(name: str, changed: Arm, run: Path, validation: Samples) -> str | None:
    """An arm's line of the page, or None where it is not trained; `changed` is what the line is to say."""
    arm = ARMS[name]
    if (row := figures(arm, run)) is None:
        return None
    told = [f"`{text}`" for text in changed.sets]
    told += [f"the first {arm.share:.0%} of the pairs"] if arm.share < 1 else []
    values = [f"{row[figure]:.4f}" if figure == "mae" else f"{row[figure]:.3f}" for figure in FIGURES]
    if arm.recipe().model.layers == 1:
        values[2] = "-"  # it has none
    commit, *dirty = read_about(find_checkpoint(run)).commit.split("-")
    trained_at = "-".join([commit[:_HASH_CHARS], *dirty])
    weights = f"{num_weights(arm.recipe()) / 1e6:.2f}"
    cells = [name, ", ".join(told), weights, *values, f"{whole_shot(arm, run, validation):.3f}", trained_at]
    return f"| {' | '.join(cells)} |"


def page(data: Path, runs: Path, before: str) -> str:
    """All tables, one line an arm that is trained, or was when the page was written `before`."""
    kept = {text.split("|")[1].strip(): text for text in before.splitlines() if text.startswith("| ")}
    validation = open_samples(data / "validation")
    recipe = load_recipe(RECIPE, ())
    images, (height, width) = recipe.optim.steps * recipe.optim.batch_size, recipe.run.size_hw
    base, windy = (", ".join(f"`{text}`" for text in sets) for sets in (SHIPPED_SETS, WINDY_SETS[len(SHIPPED_SETS) :]))
    lines = [
        "# What each choice is worth",
        "",
        f"Each arm is `recipes/ablation.toml` ({images:,} images at {width}x{height}, far from flat) with what is",
        "named changed; figures of synthetic validation: unseen scenes and people, all camera effects, one pair in ten",
        "without a plate. Depth is told by correlations with the truth: of the plate's layer, of the foreground's",
        "inside the true figure, and of the shot's one map, put together by the alpha that was found.",
        "`.venv/bin/python tools/ablations.py data/shipped runs/ablations` makes this page, so that a checkout may be",
        "`-dirty` by the page alone.",
    ]
    titles = {
        "The network by itself": (
            "The recipe as it stands. Trained on another machine's pack, and with drawn shadows less dark than since.",
            ALONE,
        ),
        "The network that ships": (f"All with {base}.", SHIPPED),
        "Where depth is told from": (f"All with what the table above has, and {windy}.", WINDY),
    }
    for title, (told, arms) in titles.items():
        lines += ["", f"## {title}", "", told, "", HEAD, "|" + "---|" * (HEAD.count("|") - 1)]
        found = (line(name, arm, runs / folder(name), validation) or kept.get(name) for name, arm in arms.items())
        lines += [text for text in found if text]
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
        if figures(ARMS[name], run := options.runs / folder(name)) is None:
            train(ARMS[name], options.data, run)
    PAGE.write_text(page(options.data, options.runs, PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
