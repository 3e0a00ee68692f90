"""A model runs as its contract says, or is refused in one sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import ModelError, UsageError
from cleanplate.imaging.resize import resize
from cleanplate.runtime import session as session_module
from cleanplate.runtime.session import Session

ModelMaker = Callable[..., Path]


def test_the_network_gets_rgb_in_0_to_1_at_its_own_size(difference_model: Path) -> None:
    rng = np.random.default_rng(0)
    plate, shot = rng.random((64, 96, 3), np.float32), rng.random((64, 96, 3), np.float32)
    alpha, disparity, plate_disparity = Session(difference_model).run(plate, shot)
    small_plate, small_shot = resize(plate, (32, 48)), resize(shot, (32, 48))
    assert alpha == pytest.approx(np.clip(4 * np.abs(small_shot - small_plate).mean(axis=2), 0, 1), abs=1e-5)
    assert disparity == pytest.approx(small_shot.mean(axis=2), abs=1e-5)
    assert plate_disparity == pytest.approx(small_plate.mean(axis=2), abs=1e-5)


def test_a_model_can_be_named_by_a_word(difference_model: Path) -> None:
    assert Session(str(difference_model)).path == difference_model


def test_a_plate_can_be_looked_at_smaller(difference_model: Path) -> None:
    plate = np.random.default_rng(0).random((64, 96, 3), np.float32)
    session = Session(difference_model)
    seen = session.see(plate, 0.75)
    assert seen.size_hw == (24, 32)
    assert session.run(seen, plate)[2] == pytest.approx(resize(plate, (24, 32)).mean(axis=2), abs=1e-5)


@pytest.mark.parametrize("size_hw", [(16, 16), (16, 64), (200, 50), (33, 47)])
def test_any_size_of_picture_is_taken(difference_model: Path, size_hw: tuple[int, int]) -> None:
    picture = np.zeros((*size_hw, 3), np.float32)
    alpha, disparity, plate_disparity = Session(difference_model).run(picture, picture)
    assert min(alpha.shape) == 32
    assert alpha.shape == disparity.shape == plate_disparity.shape


def test_a_foreign_onnx_file_is_refused(make_model: ModelMaker) -> None:
    with pytest.raises(ModelError, match="carries no cleanplate contract"):
        Session(make_model(without_contract=True))


@pytest.mark.parametrize(
    ("broken", "reason"), [("names", "its graph has"), ("channels", r"not float32 \(1, 1, h, w\)")]
)
def test_a_graph_that_is_not_what_the_contract_says_is_refused(
    make_model: ModelMaker, broken: str, reason: str
) -> None:
    with pytest.raises(ModelError, match=reason):
        Session(make_model(broken=broken))


def test_a_graph_of_fixed_size_is_refused(make_model: ModelMaker) -> None:
    with pytest.raises(ModelError, match="has the fixed size"):
        Session(make_model(size=(32, 48)))


def test_values_that_are_not_finite_are_refused(make_model: ModelMaker) -> None:
    picture = np.zeros((32, 32, 3), np.float32)
    with pytest.raises(ModelError, match="plate_disparity holds NaN"):
        Session(make_model(broken="NaN")).run(picture, picture)


def test_alpha_never_leaves_0_to_1(make_model: ModelMaker) -> None:
    black, white = np.zeros((32, 32, 3), np.float32), np.ones((32, 32, 3), np.float32)
    assert Session(make_model(broken="alpha", gain=4)).run(black, white)[0].max() == 1
    assert Session(make_model(broken="alpha", gain=-4)).run(black, white)[0].min() == 0


def test_onnxruntimes_own_warnings_are_not_shown(difference_model: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Session(difference_model)  # holds a constant that nothing uses, which onnxruntime would remark on
    assert capfd.readouterr() == ("", "")


def test_a_graph_that_onnxruntime_cannot_load_is_one_quiet_sentence(
    make_model: ModelMaker, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ModelError, match=r"difference\.onnx: onnxruntime .* cannot load this model") as caught:
        Session(make_model(broken="operator"))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_a_model_of_another_format_is_refused_before_its_graph_is_built(make_model: ModelMaker) -> None:
    with pytest.raises(ModelError, match="made for model format 7, this cleanplate reads 3: update cleanplate"):
        Session(make_model(contract={"format": 7}, broken="names"))


def test_without_a_shipped_model_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "SHIPPED_MODEL", tmp_path / "first.onnx")
    with pytest.raises(ModelError, match="name one with --model"):
        Session()


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5"])
def test_a_number_of_threads_that_is_none_is_wrong_usage(
    difference_model: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CLEANPLATE_THREADS", value)
    with pytest.raises(UsageError, match="CLEANPLATE_THREADS is"):
        Session(difference_model)
    Session(difference_model, num_threads=1)
