"""Say in one line what is wrong with a recipe."""

import dataclasses
import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_MUST_BE = {
    "greater_than": "> {gt:g}",
    "greater_than_equal": ">= {ge:g}",
    "less_than": "< {lt:g}",
    "less_than_equal": "<= {le:g}",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text in quotes",
    "string_too_short": "a text of at least {min_length} character(s)",
    "literal_error": "{expected}",
    "tuple_type": "a list",
    "too_short": "a list of at least {min_length} values",
    "too_long": "a list of at most {max_length} values",
    "model_type": "a table",
    "dataclass_type": "a table",
}


def describe(error: ValidationError, model: type[BaseModel]) -> tuple[str, str]:
    """Return the dotted key of the first problem ("" for the whole) and what is wrong with it.

    An unknown key comes before anything else: a misspelt key is also why another one is missing.
    """
    problems = error.errors(include_url=False)
    problem = next((p for p in problems if p["type"] in _UNKNOWN), problems[0])
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).removeprefix(".")
    if problem["type"] in _UNKNOWN:
        return key, f"unknown key{_suggestion(key, list(_keys(model)))}"
    return key, _sentence(problem)


def _sentence(problem: ErrorDetails) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(context["error"])
    if kind not in _MUST_BE:
        return problem["msg"]
    return f"must be {_MUST_BE[kind].format_map(context)}, got {json.dumps(problem['input'])}"


def _suggestion(key: str, known: list[str]) -> str:
    """A known key that is alike, of the same table or else of any: names are compared alone, their tables are alike."""
    table, _, name = key.rpartition(".")
    siblings = {other.rpartition(".")[2]: other for other in known if other.rpartition(".")[0] == table}
    anywhere = {other.rpartition(".")[2]: other for other in known}
    for names, least in ((siblings, 0.6), (anywhere, 0.8)):
        if close := difflib.get_close_matches(name, list(names), 1, least):
            return f" (did you mean {names[close[0]]}?)"
    return ""


def _keys(kind: object, prefix: str = "") -> Iterator[str]:
    """Every dotted key of a model, its tables included."""
    for name, inner in _fields(kind).items():
        yield prefix + name
        yield from _keys(inner, f"{prefix}{name}.")


def _fields(kind: object) -> Mapping[str, Any]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: field.annotation for name, field in kind.model_fields.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return {field.name: field.type for field in dataclasses.fields(kind)}
    return {}
