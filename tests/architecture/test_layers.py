"""Data flows one way: import-linter's contracts, and that they cover every room there is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

TORCH_ROOMS = {"models", "losses", "train", "assets", "document"}
"""The rooms that may load torch. The command line is the third case: it may reach them, one command at a time."""


def rooms_on_disk(source: Path) -> set[str]:
    packages = {path.parent.name for path in source.glob("*/__init__.py")}
    modules = {path.stem for path in source.glob("*.py")} - {"__init__", "__main__"}
    return packages | modules


def rooms_in_layers(pyproject: dict[str, Any]) -> list[str]:
    layers: list[str] = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    return [room.strip() for layer in layers for room in layer.split("|")]


def test_the_import_contracts_are_kept(root: Path) -> None:
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run([sys.executable, "-c", lint], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_room_on_disk_is_in_one_layer(source: Path, pyproject: dict[str, Any]) -> None:
    assert sorted(rooms_in_layers(pyproject)) == sorted(rooms_on_disk(source))


def test_every_room_is_either_free_of_torch_or_a_training_room(source: Path, pyproject: dict[str, Any]) -> None:
    contracts = pyproject["tool"]["importlinter"]["contracts"]
    contract = next(contract for contract in contracts if contract["name"] == "torch stays with training")
    free_of_torch = {name.removeprefix("cleanplate.") for name in contract["source_modules"]}
    assert free_of_torch == rooms_on_disk(source) - TORCH_ROOMS - {"cli"}


def test_the_architecture_picture_shows_every_room(root: Path, source: Path) -> None:
    picture = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = {f"{path.parent.name}/" for path in source.glob("*/__init__.py")}
    modules = {f"{room}.py" for room in rooms_on_disk(source) if (source / f"{room}.py").exists()}
    assert {room for room in packages | modules if f"\n  {room} " not in picture} == set()
