"""The cases shown are the worst and the best, from as many cameras as there are, with pictures of what was scored."""

from hypothesis import given
from hypothesis import strategies as st

from cleanplate.evaluate.cases import NUM_CASES, Case, Cases, choose
from cleanplate.evaluate.panels import Panel
from cleanplate.evaluate.scores import Figures, ShotScores


def _shots(**cameras: list[float]) -> list[ShotScores]:
    return [
        ShotScores(camera, str(number), Figures(iou, 0.0), empty=False)
        for camera, ious in cameras.items()
        for number, iou in enumerate(ious)
    ]


def _ious(shots: list[ShotScores]) -> list[float | None]:
    return [shot.figures.iou for shot in shots]


def test_of_one_camera_the_worst_and_the_best_are_shown_in_order() -> None:
    worst, best = choose(_shots(only=[0.5, 0.1, 0.9, 0.3, 0.7, 0.2]), count=2)
    assert _ious(worst) == [0.1, 0.2]
    assert _ious(best) == [0.9, 0.7]


def test_every_camera_gives_its_first_before_any_gives_its_second() -> None:
    worst, best = choose(_shots(bad=[0.1, 0.11, 0.12, 0.13], good=[0.8, 0.9], fair=[0.5, 0.6]), count=4)
    assert _ious(worst) == [0.1, 0.11, 0.5, 0.8]
    assert _ious(best) == [0.9, 0.6, 0.13, 0.12]


def test_of_equal_overlap_the_larger_error_is_the_worse() -> None:
    shots = [ShotScores("a", str(mae), Figures(0.5, mae), empty=False) for mae in (0.1, 0.3, 0.2)]
    assert [shot.shot for shot in choose(shots, count=1)[0]] == ["0.3"]


def test_shots_with_nothing_to_show_are_left_out() -> None:
    empty = ShotScores("a", "empty", Figures(0.0, 0.0), empty=True)
    assert choose([empty]) == ([], [])
    assert _ious(choose([empty, *_shots(a=[0.4])])[0]) == [0.4]


@given(ious=st.lists(st.lists(st.floats(0, 1), max_size=6), max_size=5), count=st.integers(1, 6))
def test_no_shot_is_shown_twice_and_no_more_than_asked_for(ious: list[list[float]], count: int) -> None:
    shots = _shots(**{f"camera{number}": row for number, row in enumerate(ious)})
    worst, best = choose(shots, count)
    shown = [(shot.camera, shot.shot) for shot in [*worst, *best]]
    assert len(shown) == len(set(shown)) == min(len(shots), len(worst) + len(best))
    assert max(len(worst), len(best)) <= count
    assert len(shown) == min(len(shots), 2 * count)
    assert _ious(worst) == sorted(shot.figures.iou or 0 for shot in worst)


@given(ious=st.lists(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.9]) | st.floats(0, 1), max_size=40), max_size=3))
def test_what_was_kept_while_scoring_is_what_all_shots_would_have_given(ious: list[list[float]]) -> None:
    shots = _shots(**{f"camera{number}": row for number, row in enumerate(ious)})
    cases, made = Cases(), [0]
    for number, shot in enumerate(shots):

        def pictures(number: int = number) -> list[Panel]:
            made[0] += 1
            return [Panel("shot", str(number))]

        cases.add(shot, pictures)
    by_name = {(shot.camera, shot.shot): number for number, shot in enumerate(shots)}

    def shown(chosen: list[ShotScores]) -> list[Case]:
        return [Case(shot, [Panel("shot", str(by_name[shot.camera, shot.shot]))]) for shot in chosen]

    worst, best = choose(shots)
    assert cases.chosen() == (shown(worst), shown(best))
    assert made[0] <= len(shots)


def test_no_pictures_are_made_of_what_cannot_be_shown() -> None:
    cases, made = Cases(), list[str]()
    for shot in _shots(only=[0.1] * NUM_CASES + [0.9] * NUM_CASES + [0.5] * 20):
        cases.add(shot, lambda: made.append("x") or [])
    cases.add(ShotScores("only", "empty", Figures(0.0, 0.0), empty=True), lambda: made.append("empty") or [])
    assert len(made) == 2 * NUM_CASES
