"""The project's own files, for the tests that read them."""

import tomllib
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def source(root: Path) -> Path:
    return root / "src" / "cleanplate"


@pytest.fixture
def source_files(source: Path) -> list[Path]:
    return sorted(source.rglob("*.py"))


@pytest.fixture
def documents(root: Path) -> list[Path]:
    return sorted([*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.md")])


@pytest.fixture
def pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
