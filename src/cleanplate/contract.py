"""What a model file promises: the JSON that travels in its metadata, read strictly."""

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cleanplate.errors import ModelError
from cleanplate.imaging.jsonfile import parsed_object

METADATA_KEY = "cleanplate"
"""The key of the ONNX metadata entry that holds the contract."""

FORMAT = 3
"""The format number this version writes, and the only one it reads."""

INPUTS = ("plate", "shot")
"""Each float32 (1, 3, h, w), RGB in [0, 1]; h and w any multiples of `multiple_px`."""

OUTPUTS = ("alpha", "disparity", "plate_disparity")
"""Each float32 (1, 1, h, w): coverage 0..1; the foreground layer's and the plate's disparity, on one unknown scale."""


def input_names(num_features: int) -> tuple[str, ...]:
    """All inputs: after plate and shot, what the network saw in the plate when that was given as the shot.

    Feature K is (1, channels, h / 2^(K+1), w / 2^(K+1)). Of a camera that stands still it is worked out once.

    >>> input_names(1)
    ('plate', 'shot', 'plate_feature_0')
    """
    return (*INPUTS, *(f"plate_feature_{index}" for index in range(num_features)))


def output_names(num_features: int) -> tuple[str, ...]:
    """All outputs: after the maps, what the network saw in the shot, of the same shapes.

    >>> output_names(1)
    ('alpha', 'disparity', 'plate_disparity', 'shot_feature_0')
    """
    return (*OUTPUTS, *(f"shot_feature_{index}" for index in range(num_features)))


NO_PLATE = 0.5
"""The value of every pixel of the plate that stands for "there is none"."""

Precision = Literal["float32", "int8"]
"""What a model computes in, most of its convolutions at least; inputs and outputs are float32 either way."""

MAX_ASPECT = 4
"""The network's long side is at most this many times its short side."""


@dataclass(frozen=True)
class Contract:
    """What a model file promises.

    `name` and `version` say which model it is, `licence` under what it may be used, `training_data` the fingerprint
    ("sha256:...") of what it was trained on, `commit` the code that trained it. `weights` is the fingerprint of the
    graph beside the contract, every weight and node of it (`runtime.model_file` compares it), `precision` what it
    computes in. The network is fed pictures whose shorter side has `short_side_px` pixels, both sides multiples of
    `multiple_px`, values in `input_range`. `without_plate`: it has learnt to matte people where the plate is NO_PLATE.
    `inputs` and `outputs`: `input_names` and `output_names` of so many features.

    Raises:
        ValueError: a value that makes no sense.

    """

    name: str
    version: str
    licence: str
    training_data: str
    commit: str
    weights: str
    short_side_px: int
    multiple_px: int
    precision: Precision = "float32"
    without_plate: bool = False
    input_range: tuple[float, float] = (0.0, 1.0)
    inputs: tuple[str, ...] = INPUTS
    outputs: tuple[str, ...] = OUTPUTS

    def __post_init__(self) -> None:
        for key in ("name", "version", "licence", "training_data", "commit", "weights"):
            if not getattr(self, key):
                raise ValueError(f"{key} is empty")
        if not 1 <= self.multiple_px <= self.short_side_px <= 4096:
            raise ValueError(
                f"short_side_px {self.short_side_px} and multiple_px {self.multiple_px} do not fit "
                "(1 <= multiple_px <= short_side_px <= 4096)"
            )
        if self.precision not in get_args(Precision):
            raise ValueError(
                f"precision is {self.precision!r}, and format {FORMAT} has {' and '.join(get_args(Precision))}"
            )
        names = ("inputs", input_names(self.num_features)), ("outputs", output_names(self.num_features))
        for key, known in (("input_range", (0.0, 1.0)), *names):
            if getattr(self, key) != known:
                raise ValueError(f"{key} is {getattr(self, key)}, and format {FORMAT} has {known}")

    @property
    def num_features(self) -> int:
        """How many features of the plate it is given, and of the shot it gives."""
        return max(0, len(self.inputs) - len(INPUTS))

    @property
    def title(self) -> str:
        """How a report names the model: "eleventh 1 (int8)"; `weights` alone tells two of one title apart."""
        return f"{self.name} {self.version} ({self.precision})"

    def to_json(self) -> str:
        """The contract as one JSON object; `from_json` reads it back."""
        return json.dumps({"format": FORMAT, **self.__dict__})

    @staticmethod
    def from_json(text: str, where: str) -> "Contract":
        """Read a contract; `where` (the model file) begins every error.

        Raises:
            ModelError: another format number, keys missing or unknown, wrong types, values that make no sense.

        """
        try:
            fields = parsed_object(text)
        except ValueError:
            raise ModelError(f"{where}: its contract is not JSON; export the model again") from None
        if fields is None:
            raise ModelError(f"{where}: its contract is not a JSON object; export the model again")
        return _from_fields(fields, where)


_TYPES: dict[str, type] = {
    "name": str,
    "version": str,
    "licence": str,
    "training_data": str,
    "commit": str,
    "weights": str,
    "short_side_px": int,
    "multiple_px": int,
    "precision": str,
    "without_plate": bool,
    "input_range": list,
    "inputs": list,
    "outputs": list,
}


def _from_fields(fields: dict[str, Any], where: str) -> Contract:
    number = fields.pop("format", None)
    if type(number) is not int:
        raise ModelError(f"{where}: its contract has no format number; export the model again")
    if number != FORMAT:
        remedy = "update cleanplate" if number > FORMAT else "export the model again"
        raise ModelError(f"{where}: made for model format {number}, this cleanplate reads {FORMAT}: {remedy}")
    missing, unknown = sorted(_TYPES.keys() - fields.keys()), sorted(fields.keys() - _TYPES.keys())
    if missing or unknown:
        problem = f"lacks {', '.join(missing)}" if missing else f"has unknown {', '.join(unknown)}"
        raise ModelError(f"{where}: its contract {problem}; export the model again")
    for key, kind in _TYPES.items():
        if type(fields[key]) is not kind:  # not isinstance: true is an int
            raise ModelError(f"{where}: its contract's {key} is {fields[key]!r}, not of type {kind.__name__}")
        if kind is list:
            fields[key] = tuple(fields[key])
    try:
        return Contract(**fields)
    except ValueError as error:
        raise ModelError(f"{where}: its contract's {error}; export the model again") from None


def network_size(size_hw: tuple[int, int], contract: Contract, share: float = 1.0) -> tuple[int, int]:
    """The size at which a picture is fed to the network, or a `share` of that.

    The shorter side becomes `short_side_px`, whether that shrinks or enlarges, the longer follows the aspect ratio up
    to four times the shorter; both are rounded to `multiple_px`. A size that came out of here stays as it is.

    >>> contract = Contract("first", "1", "Apache-2.0", "sha256:0", "0", "sha256:1", short_side_px=192, multiple_px=32)
    >>> network_size((1080, 1920), contract)
    (192, 352)

    """
    multiple = contract.multiple_px
    short = max(1, round(share * contract.short_side_px / multiple)) * multiple
    aspect = min(max(size_hw) / min(size_hw), MAX_ASPECT)
    long = max(1, round(short * aspect / multiple)) * multiple
    return (short, long) if size_hw[0] <= size_hw[1] else (long, short)
