"""Somebody else's depth network is asked as it wants to be, or refused in one sentence."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from cleanplate.errors import ModelError
from cleanplate.imaging.resize import resize
from cleanplate.runtime.teacher import Teacher, TeacherCall

ModelMaker = Callable[..., Path]
PICTURE = np.random.default_rng(5).random((48, 64, 3), np.float32)
GREY = PICTURE.mean(2)


def call(model: Path, **more: object) -> TeacherCall:
    return TeacherCall(model, "disparity", **more)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("takes", [(1, 3, "h", "w"), ("n", 3, "h", "w"), (1, "h", "w", 3), ("n", "c", "h", "w")])
@pytest.mark.parametrize("rank", [4, 3])
def test_any_order_of_colours_and_any_rank_of_one_channel(
    make_teacher: ModelMaker, takes: Sequence[int | str], rank: int
) -> None:
    last = takes[3] == 3
    gives = {3: (1, "h", "w"), 4: (1, "h", "w", 1) if last else (1, 1, "h", "w")}[rank]
    values = Teacher(call(make_teacher(takes=takes, gives=gives, gain=2, shift=1))).look(PICTURE)
    assert values.shape == (48, 64)
    smaller = resize(resize(PICTURE, (64, 64)), (48, 64)).mean(2)  # multiples of 32 and back
    np.testing.assert_allclose(values, 2 * smaller + 1, atol=1e-5)


def test_a_graph_that_does_not_say_what_it_gives_is_looked_at_when_it_runs(make_teacher: ModelMaker) -> None:
    assert Teacher(call(make_teacher(gives=()))).look(PICTURE).shape == (48, 64)
    dynamic = ("n", "c", "h", "w")
    with pytest.raises(ModelError, match=r"its map has shape \(1, 3, 64, 64\); a teacher gives one channel"):
        Teacher(call(make_teacher(takes=dynamic, gives=dynamic, broken="colours"))).look(PICTURE)


def test_a_fixed_size_is_kept_to(make_teacher: ModelMaker) -> None:
    model = make_teacher(takes=(1, 3, 24, 32), gives=(1, 1, 24, 32))
    np.testing.assert_allclose(Teacher(call(model)).look(PICTURE), resize(resize(GREY, (24, 32)), (48, 64)), atol=1e-5)
    Teacher(call(model, size_hw=(24, 32)))
    with pytest.raises(ModelError, match=r"takes pictures of \(24, 32\) \(h x w\) only; leave --teacher-size out"):
        Teacher(call(model, size_hw=(48, 64)))


def test_any_size_is_fed_what_is_asked_for(make_teacher: ModelMaker) -> None:
    teacher = Teacher(call(make_teacher(), size_hw=(12, 16)))
    np.testing.assert_allclose(teacher.look(PICTURE), resize(resize(GREY, (12, 16)), (48, 64)), atol=1e-5)


IMAGENET = [np.mean([(x - m) / d for m, d in ((0.485, 0.229), (0.456, 0.224), (0.406, 0.225))]) for x in (0, 1)]


@pytest.mark.parametrize(("sees", "low", "high"), [("0..1", 0, 1), ("0..255", 0, 255), ("imagenet", *IMAGENET)])
def test_the_range_is_what_it_was_trained_on(make_teacher: ModelMaker, sees: str, low: float, high: float) -> None:
    teacher = Teacher(call(make_teacher(), sees=sees))
    black, white = np.zeros((32, 32, 3), np.float32), np.ones((32, 32, 3), np.float32)
    np.testing.assert_allclose(teacher.look(black), low, atol=1e-4)
    np.testing.assert_allclose(teacher.look(white), high, atol=1e-4)


def test_half_precision_is_taken(make_teacher: ModelMaker) -> None:
    values = Teacher(call(make_teacher(broken="half"))).look(PICTURE)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, resize(resize(PICTURE, (64, 64)), (48, 64)).mean(2), atol=2e-3)


def test_of_several_outputs_one_is_named(make_teacher: ModelMaker) -> None:
    model = make_teacher(broken="outputs", gain=3)
    with pytest.raises(ModelError, match=r"gives 2 outputs \(map, grey\); say which with --teacher-output"):
        Teacher(call(model))
    with pytest.raises(ModelError, match=r"has no output depth; it gives map, grey"):
        Teacher(call(model, output="depth"))
    grey, steep = (Teacher(call(model, output=name)).look(PICTURE) for name in ("grey", "map"))
    np.testing.assert_allclose(steep, 3 * grey, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"takes": (1, 1, "h", "w")},
            r"its picture is tensor\(float\) \(1, 1, h, w\); a teacher takes one RGB picture",
        ),
        ({"takes": (4, 3, "h", "w"), "gives": (4, 1, "h", "w")}, "takes 4 pictures at a time"),
        ({"broken": "inputs"}, r"takes 2 inputs \(picture, other\); a teacher takes one picture"),
        (
            {"broken": "colours", "gives": (1, 3, "h", "w")},
            r"its map is .* \(1, 3, h, w\); a teacher gives one channel",
        ),
    ],
)
def test_a_teacher_of_the_wrong_shape_is_refused(
    make_teacher: ModelMaker, options: dict[str, object], said: str
) -> None:
    model = make_teacher(**options)
    with pytest.raises(ModelError, match=said) as caught:
        Teacher(call(model))
    assert str(caught.value).startswith(str(model))


def test_values_that_are_not_finite_are_refused(make_teacher: ModelMaker) -> None:
    with pytest.raises(ModelError, match="its map holds NaN or infinite values; try another --teacher-sees"):
        Teacher(call(make_teacher(shift=2, broken="NaN"))).look(PICTURE)


def test_a_size_that_the_network_cannot_take_is_one_sentence(make_teacher: ModelMaker) -> None:
    model = make_teacher(broken="fixed inside")
    with pytest.raises(ModelError, match=r"the teacher fails on 64 x 64 pixels \(.*\); give it another --teacher-size"):
        Teacher(call(model)).look(PICTURE)
    assert Teacher(call(model, size_hw=(40, 40))).look(PICTURE).shape == (48, 64)


@pytest.mark.parametrize("content", [None, b"", b"text"])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "t.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"t\.onnx: "):
        Teacher(call(path))
