"""`make` does what is missing and nothing else."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CLIENT = """#!/bin/sh
[ "$1" = -m ] || echo "$*" >> calls
case "$*" in
  "assets --check") test -e pack;;
  assets) touch pack;;
  synth*) mkdir -p "$3" && touch "$3/manifest.json";;
esac
"""
"""Stands for `cleanplate` and for the Python that installs it: it puts down what it was asked for."""


MAKE = shutil.which("make")


@pytest.mark.skipif(MAKE is None, reason="needs make")
def test_parts_are_gathered_before_data_is_made_but_only_where_there_are_none(root: Path, tmp_path: Path) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(root / "Makefile", tmp_path)
    for name in ("pyproject.toml", ".venv/.setup", ".venv/.develop"):
        (tmp_path / name).touch()
    for name in ("cleanplate", "python"):
        (tmp_path / ".venv" / "bin" / name).write_text(CLIENT)
        (tmp_path / ".venv" / "bin" / name).chmod(0o755)
    outer = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    def calls() -> list[str]:
        (tmp_path / "calls").unlink(missing_ok=True)
        subprocess.run(
            [
                str(MAKE),
                "weights",
                "DATA=data",
                "SIMPLE=data/simple",
                "FAR=data/far",
                "STREET=data/street",
                "CUT=data/cut",
            ],
            cwd=tmp_path,
            env=outer,
            check=True,
            capture_output=True,
        )
        lines = (tmp_path / "calls").read_text().splitlines()
        return [line if line.startswith("assets") else line.split()[0] for line in lines]

    trained = ["train"] * 8 + ["export"] * 2
    packed = ["assets --check", "synth"]
    with_pack = [*packed, *packed, "synth", *packed, *packed, *packed, *trained]  # the simple set needs no pack
    without = ["assets --check", "assets", *with_pack[1:]]
    assert calls() == without
    assert calls() == trained  # the data is there
    shutil.rmtree(tmp_path / "data")
    assert calls() == with_pack
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "pack").unlink()  # somebody has emptied the cache
    assert calls() == without
