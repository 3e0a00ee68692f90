"""The average of a run's weights, which is what is exported: along the way, and at the end with where the run began."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - what all batch norms are


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """Every batch norm of a network, whatever it is of."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float, step: int) -> None:
    """Move `average`'s weights and batch statistics toward `network`'s; early on it forgets faster than `decay`."""
    keep = min(decay, (1 + step) / (10 + step))
    _move(average, network.state_dict(), 1 - keep)


@torch.no_grad()
def mix(average: nn.Module, start: Mapping[str, Tensor], share: float) -> None:
    """Mix into `average` the weights `start` that the run began with: (1 - share) * average + share * start.

    What was learnt before is kept where the run had nothing to teach. Batch norms' statistics are mixed as well, but
    then fit neither network: call `settle_norms` afterwards.

    Source: Wortsman et al., Robust Fine-tuning of Zero-shot Models, 2022.
    """
    _move(average, start, share)


@torch.no_grad()
def settle_norms(network: nn.Module, batches: Iterable[tuple[Tensor, ...]]) -> None:
    """Give every batch norm the mean statistics of some batches of the network's inputs; nothing else changes.

    Source: Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, 2018, section 3.2.
    """
    norms = batch_norms(network)
    momenta, training = [norm.momentum for norm in norms], network.training
    network.eval()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # all batches alike
        norm.train()
    for inputs in batches:
        network(*inputs)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    network.train(training)


def _move(average: nn.Module, toward: Mapping[str, Tensor], share: float) -> None:
    for name, old in average.state_dict().items():
        if old.is_floating_point():
            old.lerp_(toward[name], share)
        else:
            old.copy_(toward[name])
