"""The weights of the pretrained encoder, as `cleanplate assets` left them."""

from cleanplate.errors import InputError
from cleanplate.synth.pack import Arrays, encoder_folder, open_pack


def pretrained_weights() -> Arrays:
    """What `models.lite0.Lite0.load` takes.

    Raises:
        InputError: they are not there, or damaged.

    """
    folder = encoder_folder()
    if not folder.exists():
        raise InputError(
            f"{folder}: the pretrained encoder is not there; run  cleanplate assets  first, "
            "or begin with a model that has it: --start MODEL.onnx"
        )
    return open_pack(folder).arrays("lite0")
