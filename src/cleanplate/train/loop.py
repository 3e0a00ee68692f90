"""The training loop: read it in one sitting."""

import copy
import math
import signal
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, cast

import torch
from rich.console import Console
from torch import Tensor

from cleanplate.errors import InputError, RecipeError
from cleanplate.imaging.files import prepare_folder
from cleanplate.jobs.locks import alone_in
from cleanplate.jobs.progress import progress
from cleanplate.train.averaging import mix, settle_norms, update_average
from cleanplate.train.checkpoint import About, Weights, load_weights, read_about, recall, save_checkpoint
from cleanplate.train.data import (
    Batch,
    DegradedSamples,
    StepPositions,
    deaths_told,
    on_device,
    training_batches,
    validation_batches,
)
from cleanplate.train.fabric import channels_last, make_fabric
from cleanplate.train.log import CsvLog, Window, heads_table
from cleanplate.train.optimiser import make_optimizer, set_rate
from cleanplate.train.probe import Probe
from cleanplate.train.provenance import commit
from cleanplate.train.recipe import first_change, recipe_from_json
from cleanplate.train.runs import newest_checkpoint
from cleanplate.train.sets import Samples, check_disjoint
from cleanplate.train.task import Task
from cleanplate.train.watch import CollapseWatch, row_of

_SHOWN = 8

_SETTLING = 40
"""Batches of which the batch norms of averaged weights have their statistics."""


