"""Read what an ONNX file says about itself, without running or even building it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cleanplate.contract import METADATA_KEY, Contract
from cleanplate.errors import ModelError
from cleanplate.imaging.decoding import check_file

_MAX_BYTES = 2**31 - 1  # protobuf's own limit
# field numbers of onnx.proto: ModelProto, OperatorSetIdProto, StringStringEntryProto
_IR_VERSION, _PRODUCER, _GRAPH, _OPSETS, _METADATA = 1, 2, 7, 8, 14
_DOMAIN, _VERSION = 1, 2
_KEY, _VALUE = 1, 2


@dataclass(frozen=True)
class ModelFile:
    """An ONNX file: its bytes, those of its graph, the opset and producer it names (None: it names none), metadata."""

    path: Path
    data: bytes
    graph: memoryview
    opset: int | None
    producer: str | None
    metadata: dict[str, str]

    @cached_property
    def sha256(self) -> str:
        """The hex digest of the file."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def weights(self) -> str:
        """The fingerprint ("sha256:...") of the graph: of every weight and node, not of the metadata."""
        return f"sha256:{hashlib.sha256(self.graph).hexdigest()}"

    @cached_property
    def contract(self) -> Contract:
        """What the model promises.

        Raises:
            ModelError: a model of somebody else, for another version of cleanplate, or not as it was exported.

        """
        text = self.metadata.get(METADATA_KEY)
        if text is None:
            raise ModelError(f"{self.path}: carries no cleanplate contract; give a model made by `cleanplate export`")
        contract = Contract.from_json(text, str(self.path))
        if contract.weights != self.weights:
            raise ModelError(f"{self.path}: its weights are not those it was exported with; copy or export it again")
        return contract


def read_model_file(path: Path) -> ModelFile:
    """Read an ONNX file's own description.

    Raises:
        ModelError: missing, empty, no ordinary file, no ONNX file, cut off.

    """
    check_file(path, "model (.onnx)", ModelError)
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path}: is larger than 2 GB; give an ONNX file made by `cleanplate export`")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{path}: the model cannot be read ({error.strerror}); check its name and permissions"
        ) from error
    try:
        return _parse(path, data)
    except ValueError:
        raise ModelError(f"{path}: is no ONNX model, or damaged or cut off; copy or export it again") from None


def _parse(path: Path, data: bytes) -> ModelFile:
    opset, producer, graph, metadata, seen = None, None, memoryview(b""), dict[str, str](), set[int]()
    for number, value in _fields(memoryview(data)):
        if number == _GRAPH and number in seen:
            raise ValueError("two graphs")  # which protobuf would merge: what is compared would not be what runs
        seen.add(number)
        if number == _PRODUCER:
            producer = _text(value)
        elif number == _GRAPH:
            graph = _bytes(value)
        elif number == _OPSETS:
            entry = dict(_fields(_bytes(value)))
            version = entry.get(_VERSION)
            if _text(entry.get(_DOMAIN, memoryview(b""))) in {"", "ai.onnx"} and isinstance(version, int):
                opset = version
        elif number == _METADATA:
            entry = dict(_fields(_bytes(value)))
            metadata[_text(entry.get(_KEY, memoryview(b"")))] = _text(entry.get(_VALUE, memoryview(b"")))
    if not {_IR_VERSION, _GRAPH} <= seen:
        raise ValueError("no graph")
    return ModelFile(path, data, graph, opset, producer, metadata)


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of one protobuf message: number and value, nested messages left as bytes; ValueError if malformed.

    Source: https://protobuf.dev/programming-guides/encoding/
    """
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            value, at = _varint(data, at)
            yield number, value
            continue
        if wire_type == 2:
            length, at = _varint(data, at)
        elif wire_type in {1, 5}:
            length = 8 if wire_type == 1 else 4
        else:
            raise ValueError(f"wire type {wire_type}")
        if at + length > len(data):
            raise ValueError("cut off")
        yield number, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("cut off")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("varint too long")


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_bytes(value)).decode()  # UnicodeDecodeError is a ValueError
