"""Other people's networks, of packages that are loaded only when asked for; neither looks at the plate."""

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from cleanplate.errors import ToolError, UsageError
from cleanplate.evaluate.stress.pairs import Codes
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float

Matter = Callable[[Codes], Image]
"""A shot (h, w, 3) uint8 to alpha (h, w) in [0, 1]."""


def rembg_matte(model: Path | None) -> Matter:
    """U2Net through the package rembg: https://github.com/danielgatis/rembg.

    Args:
        model: a U2Net ONNX file; None lets rembg fetch the one it knows.

    Raises:
        UsageError: the package is not installed. ToolError: the network cannot be had.
    """
    rembg = _package("rembg", "rembg[cpu]")
    try:
        if model is None:
            session: Any = rembg.new_session("u2net")
        else:
            os.environ["U2NET_HOME"] = str(model.resolve().parent)  # newer versions load models from there alone
            session = rembg.new_session("u2net_custom", model_path=str(model.resolve()))
    except Exception as error:  # whatever its downloader and onnxruntime like
        raise ToolError(f"rembg: cannot load U2Net ({_brief(error)}); name its file with --model") from error
    return lambda shot: to_float(np.asarray(rembg.remove(shot, session=session, only_mask=True), np.uint8))


def mediapipe_matte(model: Path | None) -> Matter:
    """A person segmenter through the package mediapipe: https://ai.google.dev/edge/mediapipe.

    Args:
        model: a segmenter's .tflite file for its Tasks interface; None takes the selfie segmenter that older versions
            of the package carry.

    Raises:
        UsageError: the package is not installed. ToolError: it carries no segmenter, or cannot load this one.
    """
    mediapipe = _package("mediapipe", "mediapipe")
    try:
        return _carried_segmenter(mediapipe) if model is None else _task_segmenter(mediapipe, model)
    except Exception as error:  # its errors share no base of their own
        raise ToolError(f"mediapipe: cannot load a segmenter ({_brief(error)}); name one with --model") from error


def _carried_segmenter(mediapipe: Any) -> Matter:
    segmenter = mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0)
    return lambda shot: np.asarray(segmenter.process(shot).segmentation_mask, np.float32)


def _task_segmenter(mediapipe: Any, model: Path) -> Matter:
    vision = mediapipe.tasks.vision
    options = vision.ImageSegmenterOptions(
        base_options=mediapipe.tasks.BaseOptions(model_asset_path=str(model)), output_confidence_masks=True
    )
    segmenter = vision.ImageSegmenter.create_from_options(options)

    def matte(shot: Codes) -> Image:
        given = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=np.ascontiguousarray(shot))
        masks = segmenter.segment(given).confidence_masks
        confidence = np.asarray(masks[0].numpy_view(), np.float32).reshape(shot.shape[:2])
        # Of one mask it is the person's, of several the first is the background's.
        return confidence if len(masks) == 1 else 1 - confidence

    return matte


def _package(name: str, wanted: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise UsageError(f"--tool {name} needs the package {name}: install it with  pip install '{wanted}'") from error


def _brief(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
