"""Fetch packages with the ordinary package clients, check what came, unpack it: once for every machine."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cleanplate.assets.archives import unpack
from cleanplate.assets.pins import PINS, Pin
from cleanplate.errors import InputError
from cleanplate.imaging.files import prepare_folder
from cleanplate.synth.pack import cache_folder

_CLIENTS = {
    "npm": ("npm", "install Node.js with npm (Debian: apt-get install npm)"),
    "apt": ("apt-get", "use Debian or a container of it"),
}


@dataclass(frozen=True)
class Downloads:
    """Packages under `folder`; a package that is there already and has the pinned hash is not fetched again.

    Attributes:
        folder: FOLDER/REGISTRY/NAME-VERSION holds the archive and, unpacked, `content`.
        pip: the command that starts pip.
    """

    folder: Path
    pip: Sequence[str] = (sys.executable, "-m", "pip")

    def npm(self, package: str, version: str) -> Path:
        """The unpacked folder of an npm package."""
        return self._content(PINS["npm", package, version])

    def wheel(self, package: str, version: str) -> Path:
        """The unpacked folder of a wheel."""
        return self._content(PINS["pip", package, version])

    def deb(self, package: str, version: str) -> Path:
        """The unpacked files of a Debian package: `usr/share/...` are under the returned folder."""
        return self._content(PINS["apt", package, version])

    def _content(self, pin: Pin) -> Path:
        """Fetch and unpack what is not there yet.

        Raises:
            InputError: the client is missing or fails, what it fetched has another hash, the disk is full.

        """
        folder = self.folder / pin.registry / f"{pin.name.replace('/', '-').lstrip('@')}-{pin.version}"
        content = folder / "content"
        if content.is_dir():
            return content
        prepare_folder(folder)
        try:
            for left_behind in folder.glob(".part-*"):  # by a run that was killed
                shutil.rmtree(left_behind, ignore_errors=True)
            archive = self._archive(pin, folder)
            with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as temporary:
                unpacked = Path(temporary) / "content"
                unpacked.mkdir()
                unpack(archive, unpacked)
                unpacked.rename(content)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise InputError(f"{folder}: cannot be written ({reason}); make room, then run it again") from error
        return content

    def _archive(self, pin: Pin, folder: Path) -> Path:
        """The archive with the right hash: the one that is there, else a fetched one."""
        for path in sorted(p for p in folder.iterdir() if p.is_file()):
            if _sha256(path) == pin.sha256:
                return path
            path.unlink()
        with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as temporary:
            self._fetch(pin, Path(temporary))
            fetched = sorted(p for p in Path(temporary).iterdir() if p.is_file())
            if len(fetched) != 1:
                raise InputError(f"{pin}: {pin.registry} fetched {len(fetched)} files instead of one; run it again")
            found = _sha256(fetched[0])
            if found != pin.sha256:
                raise InputError(
                    f"{pin}: the download is broken or another one: its SHA-256 is {found[:12]}..., expected "
                    f"{pin.sha256[:12]}...; run it again, and if that does not help check the registry's mirror"
                )
            archive = folder / fetched[0].name
            fetched[0].rename(archive)
            return archive

    def _fetch(self, pin: Pin, folder: Path) -> None:
        """Let the package client write its one archive into an empty folder."""
        if pin.registry == "pip":
            command = [*self.pip, "download", "--no-deps", "--only-binary=:all:", "--dest", str(folder)]
            command += [*pin.options, f"{pin.name}=={pin.version}"]
            advice = "install pip (python -m ensurepip)"
        elif pin.registry == "npm":
            command = ["npm", "pack", "--silent", "--ignore-scripts", f"{pin.name}@{pin.version}"]
            advice = _CLIENTS["npm"][1]
        else:
            command = ["apt-get", "download", f"{pin.name}={pin.version}"]
            advice = f"{_CLIENTS['apt'][1]}, or put the package's file into {folder.parent} by hand"
        client = shutil.which(command[0])
        if client is None:
            raise InputError(f"{pin}: needs {command[0]}, which is not installed; {advice}")
        # By its path, because Windows starts npm.cmd only under its whole name; absolute, because it is started in
        # `folder`. Every other word of the command is a constant of pins.py or a path made here.
        words = [str(Path(client).absolute()), *command[1:]]
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            reason = said[-1] if said else "without a word"
            raise InputError(f"{pin}: {command[0]} failed ({reason}); run it again")


def default_downloads() -> Downloads:
    """Downloads in the cache folder."""
    return Downloads(cache_folder() / "downloads")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
