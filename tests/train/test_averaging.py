from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType] - its path type is left open
from torch import nn

from cleanplate.errors import RecipeError
from cleanplate.train.averaging import mix, settle_norms, update_average
from cleanplate.train.data import StepPositions, training_batches
from cleanplate.train.loop import Training
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import Recipe
from cleanplate.train.sets import Samples
from cleanplate.train.watch import CollapseWatch


def test_the_average_follows_weights_and_batch_statistics_slowly() -> None:
    average, network = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
    nn.init.constant_(network.weight, 3.0)
    network.running_mean = torch.full((2,), 5.0)
    network.num_batches_tracked = torch.tensor(7)
    update_average(average, network, decay=0.9, step=1000)
    assert torch.allclose(average.weight, torch.full((2,), 1.2))
    assert average.running_mean is not None
    assert torch.allclose(average.running_mean, torch.full((2,), 0.5))
    assert average.num_batches_tracked == 7


def test_the_first_steps_do_not_weigh_the_random_beginning() -> None:
    average, network = nn.BatchNorm2d(2), nn.BatchNorm2d(2)
    nn.init.constant_(network.weight, 3.0)
    update_average(average, network, decay=0.999, step=0)
    assert torch.allclose(average.weight, torch.full((2,), 2.8))


def test_a_mix_has_of_every_weight_the_share_that_is_asked_for() -> None:
    average, start = nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1)
    for network, value in ((average, 1.0), (start, 3.0)):
        nn.init.constant_(network.weight, value)
    mix(average, start.state_dict(), 0.25)
    assert average.weight.item() == pytest.approx(1.5)


def test_settled_norms_have_the_mean_statistics_of_all_batches_and_weights_stay() -> None:
    network = nn.Sequential(nn.Conv2d(1, 2, 1), nn.BatchNorm2d(2), nn.Dropout(0.5))
    weights = [p.detach().clone() for p in network.parameters()]
    batches = [(torch.randn(3, 1, 4, 4) + offset,) for offset in (0.0, 5.0)]
    settle_norms(network, iter(batches))
    conv, norm = network[0], network[1]
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    given = [conv(*batch) for batch in batches]
    torch.testing.assert_close(norm.running_mean, torch.stack([x.mean((0, 2, 3)) for x in given]).mean(0))
    torch.testing.assert_close(norm.running_var, torch.stack([x.var((0, 2, 3)) for x in given]).mean(0))
    assert norm.momentum == 0.1
    assert network.training
    assert norm.training
    assert all(torch.equal(old, new) for old, new in zip(weights, network.parameters(), strict=True))


def _average(run: Path, step: int, name: str = "ema") -> dict[str, torch.Tensor]:
    return load_file(run / "checkpoints" / f"step_{step:08d}" / f"{name}.safetensors")


def _train(task: MatteAndDepth, train: Samples, validation: Samples, out: Path, until: int | None = None) -> None:
    watch = CollapseWatch(stops=False)  # six steps teach nothing, and the watch would say so
    resume = out.exists()
    Training(task, train, validation, out, resume=resume, seen_before="sha256:earlier", watch=watch).run(until)


def test_a_run_ends_with_the_share_of_its_beginning_that_the_recipe_wants_also_when_resumed(
    recipe: Recipe, train: Samples, validation: Samples, run: Path, tmp_path: Path
) -> None:
    (start,) = (run / "checkpoints").iterdir()
    mixed = recipe.model_copy(update={"optim": recipe.optim.model_copy(update={"start_share": 0.25})})
    plain, task = MatteAndDepth(recipe, start), MatteAndDepth(mixed, start)
    _train(plain, train, validation, tmp_path / "plain")
    _train(task, train, validation, tmp_path / "mixed")
    _train(task, train, validation, tmp_path / "halves", until=4)
    begun, learnt = load_file(start / "ema.safetensors"), _average(tmp_path / "plain", 6)
    assert _average(tmp_path / "halves", 4).keys() == begun.keys()
    _train(task, train, validation, tmp_path / "halves")
    average, halves = _average(tmp_path / "mixed", 6), _average(tmp_path / "halves", 6)
    for name in average:
        assert torch.equal(average[name], halves[name])
        if "running" not in name and "tracked" not in name:
            torch.testing.assert_close(average[name], begun[name].lerp(learnt[name], 0.75))
    assert any(not torch.equal(average[name], learnt[name]) for name in average if "running_var" in name)


@pytest.mark.parametrize("decay", [0.9, 0.0])
def test_what_was_averaged_ends_with_statistics_of_its_own(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path, decay: float
) -> None:
    recipe = recipe.model_copy(update={"optim": recipe.optim.model_copy(update={"ema_decay": decay})})
    task = MatteAndDepth(recipe)
    training = Training(task, train, validation, tmp_path / "run", watch=CollapseWatch(stops=False))
    training.run()
    average, network = _average(tmp_path / "run", 6), _average(tmp_path / "run", 6, "model")
    if decay == 0:  # nothing was averaged
        assert all(torch.equal(average[name], network[name]) for name in average)
        return
    settled = task.network()
    settled.load_state_dict(average)
    later = StepPositions(recipe.optim.batch_size, 6, 6 + 40)  # samples that no step has seen
    settle_norms(settled, map(task.inputs, training_batches(training.taught, later, 0)))
    for name, value in settled.state_dict().items():
        torch.testing.assert_close(average[name], value)


def test_a_share_of_a_beginning_needs_one(recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path) -> None:
    mixed = recipe.model_copy(update={"optim": recipe.optim.model_copy(update={"start_share": 0.5})})
    with pytest.raises(RecipeError, match="give --start, or leave it out"):
        Training(MatteAndDepth(mixed), train, validation, tmp_path / "run")
    assert not (tmp_path / "run").exists()
