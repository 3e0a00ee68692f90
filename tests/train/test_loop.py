import csv
import multiprocessing.resource_tracker
import multiprocessing.spawn
import os
import shutil
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file  # pyright: ignore[reportUnknownVariableType] - its path type is left open

from cleanplate.errors import InputError, RecipeError, WorkerError
from cleanplate.jobs.locks import alone_in
from cleanplate.sample.record import Sample
from cleanplate.sample.shards import ShardReader
from cleanplate.train.checkpoint import read_about
from cleanplate.train.figures import HeadFigures
from cleanplate.train.loop import Training
from cleanplate.train.matte import MatteAndDepth
from cleanplate.train.recipe import Recipe
from cleanplate.train.runs import newest_checkpoint
from cleanplate.train.sets import Samples, Together
from cleanplate.train.watch import CollapseWatch


def _weights(run: Path, step: int) -> dict[str, torch.Tensor]:
    folder = run / "checkpoints" / f"step_{step:08d}"
    files = ("model", "ema", "optimizer")
    return {f"{file}.{name}": x for file in files for name, x in load_file(folder / f"{file}.safetensors").items()}


def test_a_resumed_run_ends_with_the_bits_of_one_that_never_stopped(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    # six steps teach nothing, and the watch would say so
    watch = CollapseWatch(stops=False)
    assert Training(MatteAndDepth(recipe), train, validation, tmp_path / "whole", watch=watch).run()
    Training(MatteAndDepth(recipe), train, validation, tmp_path / "halves").run(until=3)
    before = _weights(tmp_path / "halves", 3)
    watch = CollapseWatch(stops=False)
    second = Training(MatteAndDepth(recipe), train, validation, tmp_path / "halves", resume=True, watch=watch)
    assert second.about.step == 3
    assert second.run()
    whole, halves = _weights(tmp_path / "whole", 6), _weights(tmp_path / "halves", 6)
    assert whole.keys() == halves.keys()
    assert all(torch.equal(whole[name], halves[name]) for name in whole)
    assert not torch.equal(before["model.stem.0.weight"], halves["model.stem.0.weight"])
    seen = [tmp_path / run / "checkpoints" / "step_00000006" / "watch.json" for run in ("whole", "halves")]
    assert seen[0].read_text() == seen[1].read_text()


def test_the_logs_hold_every_window_and_validation_once_even_after_resuming(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    Training(MatteAndDepth(recipe), train, validation, tmp_path).run(until=5)
    # as if the process had died after the row of step 4 but before the checkpoint of it
    for step in (4, 5):
        folder = tmp_path / "checkpoints" / f"step_{step:08d}"
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
    watch = CollapseWatch(stops=False)
    Training(MatteAndDepth(recipe), train, validation, tmp_path, resume=True, watch=watch).run()
    rows = list(csv.DictReader((tmp_path / "train.csv").open()))
    assert [row["step"] for row in rows] == ["2", "4", "6"]
    assert {"loss", "bce", "disparity_person", "lr", "gradient_norm", "images_per_s", "waiting_s"} <= rows[0].keys()
    rows = list(csv.DictReader((tmp_path / "validation.csv").open()))
    assert [row["step"] for row in rows] == ["3", "6"]
    assert {"iou", "mae", "alpha_std_ratio", "disparity_correlation", "plate_disparity_gain"} <= rows[0].keys()
    assert (tmp_path / "sheet_00000006.png").exists()


def test_a_folder_that_holds_a_run_is_not_started_over(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    Training(MatteAndDepth(recipe), train, validation, tmp_path).run(until=2)
    with pytest.raises(InputError, match="holds a run already; add --resume"):
        Training(MatteAndDepth(recipe), train, validation, tmp_path)


def test_two_do_not_train_in_one_folder(recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path) -> None:
    second = Training(MatteAndDepth(recipe), train, validation, tmp_path)
    with alone_in(tmp_path), pytest.raises(InputError, match="somebody is at work in it; wait, or name another folder"):
        second.run()
    assert second.run(until=2)
    assert not (tmp_path / ".lock").exists()


def test_a_run_is_not_resumed_with_another_recipe_or_other_data(
    recipe: Recipe, train: Samples, validation: Samples, make_samples: Callable[[str, int], Samples], tmp_path: Path
) -> None:
    Training(MatteAndDepth(recipe), train, validation, tmp_path).run(until=2)
    other = recipe.model_copy(update={"optim": recipe.optim.model_copy(update={"lr": 1.0})})
    with pytest.raises(RecipeError, match=r"^optim\.lr: differs from the run in"):
        Training(MatteAndDepth(other), train, validation, tmp_path, resume=True)
    with pytest.raises(InputError, match="trained on other data"):
        Training(MatteAndDepth(recipe), make_samples("train", 7), validation, tmp_path, resume=True)
    patient = recipe.model_copy(update={"run": recipe.run.model_copy(update={"log_every": 1})})
    assert Training(MatteAndDepth(patient), train, validation, tmp_path, resume=True).about.step == 2


def test_sigterm_saves_what_is_done_and_says_that_it_is_not_all(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    training = Training(MatteAndDepth(recipe), train, validation, tmp_path)
    step = training._step  # pyright: ignore[reportPrivateUsage] - the moment to be struck

    def struck(done: int, batches: object) -> dict[str, torch.Tensor]:
        if done == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(done, batches)  # pyright: ignore[reportArgumentType]

    training._step = struck  # pyright: ignore[reportPrivateUsage]
    assert not training.run()
    assert training.about.step == 3
    assert (tmp_path / "checkpoints" / "step_00000003" / "checkpoint.json").exists()
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_accumulating_twice_steps_once_with_the_mean_gradient_of_both_batches(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    optim = recipe.optim.model_copy(update={"accumulate": 2, "batch_size": 2, "steps": 2, "warmup_steps": 0})
    training = Training(MatteAndDepth(recipe.model_copy(update={"optim": optim})), train, validation, tmp_path)
    batches = list(training.training)
    assert [len(batch.alpha) for batch in batches] == [2, 2, 2, 2]
    task, network = training.task, training.weights.network
    alone: list[torch.Tensor] = []
    for batch in batches[:2]:
        network.zero_grad()
        torch.autograd.backward(task.objective(network(*task.inputs(batch)), batch).total)
        alone.append(torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]))
    assert training.run(until=1)
    together = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
    mean = (alone[0] + alone[1]) / 2
    clipped = mean * min(1.0, recipe.optim.clip_norm / float(mean.square().sum().sqrt()))
    torch.testing.assert_close(together, clipped, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("stops", "said"), [(True, "learning rate too high: .* divide it"), (False, r"no longer a number; lower optim\.lr")]
)
def test_a_loss_that_is_no_number_stops_the_run_and_names_the_learning_rate(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path, *, stops: bool, said: str
) -> None:
    wild = recipe.model_copy(update={"optim": recipe.optim.model_copy(update={"lr": 1e30, "warmup_steps": 0})})
    training = Training(MatteAndDepth(wild), train, validation, tmp_path, watch=CollapseWatch(stops))
    with pytest.raises(RecipeError, match=said):
        training.run()


class _Blank(CollapseWatch):
    """A watch to which every head looks blank whenever it looks."""

    def see(self, step: int, heads: Mapping[str, HeadFigures]) -> None:
        super().see(step, dict.fromkeys(heads, HeadFigures(0.0, 0.0, 0.0)))


def test_a_run_stopped_at_its_last_validation_has_all_that_it_trained(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    with pytest.raises(RecipeError, match="step 6: the alpha head has collapsed"):
        Training(MatteAndDepth(recipe), train, validation, tmp_path, watch=_Blank()).run()
    newest = newest_checkpoint(tmp_path)
    assert newest is not None
    assert read_about(newest).step == 6
    assert Training(MatteAndDepth(recipe), train, validation, tmp_path, resume=True).run()


class _WithoutDepth(Together):
    """Samples whose depth is not known."""

    def __getitem__(self, index: int, /) -> Sample:
        sample = super().__getitem__(index)
        unknown = np.zeros_like(sample.alpha)
        return replace(sample, plate_depth_m=unknown, shot_depth_m=unknown)


@pytest.mark.parametrize("why", ["no depth in training", "no weight in the loss"])
def test_a_head_that_is_not_taught_does_not_stop_the_run(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path, why: str
) -> None:
    if why == "no depth in training":
        train = _WithoutDepth([train])
    else:
        untaught = {"disparity": 0.0, "disparity_person": 0.0, "disparity_gradient": 0.0}
        recipe = recipe.model_copy(update={"loss": recipe.loss.model_copy(update=untaught)})

    class Watch(_Blank):
        def see(self, step: int, heads: Mapping[str, HeadFigures]) -> None:
            super().see(step, {head: figures for head, figures in heads.items() if head != "alpha"})

    watch = Watch()
    assert Training(MatteAndDepth(recipe), train, validation, tmp_path, watch=watch).run()
    assert watch.said == []


def test_a_table_that_is_no_runs_is_not_written_over(
    recipe: Recipe, train: Samples, validation: Samples, tmp_path: Path
) -> None:
    (tmp_path / "train.csv").write_text("name,city\nAnn,Rome\n")
    with pytest.raises(InputError, match=r"train\.csv: is no table of a run; move it away, or give another --out"):
        Training(MatteAndDepth(recipe), train, validation, tmp_path).run()
    assert (tmp_path / "train.csv").read_text() == "name,city\nAnn,Rome\n"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("false") is None, reason="there is no program that ends at once")
def test_a_process_that_dies_while_it_starts_to_make_batches_is_told_in_a_sentence(
    recipe: Recipe, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train, validation = ShardReader(data / "train"), ShardReader(data / "validation")
    run = recipe.run.model_copy(update={"workers": 1})
    training = Training(MatteAndDepth(recipe.model_copy(update={"run": run})), train, validation, tmp_path / "run")
    multiprocessing.resource_tracker.ensure_running()  # multiprocessing's own process is no worker
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", os.fsencode(str(shutil.which("false"))))
    with pytest.raises(
        WorkerError, match=r"^a process that makes batches has died \(DataLoader worker [^\n]*--resume goes on"
    ):
        training.run()


@pytest.mark.slow
def test_a_run_that_fails_leaves_no_process_behind(recipe: Recipe, data: Path, tmp_path: Path) -> None:
    train, validation = ShardReader(data / "train"), ShardReader(data / "validation")  # another process can open them
    optim = recipe.optim.model_copy(update={"lr": 1e30, "warmup_steps": 0})
    run = recipe.run.model_copy(update={"workers": 1})
    wild = MatteAndDepth(recipe.model_copy(update={"optim": optim, "run": run}))
    before = set(multiprocessing.active_children())
    with pytest.raises(RecipeError) as kept:  # its traceback holds the loader, as that of an error nobody catches does
        Training(wild, train, validation, tmp_path / "run").run()
    assert kept.tb is not None
    assert set(multiprocessing.active_children()) == before
