"""Checkpoints: a folder of safetensors and JSON each (docs/formats.md), never a pickle."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from cleanplate.errors import InputError
from cleanplate.imaging.jsonfile import Wanted, check_fields, is_count, is_table, is_text, read_object
from cleanplate.train.growth import grown
from cleanplate.train.runs import ABOUT, checkpoints_of
from cleanplate.train.watch import CollapseWatch

FORMAT = 1
"""The format number this version writes, and the only one it reads."""

AVERAGE = "ema.safetensors"
"""The file of the averaged weights."""

_DELETE = "delete that checkpoint, and --resume takes the one before it"
_WATCH = "watch.json"

_KEEP = 2


@dataclass(frozen=True)
class About:
    """What `checkpoint.json` says: `step` counts finished steps, `best_*` is the least validation loss and its step."""

    step: int
    recipe: dict[str, Any]
    training_data: str
    validation_data: str
    commit: str
    best_step: int | None = None
    best_loss: float | None = None
    format: int = FORMAT


_WANTED: Wanted = {
    "step": lambda value: value == 0 or is_count(value),
    "recipe": is_table,
    "training_data": is_text,
    "validation_data": is_text,
    "commit": is_text,
    "best_step": lambda value: value is None or is_count(value),
    "best_loss": lambda value: value is None or isinstance(value, (int, float)),
    "format": is_count,
}
"""Every field of an `About`."""


@dataclass(frozen=True)
class Weights:
    """Everything that a run changes: the network, the average of it that is exported, and AdamW's memory."""

    network: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer


def save_checkpoint(run: Path, weights: Weights, about: About, watched: str | None = None) -> Path:
    """Write `RUN/checkpoints/step_00000500/` whole or not at all; keep the last two and the best.

    `watched`: the memory of the run's collapse watch.
    """
    folder = run / "checkpoints" / f"step_{about.step:08d}"
    tensors = {
        "model.safetensors": weights.network.state_dict(),
        AVERAGE: weights.average.state_dict(),
        "optimizer.safetensors": _optimizer_tensors(weights),
    }
    _write(folder, tensors, about, watched)
    for old in checkpoints_of(run)[:-_KEEP]:
        if old.name != f"step_{about.best_step or -1:08d}":
            shutil.rmtree(old)
    return folder


def save_average(folder: Path, network: nn.Module, about: About) -> None:
    """Write a checkpoint with averaged weights alone, whole or not at all: enough to export, or to begin with."""
    _write(folder, {AVERAGE: network.state_dict()}, about)


def _write(folder: Path, tensors: Mapping[str, Mapping[str, Tensor]], about: About, watched: str | None = None) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        for name, values in tensors.items():
            (partial / name).write_bytes(save(_plain(values)))
        (partial / ABOUT).write_text(json.dumps(asdict(about), indent=1) + "\n", encoding="utf-8")
        if watched is not None:
            (partial / _WATCH).write_text(watched, encoding="utf-8")
        if folder.exists():  # the same step once more, from a resumed run: the same content
            shutil.rmtree(folder)
        os.replace(partial, folder)  # noqa: PTH105 - one atomic step, on a folder
    except (OSError, SafetensorError) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise InputError(f"{folder}: cannot be written ({error}); free some space or give another --out") from error


def read_about(folder: Path) -> About:
    """Read `checkpoint.json`.

    Raises:
        InputError: it is missing, damaged, or of another format.

    """
    path = folder / ABOUT
    table = read_object(path, _DELETE)
    if table is None:
        raise InputError(f"{folder}: is no checkpoint (no {ABOUT}); give RUN/checkpoints/step_...")
    if table.get("format", FORMAT) != FORMAT:
        raise InputError(
            f"{path}: has format {table['format']}, this cleanplate reads {FORMAT}; use the one that wrote it"
        )
    check_fields(path, table, _WANTED, _DELETE)
    if unknown := table.keys() - _WANTED.keys():
        raise InputError(f"{path}: has unknown {', '.join(sorted(unknown))}; {_DELETE}")
    about = About(**table)
    model: Any = about.recipe.get("model")
    if isinstance(model, dict) and model.get("pretrained") and "own_levels" not in model:  # pyright: ignore[reportUnknownMemberType]
        raise InputError(
            f"{path}: its encoder was padded otherwise than this cleanplate pads it; "
            f"use the one that wrote it (commit {about.commit})"
        )
    return about


def recall(folder: Path, watch: CollapseWatch) -> None:
    """Give a collapse watch the memory that a checkpoint holds; those of earlier versions hold none.

    Raises:
        InputError: it is damaged.

    """
    path = folder / _WATCH
    if not path.exists():
        return
    try:
        watch.recall(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{path}: is not what cleanplate writes; {_DELETE}") from None


def load_weights(folder: Path, weights: Weights) -> None:
    """Put a checkpoint's weights, average and optimizer state where they came from, bit for bit.

    Raises:
        InputError: a file is missing, damaged, or of another network.

    """
    load_network(folder / "model.safetensors", weights.network)
    load_network(folder / AVERAGE, weights.average)
    stored = _load_file(folder / "optimizer.safetensors")
    trained = dict(_trained(weights.network))
    try:
        # A weight that the loss does not reach has no memory.
        for name in dict.fromkeys(key.rpartition(".")[0] for key in stored):
            parameter = trained[name]
            # In the parameter's own memory layout: the fused kernels walk both side by side.
            moments = {
                key: torch.empty_like(parameter).copy_(stored[f"{name}.{key}"]) for key in ("exp_avg", "exp_avg_sq")
            }
            weights.optimizer.state[parameter] = {"step": stored[f"{name}.step"].to(parameter.device), **moments}
    except (KeyError, RuntimeError):
        raise InputError(f"{folder / 'optimizer.safetensors'}: belongs to another network") from None


def load_network(path: Path, network: nn.Module, *, narrower: bool = False) -> None:
    """Load a safetensors file into a network of the same shape; with `narrower` also that of a narrower one (`growth`).

    Raises:
        InputError: the file is missing, damaged, or of another network.

    """
    try:
        state = _load_file(path)
        network.load_state_dict(grown(state, network) if narrower else state)
    except RuntimeError:
        raise InputError(f"{path}: belongs to another network; its recipe's table `model` differs") from None


def _load_file(path: Path) -> dict[str, Tensor]:
    try:
        return load(path.read_bytes())
    except (OSError, SafetensorError) as error:
        raise InputError(f"{path}: cannot be read ({error}); {_DELETE}") from None


def _optimizer_tensors(weights: Weights) -> dict[str, Tensor]:
    def tensors() -> Iterator[tuple[str, Tensor]]:
        for name, parameter in _trained(weights.network):
            state = cast("Mapping[str, Tensor]", weights.optimizer.state[parameter])
            yield from ((f"{name}.{key}", value) for key, value in state.items())

    return dict(tensors())


def _trained(network: nn.Module) -> list[tuple[str, nn.Parameter]]:
    return [(name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad]


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
