"""`tools/card_figures.py` prints the model card's tables of whatever pairs there are."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from cleanplate.evaluate.synthetic import PairFigures, PairScores

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setattr("sys.path", [str(TOOLS), *sys.path])
    return import_module("card_figures")


def test_a_group_without_a_pair_has_dashes_where_its_figures_would_be(tool: ModuleType) -> None:
    figures = PairFigures(0.9, 0.01, 0.1, 0.001, 0.2, 0.3, 0.04, 0.95, 0.96, 0.15)
    person = [PairScores(0, "a", figures, empty=False, found=0.3, wrong=0.002, group="person")]
    works = tool.passes()
    pairs = {work: [] if work.name == "light" else person for work in works if isinstance(work, tool.Pass)}
    cameras = {work: (1, ["0.9"] * len(tool.CAMERA_TITLES)) for work in works if isinstance(work, tool.CameraPass)}
    parts = tool.Card(pairs, cameras).parts()
    assert "| person | 1 | 0.900 | 0.0100 | 0.20 % |" in parts["groups"]
    assert "| nothing | 0 | - | - | - |" in parts["groups"]
    assert "| horses, IoU | - (0 pairs) |  |" in parts["sets"]
    assert parts["sets"].endswith("wrongly found | - | - |")
