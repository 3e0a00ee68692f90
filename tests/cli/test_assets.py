"""`cleanplate assets`: what it says, and what it checks."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cleanplate.assets import build
from cleanplate.assets.gather import Downloads
from cleanplate.assets.licences import Source
from cleanplate.cli.main import main
from cleanplate.errors import InputError

SOURCE = Source("npm", "thing", "1.0", "a.txt", "0" * 64, "CC0-1.0", "Ann", "LICENSE", "skies")


def two_skies(_: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    return {"name": np.array(["x", "y"])}, [SOURCE]


def an_encoder(_: Downloads) -> tuple[dict[str, NDArray[Any]], list[Source]]:
    return {"stem.bias": np.zeros(32, np.float32)}, [replace(SOURCE, part="encoder", file="weights.pth")]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLEANPLATE_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "BAKES", {"skies": two_skies})
    monkeypatch.setattr(build, "ENCODER_BAKES", {"lite0": an_encoder})
    monkeypatch.setattr(build, "UNSEEN_BAKES", {"skies": two_skies})
    return tmp_path


def test_the_pack_is_made_in_the_cache_and_described(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assets"]) == 0
    said = capsys.readouterr().out
    assert str(cache / "pack-1") in said
    assert "2 panoramas of light" in said
    assert "1 files under CC0-1.0" in said
    assert main(["assets", "--check", "--credits", str(cache / "credits.md")]) == 0
    credited = (cache / "credits.md").read_text()
    assert "| Ann | a.txt |" in credited
    assert "| Ann | weights.pth |" in credited


@pytest.mark.parametrize("file", ["skies.npz", "encoder/lite0.npz", "unseen/skies.npz"])
def test_a_damaged_pack_fails_the_check(cache: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    assert main(["assets", "--out", str(cache / "here")]) == 0
    data = (cache / "here" / file).read_bytes()
    (cache / "here" / file).write_bytes(data[:-1] + b"x")
    assert main(["assets", "--check", "--out", str(cache / "here")]) == 1
    assert "SHA-256" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["files", "sources", "fingerprint"])
@pytest.mark.parametrize("command", [["assets", "--check"], ["synth", "--count", "2"]])
def test_a_manifest_without_a_key_is_one_sentence(
    cache: Path, capsys: pytest.CaptureFixture[str], command: list[str], key: str
) -> None:
    assert main(["assets"]) == 0
    manifest = cache / "pack-1" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), key: None}))
    capsys.readouterr()
    assert main([*command, "--out", str(cache / ("pack-1" if "assets" in command else "d"))]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"cleanplate: {manifest}: ")
    assert key in error
    assert error.count("\n") == 1
    assert not (cache / "d").exists()


def test_nothing_is_written_where_a_package_cannot_be_had(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: Downloads) -> tuple[dict[str, object], list[Source]]:
        raise InputError("thing 1.0 (npm): needs npm, which is not installed")

    monkeypatch.setattr(build, "BAKES", {**build.BAKES, "people": fails})
    assert main(["assets"]) == 1
    assert not (cache / "pack-1").exists()
