"""`Plate.open(plate).matte(shot)` gives what the model sees, at the shot's size, on the plate's scale."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate import CleanplateError, NoPlate, Plate
from cleanplate.errors import InputError, ModelError
from cleanplate.imaging import Image
from cleanplate.imaging.arrays import to_float, to_uint
from cleanplate.imaging.files import write_picture
from cleanplate.imaging.resize import resize
from cleanplate.imaging.streams import open_clip
from cleanplate.plate.anchors import Anchor
from cleanplate.runtime.session import Session

ModelMaker = Callable[..., Path]


@pytest.fixture
def scene() -> Image:
    """A plate of the size at which the tiny model works, and smooth, for a plate is looked at smaller as well."""
    return resize(np.random.default_rng(2).uniform(0.1, 0.4, (4, 6, 3)).astype(np.float32), (32, 48))


@pytest.fixture
def shot(scene: Image) -> Image:
    """The scene with a bright square in it."""
    with_square = scene.copy()
    with_square[8:24, 16:32] = 0.9
    return with_square


SQUARE = np.zeros((32, 48), bool)
SQUARE[8:24, 16:32] = True


def test_alpha_foreground_and_disparity_are_those_of_the_square(
    difference_model: Path, scene: Image, shot: Image
) -> None:
    matte = Plate.open(scene, difference_model, closer=False).matte(shot)
    assert np.array_equal(matte.alpha, SQUARE.astype(np.float32))
    assert np.array_equal(matte.foreground[SQUARE], shot[SQUARE])
    assert matte.disparity[SQUARE] == pytest.approx(0.9, abs=5e-3)
    assert matte.disparity[~SQUARE] == pytest.approx(scene.mean(axis=2)[~SQUARE], abs=0.01)
    assert matte.notices == ()


def _sent(plate: Plate) -> Plate:
    return pickle.loads(pickle.dumps(plate))  # noqa: S301


@pytest.mark.parametrize("again", [copy.deepcopy, _sent])
def test_a_plate_goes_into_another_process_as_it_is(
    difference_model: Path, scene: Image, shot: Image, again: Callable[[Plate], Plate]
) -> None:
    plate = Plate.open(scene, difference_model)
    other = again(plate)
    assert np.array_equal(other.matte(shot).alpha, plate.matte(shot).alpha)
    assert np.array_equal(other.matte(shot).disparity, plate.matte(shot).disparity)


def test_a_pickled_plate_finds_its_model_from_elsewhere(
    difference_model: Path, scene: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    Path("m.onnx").write_bytes(difference_model.read_bytes())
    plate = Plate.open(scene, "m.onnx")
    monkeypatch.chdir("elsewhere")
    assert _sent(plate).session.contract == plate.session.contract
    assert copy.copy(plate.session) is plate.session


def test_a_pickled_plate_is_not_used_with_another_model(make_model: ModelMaker, scene: Image, tmp_path: Path) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(make_model().read_bytes())
    pickled = pickle.dumps(Plate.open(scene, model))
    model.write_bytes(make_model(gain=3.0).read_bytes())
    with pytest.raises(ModelError, match="is another model than the one that was pickled; open the plate anew"):
        pickle.loads(pickled)  # noqa: S301


def test_a_mattes_arrays_do_not_keep_it_from_being_compared(difference_model: Path, scene: Image, shot: Image) -> None:
    plate = Plate.open(scene, difference_model)
    matte = plate.matte(shot)
    assert matte != plate.matte(shot)
    assert matte in {matte}


def test_a_matte_goes_into_another_process_with_a_depth_that_was_not_asked_for_before(
    make_model: ModelMaker, scene: Image, shot: Image
) -> None:
    model = make_model(drift=0.2, contract={"without_plate": True})
    for of_scene in (Plate.open(scene, model), NoPlate(model)):
        matte = of_scene.matte(shot)
        elsewhere = pickle.loads(pickle.dumps(matte))  # noqa: S301
        assert np.array_equal(elsewhere.disparity, matte.disparity)


def test_what_is_neither_a_file_nor_an_array_is_refused(difference_model: Path) -> None:
    with pytest.raises(InputError, match="plate: is of type list; give a file's name, or an array"):
        Plate.open([1, 2, 3], difference_model)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("name", ["a\0b.png", "\ud800.png"])
def test_what_no_file_can_be_called_is_refused(difference_model: Path, scene: Image, name: str) -> None:
    plate = Plate.open(scene, difference_model)
    calls: list[Callable[[], object]] = [
        lambda: Plate.open(name, difference_model),
        lambda: Plate.open(scene, name),
        lambda: plate.matte(Path(name)),
        lambda: plate.anchor_by_depth(name),
        lambda: plate.matte(scene).over(name),
    ]
    for call in calls:
        with pytest.raises(InputError, match="can be no file's name; give "):
            call()


def test_arguments_of_another_type_are_one_sentence(difference_model: Path, scene: Image) -> None:
    plate = Plate.open(scene, difference_model)
    anything: Any = Anchor
    calls: dict[str, Callable[[], object]] = {
        "model: is of type type; give an ONNX file's name": lambda: Plate.open(scene, anything),
        "model: is of type int; give an ONNX file's name": lambda: NoPlate(cast("Any", 5)),
        "num_threads is 1.5; give a whole number from 1": lambda: Session(difference_model, cast("Any", 1.5)),
        "field of view of '70' is no number; give degrees, 5 to 170": lambda: plate.look_through(cast("Any", "70")),
        "Anchor'> is no list of anchors; give [Anchor(x, y, distance_m), ...]": lambda: plate.anchor(anything),
        "distance_m=3.0) is no list of anchors": lambda: plate.anchor(anything(1, 2, 3.0)),
        "depth: is of type type; give a file's name, or an array": lambda: plate.anchor_by_depth(anything),
        "depth: holds float64 of shape (0, 0)": lambda: plate.anchor_by_depth(np.zeros((0, 0))),
        "clip: is of type int; give a file's name": lambda: open_clip(cast("Any", 5)),
    }
    for said, call in calls.items():
        with pytest.raises(CleanplateError) as error:
            call()
        assert said in str(error.value)


def test_files_and_arrays_give_the_same(tmp_path: Path, difference_model: Path, scene: Image, shot: Image) -> None:
    write_picture(tmp_path / "plate.png", scene, 16)
    write_picture(tmp_path / "shot.png", shot, 16)
    from_files = Plate.open(tmp_path / "plate.png", difference_model).matte(str(tmp_path / "shot.png"))
    from_arrays = Plate.open(scene, str(difference_model)).matte(shot)
    assert from_files.alpha == pytest.approx(from_arrays.alpha, abs=1e-3)
    assert from_files.disparity == pytest.approx(from_arrays.disparity, abs=1e-3)


def test_a_shot_in_codes_is_the_same_shot(difference_model: Path) -> None:
    room = to_uint(resize(np.random.default_rng(5).random((4, 6, 3), np.float32), (128, 192)), 8)
    codes = room.copy()
    codes[40:90, 60:110] = (240, 30, 200)
    plate = Plate.open(room, difference_model)
    ours, theirs = (plate.matte(shot) for shot in (codes, to_float(codes)))
    assert ours.pixels.dtype == np.uint8
    assert ours.pixels is not codes  # which is its owner's, who may go on with it
    for of_ours, of_theirs in (
        (ours.alpha, theirs.alpha),
        (ours.disparity, theirs.disparity),
        (ours.shot, theirs.shot),
        (ours.foreground, theirs.foreground),
        (ours.shadow, theirs.shadow),
        (ours.foreground_pixels, to_uint(theirs.foreground, 8)),
    ):
        assert np.array_equal(of_ours, of_theirs)


def test_every_shot_is_brought_onto_the_plates_scale(make_model: ModelMaker, scene: Image, shot: Image) -> None:
    plate = Plate.open(scene, make_model(drift=3.0))
    matte = plate.matte(shot)
    assert matte.disparity[SQUARE] == pytest.approx(0.9, abs=5e-3)
    assert np.array_equal(matte.disparity[~SQUARE], plate.matte(scene).disparity[~SQUARE])


def test_a_shot_that_hides_most_of_the_plate_is_brought_onto_its_scale_too(
    make_model: ModelMaker, scene: Image
) -> None:
    shot = scene.copy()
    shot[:, 12:] = 0.9
    matte = Plate.open(scene, make_model(drift=3.0, leak=5.0)).matte(shot)
    assert matte.disparity[:, 12:] == pytest.approx(0.9, abs=0.02)


def test_the_depth_range_is_the_plates_own(difference_model: Path, scene: Image, shot: Image) -> None:
    plate = Plate.open(scene, difference_model)
    before = plate.disparity_range
    plate.matte(shot)
    grey = scene.mean(axis=2)
    assert plate.disparity_range == before
    assert before == pytest.approx((grey.min(), grey.min() + 1.5 * (grey.max() - grey.min())), abs=0.01)


def test_a_shot_that_was_begun_is_finished_as_it_was_seen_however_many_begin_before_that(
    difference_model: Path, scene: Image, shot: Image
) -> None:
    shots = [shot, np.clip(shot * np.float32(1.2), 0, 1), scene]
    one_by_one = Plate.open(scene, difference_model)
    wanted = [one_by_one.matte(each) for each in shots]
    plate = Plate.open(scene, difference_model)
    begun = [plate.begin(ready) for ready in [plate.ready(each) for each in shots]]
    for finish, matte in zip(reversed(begun), reversed(wanted), strict=True):
        finished = finish()
        assert np.array_equal(finished.alpha, matte.alpha)
        assert np.array_equal(finished.disparity, matte.disparity)
        assert finished.notices == matte.notices


def test_both_layers_of_a_matte_are_there_and_make_its_one_map(
    difference_model: Path, scene: Image, shot: Image
) -> None:
    plate = Plate.open(scene, difference_model)
    matte = plate.matte(shot)
    assert np.array_equal(matte.plate_disparity, plate.matte(scene).plate_disparity)
    assert np.array_equal(matte.disparity[SQUARE], matte.foreground_disparity[SQUARE])
    assert np.array_equal(matte.disparity[~SQUARE], matte.plate_disparity[~SQUARE])


def test_a_model_that_takes_no_smaller_picture_sees_a_plate_too(make_model: ModelMaker, scene: Image) -> None:
    assert Plate.open(scene, make_model(contract={"multiple_px": 32})).disparity_range[1] > 0


def test_a_flat_plate_still_has_a_depth_range(difference_model: Path) -> None:
    lo, hi = Plate.open(np.full((32, 32, 3), 0.5, np.float32), difference_model).disparity_range
    assert hi > lo


def test_a_session_can_be_shared(difference_model: Path, scene: Image) -> None:
    session = Session(difference_model)
    assert Plate.open(scene, session).session is session


@pytest.mark.parametrize("size_hw", [(16, 16), (16, 40), (301, 200)])
def test_results_have_the_shots_size(difference_model: Path, size_hw: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    plate, shot = rng.random((*size_hw, 3), np.float32), rng.random((*size_hw, 3), np.float32)
    matte = Plate.open(plate, difference_model).matte(shot)
    assert matte.alpha.shape == matte.disparity.shape == size_hw
    assert matte.foreground.shape == (*size_hw, 3)
    assert matte.alpha.dtype == matte.disparity.dtype == matte.foreground.dtype == np.float32


def test_a_plate_of_another_size_is_resized_with_a_notice(difference_model: Path, scene: Image, shot: Image) -> None:
    large = shot.repeat(2, axis=0).repeat(2, axis=1)
    matte = Plate.open(scene, difference_model).matte(large)
    assert matte.alpha.shape == (64, 96)
    assert matte.plate is not None
    assert matte.plate.shape == large.shape
    assert matte.notices == ("plate: the plate, 48 x 32 pixels, was resized to the shot's 96 x 64",)
    assert matte.alpha[30, 48] == 1
    assert matte.alpha[2, 2] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(("width", "fits"), [(1000, True), (1010, True), (1011, False), (990, True), (989, False)])
def test_aspect_ratios_may_differ_by_one_percent(difference_model: Path, width: int, fits: bool) -> None:
    plate = Plate.open(np.zeros((250, 500), np.uint8), difference_model)
    shot = np.zeros((500, width), np.uint8)
    if fits:
        assert len(plate.matte(shot).notices) == 1
        return
    with pytest.raises(InputError, match=rf"shot: is {width} x 500 pixels but the plate plate is 500 x 250"):
        plate.matte(shot)


def test_where_a_shot_is_transparent_the_plate_shows_through(difference_model: Path, scene: Image, shot: Image) -> None:
    alpha = SQUARE.astype(np.float32)[..., None]
    cut_out = np.concatenate([shot * alpha, alpha], axis=2)  # black where transparent, as cut-outs are
    matte = Plate.open(scene, difference_model, closer=False).matte(cut_out)
    assert np.array_equal(matte.alpha, SQUARE.astype(np.float32))
    assert matte.shot == pytest.approx(shot)


def test_a_plates_transparency_is_ignored(difference_model: Path, scene: Image, shot: Image) -> None:
    with_alpha = np.concatenate([scene, np.zeros((32, 48, 1), np.float32)], axis=2)
    matte = Plate.open(with_alpha, difference_model, closer=False).matte(shot)
    assert np.array_equal(matte.alpha, SQUARE.astype(np.float32))


def test_a_bad_array_is_refused_by_its_part(difference_model: Path, scene: Image) -> None:
    with pytest.raises(InputError, match="plate: holds NaN"):
        Plate.open(np.full((32, 32, 3), np.nan), difference_model)
    with pytest.raises(InputError, match="shot: holds NaN"):
        Plate.open(scene, difference_model).matte(np.full((32, 48, 3), np.inf))


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.full((32, 48, 3), np.nan, np.float32), "plate: holds NaN or infinite values; replace them first"),
        (
            np.full((32, 48, 3), 200, np.float32),
            "plate: floats must lie in 0..1, these go from 200 to 200; divide them",
        ),
        (np.zeros((32, 48, 2), np.float32), r"plate: has shape \(32, 48, 2\); give"),
        (np.zeros((1, 32, 48, 3), np.float32), r"plate: has shape \(1, 32, 48, 3\); give"),
        (np.zeros((0, 48, 3), np.float32), "plate: is 48 x 0 pixels; both sides must have at least 16"),
        (np.zeros((32, 48, 3), np.int64), "plate: holds int64; give uint8, uint16 or floats"),
    ],
)
def test_a_plate_made_directly_takes_no_other_arrays_than_one_that_is_opened(
    difference_model: Path, scene: Image, array: NDArray[Any], said: str
) -> None:
    session = Session(difference_model)
    with pytest.raises(InputError, match=said):
        Plate(array, session)
    with pytest.raises(InputError, match=said.replace("plate", "shot")):
        Plate(scene, session).matte(array)
    grey = scene.mean(axis=2)
    assert np.array_equal(Plate(grey, session).rgb, Plate.open(grey, session).rgb)


@pytest.fixture
def room() -> Image:
    """A plate with things to hold on to."""
    picture = np.random.default_rng(4).random((96, 144, 3), np.float32)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 2), np.float32)


def test_a_plate_that_was_moved_is_brought_onto_the_shot_and_its_depth_with_it(
    difference_model: Path, room: Image
) -> None:
    plate = Plate.open(np.roll(room, 5, axis=1), difference_model)
    matte = plate.matte(room)
    assert matte.plate is not None
    assert np.abs(matte.plate - room)[:, :130].mean() < 0.005
    assert matte.alpha[:, :138].mean() < 0.03
    assert matte.alpha[:, 138:].mean() < 0.03  # where the plate does not reach
    assert matte.beyond is not None
    assert matte.beyond[:, 139:].all()
    assert not matte.beyond[2:-2, 2:136].any()
    (notice,) = matte.notices
    assert notice.startswith("plate: for shot, the plate was mended: moved by 5.0 px")
    assert matte.disparity[40, 60] == pytest.approx(room[40, 60].mean(), abs=0.06)


def test_how_the_plate_was_mended_is_told_with_the_shot_that_it_was_examined_for(
    difference_model: Path, room: Image, tmp_path: Path
) -> None:
    for name in "ab":
        write_picture(tmp_path / f"{name}.png", room)
    plate = Plate.open(np.roll(room, 5, axis=1), difference_model)
    told = [plate.matte(tmp_path / name).notices for name in ("a.png", "b.png", "a.png")]
    assert [len(notices) for notices in told] == [1, 0, 1]
    assert f"for {tmp_path / 'a.png'}, the plate was mended" in told[0][0]


def test_a_depth_map_of_the_plate_moves_with_it_and_what_it_does_not_know_stays_unknown(
    difference_model: Path, room: Image
) -> None:
    map_m = 1 / np.clip(room.mean(axis=2), 0.1, 1)  # the model's disparity is the plate's brightness
    map_m[50:70, 60:90] = 0
    map_m[20:40, 60:90] = 7
    plate = Plate.open(np.roll(room, 5, axis=1), difference_model)
    plate.anchor_by_depth(np.roll(map_m, 5, axis=1))
    scale = plate.matte(room).depth_scale
    assert scale is not None
    assert scale.map_m is not None
    np.testing.assert_allclose(scale.map_m[21:39, 62:88], 7, atol=1e-3)
    assert not scale.map_m[51:69, 61:89].any()
    assert np.all((scale.map_m == 0) | (scale.map_m > 0.99))
    unmoved = plate.matte(np.roll(room, 5, axis=1)).depth_scale
    assert unmoved is plate.depth_scale


def test_without_the_doctor_the_plate_is_taken_as_it_is(difference_model: Path, room: Image) -> None:
    moved = np.roll(room, 5, axis=1)
    matte = Plate.open(moved, difference_model, doctor=False).matte(room)
    assert matte.plate is not None
    assert np.array_equal(matte.plate, moved)
    assert matte.notices == ()


def test_a_tripod_shot_gets_the_same_with_and_without_the_doctor(difference_model: Path, room: Image) -> None:
    shot = room.copy()
    shot[30:80, 50:90] = 0.9
    with_doctor, without = (Plate.open(room, difference_model, doctor=on).matte(shot) for on in (True, False))
    assert np.array_equal(with_doctor.alpha, without.alpha)
    assert np.array_equal(with_doctor.disparity, without.disparity)


def test_a_plate_of_another_room_is_used_as_it_is_and_told_about(difference_model: Path, room: Image) -> None:
    matte = Plate.open(room[::-1, ::-1].copy(), difference_model).matte(room)
    (notice,) = matte.notices
    assert "the plate cannot be used: " in notice
    assert matte.plate is not None
    assert np.array_equal(matte.plate, room[::-1, ::-1])


def test_over_another_backdrop_nothing_of_the_plate_is_left(difference_model: Path, scene: Image, shot: Image) -> None:
    matte = Plate.open(scene, difference_model, closer=False).matte(shot)
    over = matte.over("#0000ff")
    assert np.array_equal(over[SQUARE], shot[SQUARE])
    assert over[~SQUARE] == pytest.approx(np.array([[0, 0, 1]], np.float32).repeat(np.count_nonzero(~SQUARE), axis=0))
    assert np.array_equal(matte.over(scene, shadow=True)[SQUARE], shot[SQUARE])


def test_edges_at_full_size_are_sharper_than_the_network(difference_model: Path) -> None:
    plate = np.random.default_rng(0).uniform(0.1, 0.3, (480, 640, 3)).astype(np.float32)
    shot = plate.copy()
    shot[120:400, 201:403] = 0.9
    matte = Plate.open(plate, difference_model, doctor=False).matte(shot)
    partly = (matte.alpha > 0.05) & (matte.alpha < 0.95)
    assert partly.mean() < 0.002
    front = matte.disparity > 0.6
    assert np.array_equal(front, matte.alpha >= 0.5)
    assert matte.disparity[front].min() > 0.85  # nothing hangs between the square and the wall


def test_a_twin_knows_what_was_seen_and_from_then_on_each_sees_for_itself(difference_model: Path) -> None:
    grain = np.random.default_rng(4).random((96, 144, 3), np.float32)
    room = np.asarray(cv2.GaussianBlur(grain, (0, 0), 2), np.float32)
    here, there = np.roll(room, 2, axis=1), np.roll(room, 6, axis=1)
    plate = Plate.open(room, difference_model)
    plate.look_at(here)
    twin = plate.twin()
    seen = plate.matte(here)
    assert twin.matte(here).plate is seen.plate
    assert twin.matte(there).plate is not seen.plate
    assert plate.matte(here).plate is seen.plate


def test_no_matte_can_change_the_plate_of_the_others(difference_model: Path, scene: Image, shot: Image) -> None:
    matte = Plate.open(scene, difference_model).matte(shot)
    for shared in (matte.plate, matte.plate_disparity):
        assert shared is not None
        with pytest.raises(ValueError, match="read-only"):
            shared[:] = 0
