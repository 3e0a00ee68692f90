"""The command line's entrance, which loads nothing before it can tell of Ctrl-C."""

import sys
from collections.abc import Sequence

_INTERRUPTED = 130
"""What a shell tells of a program that Ctrl-C has ended (128 + SIGINT)."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 all done, 1 some inputs failed, 2 wrong usage, 130 interrupted, 141 nobody reads what is told.
    """
    try:
        from cleanplate.cli.commands import perform

        return perform(arguments)
    except (KeyboardInterrupt, ImportError) as error:
        if not _by_ctrl_c(error):
            raise
        sys.stderr.write("cleanplate: interrupted; every file that was finished is kept\n")
        return _INTERRUPTED


def _by_ctrl_c(error: BaseException | None) -> bool:
    """Whether Ctrl-C has led to an error: a compiled module that it stops while it is loaded makes an ImportError."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
