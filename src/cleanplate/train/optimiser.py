"""What moves the weights: the learning rate of a step, and AdamW."""

import math

import torch
from torch import nn

from cleanplate.models import lite0
from cleanplate.train.recipe import Optim

_FINAL_LR = 0.01  # of the highest


def learning_rate(step: int, optim: Optim) -> float:
    """Linear warm-up to `lr`, then half a cosine down to a hundredth of it; a pure function of the step."""
    if step < optim.warmup_steps:
        return optim.lr * (step + 1) / optim.warmup_steps
    progress = (step - optim.warmup_steps) / max(1, optim.steps - optim.warmup_steps)
    return optim.lr * (_FINAL_LR + (1 - _FINAL_LR) * 0.5 * (1 + math.cos(math.pi * progress)))


def make_optimizer(network: nn.Module, optim: Optim) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019) whose weight decay spares biases and batch norms, of what is to be trained.

    A pretrained encoder's groups have `encoder_lr / lr` of the step's rate (`set_rate`), all others have it as it is.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            share = optim.encoder_lr / optim.lr if name.startswith(lite0.PREFIX) else 1.0
            groups.setdefault((share, optim.weight_decay if parameter.ndim > 1 else 0.0), []).append(parameter)
    tables = [{"params": them, "share": share, "weight_decay": decay} for (share, decay), them in groups.items()]
    return torch.optim.AdamW(tables, lr=optim.lr, fused=True)


def set_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    """Give every group its share of a step's learning rate; `optimizer` is of `make_optimizer`."""
    for group in optimizer.param_groups:
        group["lr"] = lr * group["share"]
