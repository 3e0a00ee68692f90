"""What no file of the package may be or do."""

import ast
import io
import re
import tokenize
from pathlib import Path

MAX_LINES = 300
PICKLING_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
BLANKET_IGNORE = re.compile(r"#\s*(type:\s*ignore|pyright:\s*(ignore(?!\[)|basic|standard|off)|noqa(?!:)|ruff:\s*noqa)")


def comments(path: Path) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def imported_modules(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def unpickles(node: ast.AST) -> bool:
    """Tell whether `node` is torch.load, torch.save or a numpy call that allows pickles."""
    if not isinstance(node, ast.Call):
        return False
    if any(keyword.arg == "allow_pickle" and not is_false(keyword.value) for keyword in node.keywords):
        return True
    return ast.unparse(node.func) in {"torch.load", "torch.save"}


def is_false(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_file_is_longer_than_it_can_be_read_in_one_sitting(source_files: list[Path]) -> None:
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in source_files}
    assert {name: length for name, length in lengths.items() if length > MAX_LINES} == {}


def test_nothing_is_silenced_wholesale(source_files: list[Path]) -> None:
    found = [f"{path.name}: {text}" for path in source_files for text in comments(path) if BLANKET_IGNORE.search(text)]
    assert found == []


def test_pickles_are_never_read_or_written(source_files: list[Path]) -> None:
    trees = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in source_files}
    importing = [name for name, tree in trees.items() if PICKLING_MODULES & imported_modules(tree)]
    calling = [name for name, tree in trees.items() if any(unpickles(node) for node in ast.walk(tree))]
    # The encoder comes as one: read with weights_only, which makes nothing but tensors, after its hash was checked.
    assert (importing, calling) == ([], ["bake_encoder.py"])
    baked = next(path for path in source_files if path.name == "bake_encoder.py").read_text(encoding="utf-8")
    assert baked.count("torch.load(") == baked.count("weights_only=True") == 1


def test_only_the_session_and_the_quantiser_know_onnxruntime(source_files: list[Path], source: Path) -> None:
    knowing = [
        path.relative_to(source).as_posix()
        for path in source_files
        if any(
            module.split(".")[0] == "onnxruntime"
            for module in imported_modules(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert sorted(knowing) == ["runtime/session.py", "train/quantise.py"]


def test_no_room_is_a_drawer_for_odds_and_ends(source_files: list[Path]) -> None:
    drawers = {"utils", "util", "common", "helpers", "misc"}
    assert [str(path) for path in source_files if drawers & {path.stem, path.parent.name}] == []
