"""Statistics of a data set, against sets whose figures can be told by hand."""

from dataclasses import replace

import numpy as np
import pytest

from cleanplate.evaluate.dataset import measure
from cleanplate.sample.record import Sample


def _sample(share: float, apart: float, *, noise: float = 0.0, tags: tuple[str, ...] = ()) -> Sample:
    h, w = 32, 100
    alpha = np.zeros((h, w), np.float32)
    alpha[:, : round(w * share)] = 1
    plate = np.full((h, w, 3), 0.25, np.float32)
    shot = plate + apart * alpha[..., None] + noise * (1 - alpha[..., None])
    depth_m = np.full((h, w), 4, np.float32)
    return Sample(
        "k", "s", (), plate, shot.astype(np.float32), alpha, depth_m, np.where(alpha > 0, 2, depth_m), tags=tags
    )


def test_coverage_depth_and_brightness_are_those_of_the_samples() -> None:
    statistics = measure(_sample(share, 0.5) for share in (0.1, 0.2, 0.3, 0.4, 0.5))
    assert statistics.num_samples == 5
    assert statistics.coverage[2] == pytest.approx(0.3)
    assert statistics.plate_depth_m == [4] * 5
    assert statistics.foreground_depth_m == [2] * 5
    assert statistics.plate_brightness == [0.25] * 5


def test_what_nothing_is_known_of_is_said_to_be_unknown() -> None:
    nowhere = np.zeros((32, 100), np.float32)
    sample = replace(_sample(0, 0), shot_depth_m=nowhere, plate_depth_m=nowhere)
    statistics = measure([sample])
    assert statistics.coverage == statistics.plate_depth_m == statistics.foreground_depth_m == []
    assert "| depth of the plate, m | unknown | unknown |" in statistics.table()
    assert "Best plain threshold: unknown." in statistics.table()


def test_a_threshold_that_separates_everything_has_iou_one() -> None:
    statistics = measure([_sample(0.2, 0.5), _sample(0.4, 0.5)])
    assert statistics.threshold_iou == 1
    assert statistics.threshold < 128
    assert statistics.changed_background == 0


def test_no_threshold_helps_where_the_background_changes_as_much_as_the_foreground() -> None:
    statistics = measure([_sample(0.25, 0.4, noise=0.4)])
    assert statistics.threshold_iou == pytest.approx(0.25)
    assert statistics.changed_background == 1


def test_empty_samples_are_counted_and_tags_too() -> None:
    statistics = measure([_sample(0, 0, tags=("lamp", "empty")), _sample(0.5, 0.5, tags=("lamp",))])
    assert statistics.num_empty == 1
    assert statistics.tags == {"lamp": 2, "empty": 1}
    assert statistics.coverage == [0.5] * 5
    assert "lamp 2" in statistics.table()


def test_nothing_to_measure_is_said() -> None:
    with pytest.raises(ValueError, match="no samples"):
        measure([])
