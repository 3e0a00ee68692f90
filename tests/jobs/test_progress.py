"""A bar where somebody looks, one line where nobody does."""

import io
import re
import sys
import time

import pytest
from rich.console import Console

from cleanplate.jobs.progress import progress, track


def test_without_a_terminal_there_is_one_line_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("rendering", 8, done=3, items="samples", summary=True) as advance:
        advance(2)
        advance(3)
        assert capsys.readouterr().err == ""
    err = capsys.readouterr().err
    assert err.startswith("cleanplate: rendering: 5 samples in 0 s (")
    assert err.endswith("/s)\n")


def test_without_a_terminal_a_summary_must_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track([1, 2], "matting", 2)) == [1, 2]
    assert capsys.readouterr().err == ""


def test_a_terminal_shows_count_rate_and_time_left() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, no_color=True, width=120)
    with progress("rendering", 8, done=3, items="samples", console=console) as advance:
        for _ in range(5):
            time.sleep(0.01)
            advance(1)
    shown = screen.getvalue()
    assert "rendering" in shown
    assert "8/8 samples" in shown
    assert re.search(r"samples [\d.]+/s [^ ]*0:00:00", shown)


def test_one_item_needs_no_bar(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert list(track([1], "matting", 1)) == [1]
    assert capsys.readouterr().err == ""
