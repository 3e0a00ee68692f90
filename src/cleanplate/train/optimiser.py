"""What moves the weights: the learning rate of a step, AdamW, and the average of weights that is kept."""

import math

import torch
from torch import nn

from cleanplate.train.recipe import Optim

_FINAL_LR = 0.01  # of the highest


def learning_rate(step: int, optim: Optim) -> float:
    """Linear warm-up to `lr`, then half a cosine down to a hundredth of it; a pure function of the step."""
    if step < optim.warmup_steps:
        return optim.lr * (step + 1) / optim.warmup_steps
    progress = (step - optim.warmup_steps) / max(1, optim.steps - optim.warmup_steps)
    return optim.lr * (_FINAL_LR + (1 - _FINAL_LR) * 0.5 * (1 + math.cos(math.pi * progress)))


def make_optimizer(network: nn.Module, optim: Optim) -> torch.optim.AdamW:
    """AdamW (Loshchilov & Hutter 2019) whose weight decay spares biases and batch norms, of what is to be trained."""
    trained = [p for p in network.parameters() if p.requires_grad]
    decayed, spared = [p for p in trained if p.ndim > 1], [p for p in trained if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": optim.weight_decay}, {"params": spared, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=optim.lr, fused=True)


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move `average`'s weights and batch statistics toward `network`'s; early on it forgets faster than `decay`."""
    keep = min(decay, (1 + step) / (10 + step))
    for old, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if old.is_floating_point():
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)
