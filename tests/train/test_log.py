import time
from pathlib import Path

import pytest
import torch

from cleanplate.errors import InputError
from cleanplate.train.log import CsvLog, Window


def test_a_row_with_more_to_say_adds_columns_and_empties_those_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    log = CsvLog(path, 0)
    log.add(1, {"alpha": 1.0})
    log.add(2, {"alpha": 2.0, "depth": 0.5})
    log.add(3, {"depth": 0.25})
    assert path.read_text().split() == ["step,alpha,depth", "1,1,", "2,2,0.5", "3,,0.25"]
    CsvLog(path, 2).add(3, {"alpha": 7.0})
    assert path.read_text().split() == ["step,alpha,depth", "1,1,", "2,2,0.5", "3,7,"]


def test_a_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    log = CsvLog(tmp_path / "run" / "train.csv", 0)
    (tmp_path / "run").mkdir()
    log.add(1, {"loss": 1.0})
    (tmp_path / "run" / "train.csv").unlink()
    (tmp_path / "run" / "train.csv").mkdir()
    with pytest.raises(InputError, match=r"train\.csv: cannot be written \(.*\); free some space, then --resume"):
        log.add(2, {"loss": 1.0})


def test_a_pause_takes_no_time_of_the_steps_and_forgets_none() -> None:
    window = Window()
    window.add({"loss": torch.tensor(1.0)}, 4)
    with window.paused():
        time.sleep(0.3)
    window.add({"loss": torch.tensor(2.0)}, 4)
    means = window.means()
    assert means["loss"] == 1.5
    assert means["images_per_s"] > 8 / 0.3
