"""A model file's promise is read strictly, and a broken one is one sentence."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleanplate.contract import Contract, network_size
from cleanplate.errors import ModelError

FIRST = Contract(
    "first", "1.0.0", "Apache-2.0", "sha256:abc", "0123abc", "sha256:def", short_side_px=192, multiple_px=32
)


def changed(**fields: Any) -> str:
    return json.dumps({**json.loads(FIRST.to_json()), **fields})


def test_a_contract_survives_the_way_through_json() -> None:
    assert Contract.from_json(FIRST.to_json(), "m.onnx") == FIRST


def test_the_json_of_format_3_stays_what_it_is() -> None:
    assert json.loads(FIRST.to_json()) == {
        "format": 3,
        "name": "first",
        "version": "1.0.0",
        "licence": "Apache-2.0",
        "training_data": "sha256:abc",
        "commit": "0123abc",
        "weights": "sha256:def",
        "short_side_px": 192,
        "multiple_px": 32,
        "precision": "float32",
        "without_plate": False,
        "input_range": [0.0, 1.0],
        "inputs": ["plate", "shot"],
        "outputs": ["alpha", "disparity", "plate_disparity"],
    }


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (changed(format=4), "m.onnx: made for model format 4, this cleanplate reads 3: update cleanplate"),
        (changed(format=2), "m.onnx: made for model format 2, this cleanplate reads 3: export the model again"),
        (changed(format="1"), "no format number"),
        (changed(format=True), "no format number"),
        (changed(colour="blue"), "has unknown colour"),
        (json.dumps({"format": 3, "name": "x"}), "lacks commit, input_range"),
        (changed(short_side_px="192"), "short_side_px is '192', not of type int"),
        (changed(multiple_px=True), "multiple_px is True, not of type int"),
        (changed(name=None), "name is None, not of type str"),
        (changed(licence=""), "licence is empty"),
        (changed(weights=""), "weights is empty"),
        (changed(without_plate=1), "without_plate is 1, not of type bool"),
        (changed(precision="int4"), "precision is 'int4', and format 3 has float32 and int8"),
        (changed(short_side_px=-1), "do not fit"),
        (changed(multiple_px=0), "do not fit"),
        (changed(short_side_px=10**9), "do not fit"),
        (changed(input_range=[0, 255]), "input_range is (0, 255)"),
        (changed(outputs=["alpha"]), "outputs is ('alpha',)"),
        (changed(inputs=["plate", "shot", "plate_feature_0"]), "outputs is ('alpha', 'disparity', 'plate_disparity')"),
        (changed(inputs=["plate", "shot", "plate_feature_1"]), "inputs is ('plate', 'shot', 'plate_feature_1')"),
        ("no json", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a JSON object"),
    ],
)
def test_a_broken_contract_is_one_sentence_that_names_the_file(text: str, sentence: str) -> None:
    with pytest.raises(ModelError) as caught:
        Contract.from_json(text, "m.onnx")
    assert str(caught.value).startswith("m.onnx: ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


SIDE = st.integers(16, 8000)


@given(SIDE, SIDE, st.integers(16, 600), st.sampled_from([1, 8, 32]))
def test_the_networks_size_keeps_its_rule(height: int, width: int, short_side_px: int, multiple_px: int) -> None:
    contract = replace(FIRST, short_side_px=max(short_side_px, multiple_px), multiple_px=multiple_px)
    size = network_size((height, width), contract)
    assert size[0] % multiple_px == size[1] % multiple_px == 0
    assert abs(min(size) - contract.short_side_px) <= multiple_px / 2
    assert max(size) <= 4 * min(size)
    assert (size[0] <= size[1]) == (height <= width) or size[0] == size[1]
    aspect = min(4.0, max(height, width) / min(height, width))
    assert abs(max(size) - aspect * min(size)) <= multiple_px / 2
    assert network_size(size, contract) == size


@pytest.mark.parametrize(
    ("size_hw", "fed"),
    [((1080, 1920), (192, 352)), ((1920, 1080), (352, 192)), ((16, 16), (192, 192)), ((100, 8000), (192, 768))],
)
def test_small_pictures_are_enlarged_and_long_ones_bounded(size_hw: tuple[int, int], fed: tuple[int, int]) -> None:
    assert network_size(size_hw, FIRST) == fed
