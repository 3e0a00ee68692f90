"""Whom to thank: the packs' sources as a page of Markdown."""

from collections.abc import Iterable

from cleanplate.synth.pack import Pack

_HEAD = """# Where the packs' files come from

Written by `cleanplate assets --check --credits docs/credits.md` from the packs' manifests, which have an entry for
every single file with its SHA-256. All files were changed: simplified, shrunk, cut to tiles, put together.

| for | package | licence | by | what |
|---|---|---|---|---|
"""


def credits_page(packs: Iterable[Pack]) -> str:
    """A table of all sources: one row for everything by the same hand under the same licence in the same package."""
    rows: dict[tuple[str, ...], list[str]] = {}
    for source in (source for pack in packs for source in pack.manifest["sources"]):
        package = f"{source['registry']}: {source['package']} {source['version']}"
        key = (str(source["part"]), package, str(source["licence"]), str(source["author"]))
        rows.setdefault(key, []).append(_thing(str(source["file"])))
    lines = [f"| {' | '.join(key)} | {', '.join(sorted(set(things)))} |" for key, things in sorted(rows.items())]
    return _HEAD + "\n".join(lines) + "\n"


def _thing(file: str) -> str:
    """What a file is about: a model by its folder, anything else by its own name."""
    parts = file.rpartition("!")[2].split("/")
    return parts[-2] if "!" in file and len(parts) > 1 else parts[-1]
