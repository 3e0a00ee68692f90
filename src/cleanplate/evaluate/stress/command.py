"""Any program as a tool: a command line that reads two pictures and writes a matte."""

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cleanplate.errors import InputError, ToolError, UsageError
from cleanplate.evaluate.predictions import read_matte
from cleanplate.evaluate.stress.pairs import Codes
from cleanplate.imaging import Image
from cleanplate.imaging.files import encode_png

_NEEDED = ("{image}", "{out}")
_TAIL = 300


def command_matte(command: str, timeout_s: float) -> tuple[str, Callable[[Codes, Codes], Image]]:
    """A command line as a function of plate and shot, and the name of its program.

    It is started once for each pair, without a shell. {image} and {plate} become the names of 8-bit RGB PNG files,
    {out} the name of the PNG that it is to write: a grey matte, or a picture whose transparency is the matte, of any
    size but of the shot's shape.

    Raises:
        UsageError: the command is empty, has unpaired quotes, or lacks {image} or {out}. The function raises ToolError
            where the program cannot be started, fails, takes too long, or writes no matte.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UsageError(f"--tool {command}: cannot be read as a command ({error}); pair its quotes") from error
    missing = [place for place in _NEEDED if not any(place in word for word in words)]
    if missing:
        raise UsageError(
            f"--tool {command}: lacks {' and '.join(missing)}; "
            "write it like  COMMAND --image {image} --plate {plate} --out {out}"
        )

    def matte(plate: Codes, shot: Codes) -> Image:
        with tempfile.TemporaryDirectory(prefix="cleanplate-stress-") as folder:
            files = {place: Path(folder) / f"{place}.png" for place in ("image", "plate", "out")}
            files["image"].write_bytes(encode_png(shot))
            files["plate"].write_bytes(encode_png(plate))
            _run([_filled(word, files) for word in words], Path(folder) / "stderr", timeout_s)
            return _read_matte(words[0], files["out"])

    return Path(words[0]).name, matte


def _filled(word: str, files: dict[str, Path]) -> str:
    # no str.format: a command may have braces of its own
    for place, path in files.items():
        word = word.replace(f"{{{place}}}", str(path))
    return word


def _run(words: list[str], said: Path, timeout_s: float) -> None:
    """Run a command; its standard error goes to a file, because a pipe that a grandchild holds would never end."""
    try:
        with said.open("wb") as stderr:
            process = subprocess.Popen(  # noqa: S603 - the user's own command
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
            )
    except OSError as error:
        raise ToolError(f"{words[0]}: cannot be started ({error.strerror}); check the name in --tool") from error
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired as error:
        message = f"{words[0]}: took longer than {timeout_s:g} s for one picture; give it more with --timeout"
        raise ToolError(message) from error
    finally:
        _end(process)
    if code != 0:
        raise ToolError(f"{words[0]}: failed with exit code {code} ({_tail(said)}); try it by hand first")


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Nothing that a command has started outlives it, where processes have groups."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _tail(said: Path) -> str:
    """The end of what was said, in one line."""
    text = " ".join(said.read_text(encoding="utf-8", errors="replace").split())
    return f"...{text[-_TAIL:]}" if len(text) > _TAIL else text or "it said nothing"


def _read_matte(program: str, path: Path) -> Image:
    if not path.exists():
        raise ToolError(f"{program}: ended without an error but wrote no {{out}}; check how it is told where to write")
    try:
        return read_matte(path)
    except InputError as error:
        raise ToolError(f"{program}: wrote what is no matte ({error})") from error
