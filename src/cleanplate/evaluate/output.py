"""Which files an evaluation may write over: those of an earlier one."""

from pathlib import Path

from cleanplate.errors import InputError
from cleanplate.imaging.files import is_file

SCORES = "scores.json"
"""The figures, beside whatever an evaluation shows."""

SCORES_BEGIN = '{\n "set": '
"""How every evaluation's `scores.json` begins, which is what it is known by."""


def refuse_other(path: Path, begins: str, what: str) -> None:
    """Refuse to write over a file of that name that is none of ours.

    Args:
        path: the file.
        begins: how ours begins.
        what: what ours is, after "is not": "the page of a measurement".

    Raises:
        InputError: there is such a file, or it cannot be read.
    """
    if not is_file(path):
        return
    try:
        with path.open("rb") as file:
            ours = file.read(len(begins.encode())) == begins.encode()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); give another --out") from error
    if not ours:
        raise InputError(f"{path}: is not {what}; move it away, or give another --out")
