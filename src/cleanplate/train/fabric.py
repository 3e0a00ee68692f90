"""Lightning Fabric as this project uses it: which device, which precision, how many processes."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import torch
from lightning_fabric import Fabric, wrappers
from torch import nn


def make_fabric(precision: str) -> Fabric:
    """Take the GPU where there is one, and as many processes as torchrun has started (one without it).

    `precision` "auto" means bf16 where the machine computes in it, else float32: a CPU without the instructions
    emulates bf16 some ten times slower than float32.
    """
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    nodes = int(os.environ.get("WORLD_SIZE", "1")) // local
    fabric = Fabric(
        accelerator="auto",
        devices=local,
        num_nodes=nodes,
        strategy="ddp" if local * nodes > 1 else "auto",
        precision="bf16-mixed" if precision == "bf16-mixed" or (precision == "auto" and _has_bf16()) else "32-true",
    )
    fabric.launch()
    return fabric


def _has_bf16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported()
    can = torch.cpu.get_capabilities()
    return bool(can.get("avx512_bf16") or can.get("amx_bf16"))


def channels_last(network: nn.Module) -> nn.Module:
    """The network with its weights laid out for the faster convolutions."""
    cast("Any", network).to(memory_format=torch.channels_last)  # torch's own types lack this form
    return network


@contextmanager
def looking_at_gradients() -> Generator[None]:
    """Let gradients be computed beside `fabric.backward`, without accumulating them.

    Fabric refuses any that do not come through its own call, for fear of a forgotten loss scale; it has no public way
    to say that they are only looked at.
    """
    private = cast("Any", wrappers)
    before, private._in_fabric_backward = private._in_fabric_backward, True
    try:
        yield
    finally:
        private._in_fabric_backward = before
