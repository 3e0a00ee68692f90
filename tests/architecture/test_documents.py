"""What the documents promise is there: commands, files, the shipped example."""

import hashlib
import re
import tomllib
from pathlib import Path

from cleanplate.cli.commands import COMMANDS

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
MAKE = re.compile(r"\bmake ([a-z][a-z-]*)")
COMMAND = re.compile(r"(?:^|`|\.venv/bin/|\$\(BIN\)/)cleanplate ([a-z]+)", re.MULTILINE)


def code_in(path: Path) -> str:
    return "\n".join(CODE.findall(path.read_text(encoding="utf-8")))


def test_every_make_command_in_the_documents_exists(root: Path, documents: list[Path]) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {name for path in documents for name in MAKE.findall(code_in(path))}
    assert {"run", "test"} <= named
    assert named - targets == set()


def test_every_cleanplate_command_in_the_documents_exists(root: Path, documents: list[Path]) -> None:
    texts = [code_in(path) for path in documents] + [(root / "Makefile").read_text(encoding="utf-8")]
    named = {name for text in texts for name in COMMAND.findall(text)}
    assert "run" in named
    assert named - set(COMMANDS) == set()


def test_every_relative_link_in_the_documents_leads_somewhere(root: Path, documents: list[Path]) -> None:
    broken = [
        f"{path.relative_to(root)} -> {link}"
        for path in documents
        for link in LINK.findall(CODE.sub("", path.read_text(encoding="utf-8")))
        if not re.match(r"[a-z]+:|#", link) and not (path.parent / link.split("#")[0]).exists()
    ]
    assert broken == []


def test_the_example_is_the_one_whose_origin_is_recorded(root: Path) -> None:
    record = (root / "examples" / "README.md").read_text(encoding="utf-8")
    pictures = sorted((root / "examples").glob("*.jpg"))
    assert [picture.name for picture in pictures] == ["plate.jpg", "shot.jpg"]
    assert [picture.name for picture in pictures if sha256(picture) not in record] == []


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_make_weights_makes_the_data_that_its_recipe_names(root: Path) -> None:
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    begin, further, streets, cut, *later = (
        tomllib.loads((root / "recipes" / f"{name}.toml").read_text(encoding="utf-8"))
        for name in ("begin", "further", "streets", "cut", "wind", "encoder", "shipped")
    )
    counts = {name: int(count) for name, count in re.findall(r"^(\w+)_COUNT \?= (\d+)$", makefile, re.MULTILINE)}
    seeds = re.findall(r"--seed (\d+)", makefile)
    wanted = begin["data"]
    assert counts["VALIDATION"] == wanted["validation_count"] == cut["data"]["validation_count"]
    assert counts["TRAIN"] + counts["SIMPLE"] == wanted["train_count"]
    assert counts["TRAIN"] + counts["SIMPLE"] + counts["FAR"] == further["data"]["train_count"]
    assert further["data"]["train_count"] + counts["STREET"] == streets["data"]["train_count"]
    assert streets["data"]["train_count"] + counts["CUT"] == cut["data"]["train_count"]
    assert streets["model"] == further["model"] == begin["model"]
    assert [(recipe["data"], recipe["model"]) for recipe in later] == [(cut["data"], cut["model"])] * 3
    assert len(set(seeds)) == len(seeds) == 6
    assert seeds[:2] == [str(wanted["seed"]), str(wanted["seed"] + 1)]
