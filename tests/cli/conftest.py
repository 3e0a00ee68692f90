"""What tests of commands share."""

from collections.abc import Callable
from pathlib import Path

import pytest

Refusal = Callable[[str], None]

MARK = ".cleanplate-results"
"""Is in every folder that a run has made for its results."""


def names(folder: Path) -> list[str]:
    """What is in a folder, without the mark of one of results."""
    return sorted(path.name for path in folder.iterdir() if path.name != MARK)


@pytest.fixture
def refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Checks that the command's standard error is one line with a sentence in it, and that nothing was made in out/."""

    def check(sentence: str) -> None:
        error = capsys.readouterr().err
        assert sentence in error
        assert error.count("\n") == 1
        assert not (tmp_path / "out").exists()

    return check
