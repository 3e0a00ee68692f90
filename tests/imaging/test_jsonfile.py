"""Whatever lies where a JSON object belongs is one sentence that names the file and ends with what to do."""

from pathlib import Path

import pytest

from cleanplate.errors import InputError
from cleanplate.imaging.jsonfile import check_fields, is_count, is_size, is_text, read_object


def test_an_object_is_read_and_a_missing_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"one": [1, "zwölf"]}', encoding="utf-8")
    assert read_object(tmp_path / "a.json", "make it again") == {"one": [1, "zwölf"]}
    assert read_object(tmp_path / "none.json", "make it again") is None
    assert read_object(tmp_path / "a.json" / "none.json", "make it again") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "is no JSON, or damaged or cut off; make it again"),
        (b'{"a": "\xff"}', "is no JSON, or damaged or cut off; make it again"),
        (b"[" * 100_000 + b"]" * 100_000, "is no JSON, or damaged or cut off; make it again"),
        (b'{"a": ' + b"1" * 10_000 + b"}", "is no JSON, or damaged or cut off; make it again"),
        (b"[]", "is no JSON object; make it again"),
        (b"", "is empty; copy it again"),
    ],
)
def test_what_is_no_object_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match=f"a.json: {said}"):
        read_object(tmp_path / "a.json", "make it again")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "a"}, "lacks count, size; make it again"),
        ({"name": 1, "count": 1, "size": [1, 2]}, "is damaged at name; make it again"),
        ({"name": "a", "count": float("nan"), "size": [1, 2]}, "is damaged at count"),
        ({"name": "a", "count": True, "size": [1, 2]}, "is damaged at count"),
        ({"name": "a", "count": 1, "size": {"0": 1, "1": 2}}, "is damaged at size"),
    ],
)
def test_a_key_that_lacks_or_whose_value_cannot_be_is_named(fields: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=f"a.json: {said}"):
        check_fields(Path("a.json"), fields, {"name": is_text, "count": is_count, "size": is_size}, "make it again")
