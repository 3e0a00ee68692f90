"""What lies in a run's folder, for whoever has no torch as well."""

from pathlib import Path

from cleanplate.errors import InputError
from cleanplate.imaging.files import file_identity, is_folder

ABOUT = "checkpoint.json"
"""Lies in the folder of every checkpoint, and says what it is."""


def checkpoints_of(run: Path) -> list[Path]:
    """The folders of a run's checkpoints, the latest step last; none where it is no run.

    Raises:
        InputError: it cannot be listed.

    """
    try:
        return sorted(
            path for path in (run / "checkpoints").iterdir() if path.name.startswith("step_") and is_folder(path)
        )
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(f"{run}: cannot be listed ({error.strerror}); check its permissions") from error


def newest_checkpoint(run: Path) -> Path | None:
    """The checkpoint of the latest step in a run folder."""
    return next(reversed(checkpoints_of(run)), None)


def find_checkpoint(path: Path) -> Path:
    """The checkpoint that is meant: `path` itself, or the newest of the run that it is.

    Raises:
        InputError: it is neither.

    """
    folder = path if file_identity(path / ABOUT) else newest_checkpoint(path)
    if folder is None:
        raise InputError(f"{path}: is no checkpoint and no run with one; give RUN or RUN/checkpoints/step_...")
    return folder
