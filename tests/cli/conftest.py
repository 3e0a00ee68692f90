"""What tests of commands share."""

from collections.abc import Callable
from pathlib import Path

import pytest

Refusal = Callable[[str], None]


@pytest.fixture
def refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refusal:
    """Checks that the command's standard error is one line with a sentence in it, and that nothing was made in out/."""

    def check(sentence: str) -> None:
        error = capsys.readouterr().err
        assert sentence in error
        assert error.count("\n") == 1
        assert not (tmp_path / "out").exists()

    return check
