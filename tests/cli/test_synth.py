"""`cleanplate synth`: data on disk, and one line where it cannot be."""

import sys
from pathlib import Path

import pytest

from cleanplate.cli.main import main
from cleanplate.sample.shards import ShardReader


def _synth(out: Path, *more: str) -> int:
    return main(["synth", "--out", str(out), "--count", "2", "--size", "64x48", *more])


def test_it_writes_a_data_set_of_the_size_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _synth(tmp_path / "d", "--seed", "5") == 0
    reader = ShardReader(tmp_path / "d")
    assert (len(reader), reader.size_hw) == (2, (48, 64))
    assert reader.fingerprint in capsys.readouterr().out


def test_an_existing_data_set_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text("{}")
    assert _synth(tmp_path) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert (tmp_path / "manifest.json").read_text() == "{}"


@pytest.mark.parametrize("size", ["64", "64x", "x48", "12x12", "99999x48", "-64x48"])
def test_a_size_that_is_none_is_wrong_usage(size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "--out", str(tmp_path / "d"), "--count", "2", f"--size={size}"]) == 2
    err = capsys.readouterr().err
    assert size in err
    assert err.count("\n") == 1
    assert not (tmp_path / "d").exists()


def test_a_missing_extra_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("cleanplate.synth")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "embreex.rtcore", None)
    assert _synth(tmp_path / "d") == 2
    assert "pip install 'cleanplate[synth]'" in capsys.readouterr().err
