"""What is put down as done is known afterwards, whatever happened."""

from pathlib import Path

import pytest

from cleanplate.errors import InputError
from cleanplate.jobs import locks
from cleanplate.jobs.ledger import LEDGER, Ledger

PLAN = {"seed": 1, "size": "64x48", "parts": ("a", "b")}


def _with_two_units(folder: Path) -> Path:
    with Ledger(folder, PLAN) as ledger:
        ledger.add(0, {"file": "0.tar"})
        ledger.add(3, {"file": "3.tar"})
    return folder / LEDGER


def test_finished_units_are_known_when_it_is_opened_again(tmp_path: Path) -> None:
    _with_two_units(tmp_path)
    with Ledger(tmp_path, PLAN) as ledger:
        assert ledger.done == {0: {"file": "0.tar"}, 3: {"file": "3.tar"}}
        ledger.close_finished()
    assert not (tmp_path / LEDGER).exists()


def test_it_may_have_been_cut_off_at_any_byte(tmp_path: Path) -> None:
    path = _with_two_units(tmp_path)
    whole = path.read_bytes()
    seen: set[int] = set()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with Ledger(tmp_path, PLAN) as ledger:
            seen.add(len(ledger.done))
            ledger.add(7, {"file": "7.tar"})
        with Ledger(tmp_path, PLAN) as ledger:
            assert ledger.done[7] == {"file": "7.tar"}
    assert seen == {0, 1}


def test_another_plan_is_refused_by_what_differs(tmp_path: Path) -> None:
    _with_two_units(tmp_path)
    with pytest.raises(InputError, match=r"was begun with seed 1, size 64x48, not 2, 256x192; ") as caught:
        Ledger(tmp_path, {**PLAN, "seed": 2, "size": "256x192"})
    assert "parts" not in str(caught.value)
    with pytest.raises(InputError, match=r"was begun with other parts, seed 1, not 2; give") as caught:
        Ledger(tmp_path, {**PLAN, "seed": 2, "parts": "sha256:ef"})
    with Ledger(tmp_path, PLAN) as ledger:
        assert len(ledger.done) == 2


def test_another_plan_is_forgotten_where_all_is_made_anew(tmp_path: Path) -> None:
    _with_two_units(tmp_path)
    with Ledger(tmp_path, PLAN, anew=True) as ledger:
        assert len(ledger.done) == 2
    with Ledger(tmp_path, {**PLAN, "seed": 2}, anew=True) as ledger:
        assert ledger.done == {}
        ledger.add(1, {"file": "1.tar"})
    with Ledger(tmp_path, {**PLAN, "seed": 2}) as ledger:
        assert list(ledger.done) == [1]


@pytest.mark.parametrize(
    "content",
    [
        "my notes",
        "[]",
        "7",
        '{"plan": []}',
        '{"plan": {}}\n[]',
        '{"plan": {}}\n{"file": "0.tar"}',
        '{"unit": 1}',
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused_and_kept(tmp_path: Path, content: str) -> None:
    (tmp_path / LEDGER).write_text(content + "\n")
    with pytest.raises(InputError, match=r"unfinished\.jsonl: does not say what of a work is done; delete it"):
        Ledger(tmp_path, PLAN)
    assert (tmp_path / LEDGER).read_text() == content + "\n"


def test_two_cannot_work_in_one_folder(tmp_path: Path) -> None:
    with Ledger(tmp_path, PLAN), pytest.raises(InputError, match="somebody is at work in it"):
        Ledger(tmp_path, PLAN)
    Ledger(tmp_path, PLAN).close_finished()


def test_a_folder_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unfinished\.jsonl: cannot be written"):
        Ledger(tmp_path / "missing", PLAN)


def test_a_work_that_fails_before_anything_is_made_leaves_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Ledger(tmp_path, PLAN):
        raise RuntimeError
    assert not list(tmp_path.iterdir())
    with Ledger(tmp_path, PLAN) as ledger:
        ledger.add(0, {})
    with pytest.raises(RuntimeError), Ledger(tmp_path, PLAN):
        raise RuntimeError
    with Ledger(tmp_path, PLAN) as ledger:
        assert ledger.done == {0: {}}


@pytest.mark.parametrize("removes_open", [True, False])
def test_a_finished_ledger_is_gone_and_closed_also_where_open_files_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removes_open: bool
) -> None:
    monkeypatch.setattr(locks, "_REMOVES_OPEN", removes_open)
    closed: list[bool] = []
    unlink = Path.unlink
    ledger = Ledger(tmp_path, PLAN)

    def noting(path: Path, *, missing_ok: bool = False) -> None:
        closed.append(ledger._file.closed)  # pyright: ignore[reportPrivateUsage]
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", noting)
    ledger.close_finished()
    assert closed == [not removes_open]
    assert not list(tmp_path.iterdir())
