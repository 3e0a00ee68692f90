"""Which code trained this: the commit of the checkout the package runs from."""

import shutil
import subprocess
from pathlib import Path

UNKNOWN = "unknown"


def commit() -> str:
    """The commit's hash, with `-dirty` where files were changed since; "unknown" outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return UNKNOWN
    done = subprocess.run(  # noqa: S603 - a fixed command on the package's own folder
        [git, "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 and done.stdout.strip() else UNKNOWN
