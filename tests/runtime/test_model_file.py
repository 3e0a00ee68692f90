"""What an ONNX file says about itself is read without any ONNX library, and nothing else is taken for one."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.errors import ModelError
from cleanplate.runtime.model_file import read_model_file


def test_a_model_tells_its_opset_producer_and_contract(difference_model: Path) -> None:
    file = read_model_file(difference_model)
    assert (file.opset, file.producer) == (18, "tests")
    assert file.contract.name == "difference"
    assert file.contract.short_side_px == 32


@pytest.mark.parametrize("content", [b"\n", b"this is text\n" * 100, b"\x89PNG\r\n\x1a\n", bytes(1000)])
def test_another_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"m\.onnx: is no ONNX model, or damaged"):
        read_model_file(path)


def test_a_cut_off_model_is_refused_wherever_it_ends(tmp_path: Path, difference_model: Path) -> None:
    data = difference_model.read_bytes()
    path = tmp_path / "m.onnx"
    for end in range(0, len(data), 37):
        path.write_bytes(data[:end])
        with pytest.raises(ModelError, match=r"m\.onnx: "):
            _ = read_model_file(path).contract


def test_a_model_that_lost_its_last_bytes_is_called_damaged(tmp_path: Path, difference_model: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(difference_model.read_bytes()[:-5])
    with pytest.raises(ModelError, match="damaged or cut off"):
        read_model_file(path)


def test_a_changed_bit_in_any_weight_is_noticed(tmp_path: Path, make_model: Callable[..., Path]) -> None:
    whole = bytearray(make_model(gain=3.0, drift=5.0).read_bytes())
    path = tmp_path / "m.onnx"
    for weight in (3.0, 5.0):
        at = whole.index(struct.pack("<f", weight))
        for bit in range(32):
            damaged = whole.copy()
            damaged[at + bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            with pytest.raises(ModelError, match=r"m\.onnx: its weights are not those it was exported with; copy or"):
                _ = read_model_file(path).contract
    path.write_bytes(whole)
    assert read_model_file(path).contract.weights == read_model_file(path).weights


def test_a_second_graph_behind_the_first_is_refused(tmp_path: Path, difference_model: Path) -> None:
    file = read_model_file(difference_model)
    path = tmp_path / "m.onnx"
    path.write_bytes(file.data + b"\x3a\x00")  # field 7, empty: protobuf would merge it into the first
    with pytest.raises(ModelError, match=r"m\.onnx: is no ONNX model, or damaged"):
        read_model_file(path)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_model_or_one_sentence(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.onnx"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"any\.onnx: "):
        _ = read_model_file(path).contract


def test_a_missing_model_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="there is no such file"):
        read_model_file(tmp_path / "none.onnx")
    with pytest.raises(ModelError, match="is a folder"):
        read_model_file(tmp_path)
    with pytest.raises(ModelError, match="cannot be read"):
        read_model_file(tmp_path / ("x" * 300))
