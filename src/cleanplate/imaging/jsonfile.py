"""JSON that lies on a user's disk, where anything may have become of it."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from cleanplate.errors import InputError
from cleanplate.imaging.decoding import check_file

Wanted = Mapping[str, Callable[[Any], bool]]
"""The keys that an object must have, and what tells whether a value can be one."""


def read_object(path: Path, remedy: str) -> dict[str, Any] | None:
    """The JSON object in a file, whatever its keys; None where there is no such file.

    Args:
        path: the file.
        remedy: what to do where it is damaged: the end of a sentence.

    Raises:
        InputError: it is no ordinary file, cannot be read, or holds no JSON object.

    """
    if _is_missing(path):
        return None
    check_file(path, "JSON file")
    try:
        fields = parsed_object(path.read_bytes())
    except ValueError:
        raise InputError(f"{path}: is no JSON, or damaged or cut off; {remedy}") from None
    if fields is None:
        raise InputError(f"{path}: is no JSON object; {remedy}")
    return fields


def parsed_object(text: str | bytes) -> dict[str, Any] | None:
    """The JSON object in a text, or in UTF-8; None where it is JSON of another kind.

    Raises:
        ValueError: it is no JSON, or nested so deeply that nobody has written it.

    """
    try:
        fields: object = json.loads(text if isinstance(text, str) else text.decode())
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return cast("dict[str, Any]", fields) if isinstance(fields, dict) else None


def check_fields(path: Path, fields: Mapping[str, Any], wanted: Wanted, remedy: str) -> None:
    """Refuse an object that lacks a key, or whose value for one cannot be; other keys may be there.

    Raises:
        InputError: names the first such key; `remedy` ends the sentence.

    """
    if missing := wanted.keys() - fields.keys():
        raise InputError(f"{path}: lacks {', '.join(sorted(missing))}; {remedy}")
    for key, may_be in wanted.items():
        if not may_be(fields[key]):
            raise InputError(f"{path}: is damaged at {key}; {remedy}")


def is_text(value: object) -> bool:
    """Whether a JSON value is a text."""
    return isinstance(value, str)


def is_count(value: object) -> bool:
    """Whether a JSON value is a whole number of at least 1.

    >>> is_count(3), is_count(0), is_count(2.0), is_count(True)
    (True, False, False, False)
    """
    return type(value) is int and value >= 1


def is_table(value: object) -> bool:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_texts(value: object) -> bool:
    """Whether a JSON value is a list of texts."""
    return isinstance(value, list) and all(map(is_text, cast("list[object]", value)))


def is_size(value: object) -> bool:
    """Whether a JSON value is a height and a width.

    >>> is_size([20, 24]), is_size([20]), is_size([20, 0])
    (True, False, False)
    """
    sides = cast("list[object]", value) if isinstance(value, list) else []
    return len(sides) == 2 and all(map(is_count, sides))


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