class Training:
    """One run in the folder `out`: new or, with `resume`, from its newest checkpoint.

    `watch` stops the run when it has collapsed. `seen_before`: the fingerprint of the data that the task's starting
    weights were trained on; None where it has none.

    Raises:
        InputError: the folder holds a run and `resume` is not given, or a run on other data; training and validation
            share a scene or a person, or the starting weights were trained on the validation data.
        RecipeError: the run in the folder has another recipe, or `optim.start_share` is set and there are no starting
            weights.

    """

    def __init__(
        self,
        task: Task,
        train: Samples,
        validation: Samples,
        out: Path,
        *,
        resume: bool = False,
        seen_before: str | None = None,
        watch: CollapseWatch | None = None,
    ) -> None:
        check_disjoint(train, validation)
        if seen_before and validation.fingerprint in seen_before.split("+"):
            raise InputError("--start was trained on what is to be its validation; give other validation data")
        recipe = task.recipe
        run, optim = recipe.run, recipe.optim
        if optim.start_share and seen_before is None:
            raise RecipeError("optim.start_share: there are no weights to begin with; give --start, or leave it out")
        prepare_folder(out)
        self.task, self.recipe, self.out, self.console = task, recipe, out, Console()
        self.fabric = make_fabric(run.precision)
        torch.set_num_threads(run.threads)
        torch.default_generator.manual_seed(run.seed)
        network = channels_last(task.network())
        self.start = copy.deepcopy(network.state_dict()) if optim.start_share else None
        optimizer = make_optimizer(network, optim)
        self.model, self.optimizer = self.fabric.setup(network, optimizer)
        self.weights = Weights(network, copy.deepcopy(network), optimizer)
        seen = "+".join(filter(None, (seen_before, train.fingerprint)))
        self.about = About(0, recipe.model_dump(mode="json"), seen, validation.fingerprint, commit())
        self.watch = watch or CollapseWatch()
        self._resume(resume)
        self.positions = StepPositions(
            optim.batch_size,
            self.about.step,
            optim.steps,
            self.fabric.global_rank,
            self.fabric.world_size,
            optim.accumulate,
        )
        self.taught = DegradedSamples(train, task.camera(validating=False), run.seed)
        unseen = DegradedSamples(validation, task.camera(validating=True), None)
        self.training = training_batches(self.taught, self.positions, run.workers)
        self.validation = validation_batches(unseen, optim.batch_size, run.workers)
        self.show_every = max(1, len(validation) // _SHOWN)
        self.stopped = False

    def run(self, until: int | None = None) -> bool:
        """Train to the recipe's last step (or `until`) and return True; False where Ctrl-C or SIGTERM came first.

        Either way the newest checkpoint holds everything done.

        Raises:
            InputError: another process trains in the same folder.
            RecipeError: the watch stops the run, or its loss or gradient is no longer a number.
            WorkerError: a process that makes batches has died.

        """
        alone = alone_in(self.out) if self.fabric.is_global_zero else nullcontext()
        with alone, self._stop_on_signals(), deaths_told():
            try:
                return self._run(min(until or self.recipe.optim.steps, self.recipe.optim.steps))
            finally:
                self.training.dismiss()
                self.validation.dismiss()

    def _run(self, last: int) -> bool:
        first, every = self.about.step, self.recipe.run
        train_log = self._log("train.csv", first)
        window, saved_at = Window(), time.monotonic()
        batches = on_device(self.training, self.fabric.device)
        bar = progress("training", self.recipe.optim.steps, done=first, items="steps", console=self.console)
        with bar as advance:
            for step in range(first + 1, last + 1):
                window.waiting()
                together = [next(batches) for _ in range(self.recipe.optim.accumulate)]
                window.working()
                window.add(self._step(step - 1, together), sum(len(batch.alpha) for batch in together))
                self.about = replace(self.about, step=step)
                if step == self.recipe.optim.steps:
                    self._finish_average()
                advance(1)
                if step % every.log_every == 0 or step == last:
                    means = self._checked(window.means())
                    if train_log is not None:
                        train_log.add(step, means)
                    window = Window()
                due = step % every.checkpoint_every == 0 or time.monotonic() - saved_at > 60 * every.checkpoint_minutes
                if step % every.validate_every == 0 or step == self.recipe.optim.steps:
                    with window.paused():
                        due |= self._validate(step)
                stopped = self._stopped()
                if due or step == last or stopped:
                    self.save()
                    saved_at = time.monotonic()
                if stopped:
                    return False
        return True

    def _step(self, done: int, batches: Sequence[Batch]) -> dict[str, Tensor]:
        """One update after `done` others; what came out of it, unweighed, mean over its batches."""
        optim = self.recipe.optim
        lr = self.task.learning_rate(done)
        set_rate(self.optimizer, lr)
        self.model.train()
        self.optimizer.zero_grad()
        probe = Probe(self.weights.network) if self.watch.due(done + 1) else None
        parts: dict[str, Tensor] = {}
        for number, batch in enumerate(batches, 1):
            with cast("Any", self.fabric).no_backward_sync(self.model, enabled=number < len(batches)):
                inputs = self.task.inputs(batch)
                outputs = self.model(*inputs)
                loss, terms = self.task.objective(outputs, batch)
                if probe is not None and number == 1:
                    probe.look(inputs, self.task.heads(outputs, batch))
                self.fabric.backward(loss / len(batches))
            for name, value in {"loss": loss, **terms}.items():
                share = value.detach() / len(batches)
                parts[name] = parts[name] + share if name in parts else share
        norm = self.fabric.clip_gradients(
            self.model, self.optimizer, max_norm=optim.clip_norm, error_if_nonfinite=False
        )
        self.optimizer.step()
        if probe is not None:
            seen = probe.moved()
            if (log := self._log("watch.csv", done)) is not None:
                log.add(done + 1, row_of(seen))
            self.watch.see_step(done + 1, seen)
        update_average(self.weights.average, self.weights.network, optim.ema_decay, done)
        return {**parts, "lr": torch.tensor(lr), "gradient_norm": cast("Tensor", norm)}

    def _finish_average(self) -> None:
        """Mix the weights' average with what the run began with, where the recipe wants it, and settle its batch norms.

        The statistics of an average are not the average of statistics; samples yet unused give them.
        """
        optim = self.recipe.optim
        if not self.fabric.is_global_zero or (self.start is None and optim.ema_decay == 0):
            return
        if self.start is not None:
            mix(self.weights.average, self.start, optim.start_share)
        done = optim.steps * optim.accumulate * self.fabric.world_size
        positions = StepPositions(optim.batch_size, done, done + _SETTLING)
        batches = training_batches(self.taught, positions, self.recipe.run.workers)
        try:
            settle_norms(self.weights.average, map(self.task.inputs, on_device(batches, self.fabric.device)))
        finally:
            batches.dismiss()

    def _log(self, name: str, step: int) -> CsvLog | None:
        """One of the run's tables, where this process is the one that writes."""
        return CsvLog(self.out / name, step) if self.fabric.is_global_zero else None

    def _stopped(self) -> bool:
        """Whether any process was told to stop: all of them stop after the same step, or they would wait forever."""
        if self.fabric.world_size == 1:
            return self.stopped
        told = torch.tensor(float(self.stopped), device=self.fabric.device)
        return bool(cast("Any", self.fabric).all_reduce(told, reduce_op="sum") > 0)

    def _checked(self, means: dict[str, float]) -> dict[str, float]:
        if not math.isfinite(means["loss"]) or not math.isfinite(means["gradient_norm"]):
            raise RecipeError(
                f"step {self.about.step}: the loss or its gradient is no longer a number; lower optim.lr "
                f"({self.recipe.optim.lr:g}) or optim.clip_norm ({self.recipe.optim.clip_norm:g})"
            )
        return means

    def _validate(self, step: int) -> bool:
        """Judge the average of the weights; True where it is the best so far."""
        if not self.fabric.is_global_zero:
            return False
        batches = on_device(self.validation, self.fabric.device)
        sheet = self.out / f"sheet_{step:08d}.png"
        figures = self.task.judge(self.weights.average, batches, self.show_every, sheet)
        CsvLog(self.out / "validation.csv", step - 1).add(step, figures.row())
        self.console.print(heads_table(step, figures))
        best = self.about.best_loss is None or figures.loss < self.about.best_loss
        if best:
            self.about = replace(self.about, best_step=step, best_loss=figures.loss)
        if step > self.recipe.optim.warmup_steps:
            try:
                self.watch.see(step, figures.heads)
            except RecipeError:
                self.save()  # whoever knows better has all that was trained
                raise
        return best

    def save(self) -> None:
        """Write a checkpoint of what is done."""
        if self.fabric.is_global_zero:
            save_checkpoint(self.out, self.weights, self.about, self.watch.memory())

    def _resume(self, resume: bool) -> None:
        newest = newest_checkpoint(self.out)
        if newest is None:
            return
        if not resume:
            raise InputError(f"{self.out}: holds a run already; add --resume to go on with it, or give another --out")
        about = read_about(newest)
        if changed := first_change(recipe_from_json(type(self.recipe), about.recipe, str(newest)), self.recipe):
            raise RecipeError(f"{changed}: differs from the run in {self.out}; put it back, or give another --out")
        if (about.training_data, about.validation_data) != (self.about.training_data, self.about.validation_data):
            raise InputError(
                f"{self.out}: was trained on other data; give the same --data and --start, or another --out"
            )
        load_weights(newest, self.weights)
        recall(newest, self.watch)
        self.about = replace(about, recipe=self.about.recipe, commit=self.about.commit)

    @contextmanager
    def _stop_on_signals(self) -> Generator[None]:
        """Let Ctrl-C and SIGTERM end the run after the step they meet; the second one ends it at once."""

        def stop(number: int, _frame: FrameType | None) -> None:
            self.stopped = True
            signal.signal(number, signal.SIG_DFL)

        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
