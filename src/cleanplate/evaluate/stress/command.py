"""Any program as a tool: a command line that reads two pictures and writes a matte."""

import os
import shlex
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from cleanplate.errors import InputError, ToolError, UsageError
from cleanplate.evaluate.predictions import read_matte
from cleanplate.evaluate.stress.pairs import Codes
from cleanplate.imaging import Image
from cleanplate.imaging.files import encode_png, is_file

_NEEDED = ("{image}", "{out}")
_TAIL, _TAIL_BYTES = 300, 4096
_LOOK_S = 0.1
_LAST_WORDS_S = 1.0
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def command_matte(command: str, timeout_s: float) -> tuple[str, Callable[[Codes, Codes], Image]]:
    """A command line as a function of plate and shot, and the name of its program.

    It is started once for each picture, without a shell. Its words are parted by spaces; quotes, single or double, hold
    a word together, and a backslash is a sign like any other, so that paths of Windows stay what they are. {image} and
    {plate} become the names of 8-bit RGB PNG files, {out} the name of the PNG that it is to write: a grey matte, or a
    picture whose transparency is the matte, of any size but of the shot's shape.

    Raises:
        UsageError: the command is empty, has unpaired quotes, or lacks {image} or {out}. The function raises ToolError
            where the program cannot be started, fails, takes longer than `timeout_s`, or writes no matte, and
            KeyboardInterrupt where this process was told to end: by Ctrl-C, SIGTERM or SIGHUP.
    """
    words = _words(command)
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
            _run([_filled(word, files) for word in words], timeout_s)
            return _read_matte(words[0], files["out"])

    return Path(words[0]).name, matte


def _words(command: str) -> list[str]:
    lexer = shlex.shlex(command, posix=True)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        return list(lexer)
    except ValueError as error:
        raise UsageError(f"--tool {command}: cannot be read as a command ({error}); pair its quotes") from error


def _filled(word: str, files: dict[str, Path]) -> str:
    # no str.format: a command may have braces of its own
    for place, path in files.items():
        word = word.replace(f"{{{place}}}", str(path))
    return word


def _run(words: list[str], timeout_s: float) -> None:
    said = bytearray()
    with _put_off() as told:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"{words[0]}: cannot be started ({error.strerror}); check the name in --tool") from error
        listener = threading.Thread(target=_listen, args=(process.stderr, said), daemon=True)
        listener.start()
        try:
            code = _waited_for(process, timeout_s, told)
        finally:
            _end(process)
        listener.join(_LAST_WORDS_S)  # something that escaped its group may hold the pipe for ever
    if told:
        raise KeyboardInterrupt
    if code is None:
        raise ToolError(f"{words[0]}: took longer than {timeout_s:g} s for one picture; give it more with --timeout")
    if code != 0:
        raise ToolError(f"{words[0]}: failed with exit code {code} ({_tail(bytes(said))}); try it by hand first")


@contextmanager
def _put_off() -> Generator[list[int]]:
    """What would end this process is only noted meanwhile: a tool, which has a session of its own, would outlive it."""
    told: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        told.append(number)

    in_main = threading.current_thread() is threading.main_thread()
    heeded = [number for number in _ENDING if in_main and signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, note) for number in heeded}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _waited_for(process: "subprocess.Popen[bytes]", timeout_s: float, told: list[int]) -> int | None:
    """A command's exit code; None where its time is up, or ours."""
    last = time.monotonic() + timeout_s
    while not told and (left := last - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            return process.wait(min(left, _LOOK_S))
    return None


def _listen(pipe: IO[bytes], said: bytearray) -> None:
    """Keep the end of what is said."""
    with pipe:
        while data := os.read(pipe.fileno(), _TAIL_BYTES):
            said += data
            del said[:-_TAIL_BYTES]


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Nothing that a command has started outlives it, where processes have groups."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()


def _tail(said: bytes) -> str:
    """The end of what was said, in one line."""
    text = " ".join(said.decode(errors="replace").split())
    return f"...{text[-_TAIL:]}" if len(text) > _TAIL else text or "it said nothing"


def _read_matte(program: str, path: Path) -> Image:
    if not is_file(path):  # a pipe would be waited for
        raise ToolError(f"{program}: ended without an error but wrote no {{out}}; check how it is told where to write")
    try:
        return read_matte(path)
    except InputError as error:
        raise ToolError(f"{program}: wrote what is no matte ({error})") from error
