"""What is built for others carries what it must, and nothing that works in a checkout alone."""

import ast
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cleanplate.assets.bake_encoder import PACKAGE, VERSION


@pytest.fixture
def project(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_page_of_the_package_has_no_link_into_the_checkout(root: Path, project: dict[str, Any]) -> None:
    text = (root / project["project"]["readme"]).read_text(encoding="utf-8")
    assert "Plate.open" in text
    assert [line for line in text.splitlines() if "](" in line.replace("](http", "")] == []


def test_the_package_credits_the_encoder_whose_weights_it_carries(root: Path, project: dict[str, Any]) -> None:
    carried = [root / name for name in project["project"]["license-files"]]
    assert {path.name for path in carried} == {"LICENSE", "NOTICE"}
    assert f"{PACKAGE} {VERSION}" in (root / "NOTICE").read_text(encoding="utf-8")


def test_the_document_stays_in_the_checkout_and_nothing_else_needs_it(
    source: Path, source_files: list[Path], project: dict[str, Any]
) -> None:
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"] == ["src/cleanplate/document"]
    others = [path for path in source_files if "document" not in path.relative_to(source).parts]
    assert [path.name for path in others if _imports(path, "cleanplate.document")] == []


def _imports(path: Path, package: str) -> bool:
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return any(f"{name}.".startswith(f"{package}.") for name in names)
