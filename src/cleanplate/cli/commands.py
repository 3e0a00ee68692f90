"""All commands: one grammar, every error one line on standard error, one exit code for each outcome."""

import importlib
import io
import os
import sys
from collections.abc import Sequence

import click

from cleanplate import __version__
from cleanplate.errors import CleanplateError
from cleanplate.jobs.memory import keep_freed_memory

COMMANDS = ("run", "doctor", "inspect", "assets", "synth", "compose", "label", "train", "export", "evaluate")
"""Each is `cli/NAME.py` and holds one click command or group called `command`."""

_UNREAD = 141
"""What a shell tells of a program that nobody reads (128 + SIGPIPE)."""


class _Commands(click.Group):
    """Loads a command's file only when that command is asked for, so that `run` never pays for training."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        return importlib.import_module(f"cleanplate.cli.{cmd_name}").command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="cleanplate")
def _app() -> None:
    """Matte and depth of every photo of a scene, from one photo of the empty scene (the plate)."""


def perform(arguments: Sequence[str] | None) -> int:
    """Run one command and return its exit code, as of `main.main`.

    Raises:
        KeyboardInterrupt: Ctrl-C.

    """
    keep_freed_memory()
    try:
        result = _app.main(args=arguments, prog_name="cleanplate", standalone_mode=False)
    except CleanplateError as error:
        return _complain(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return error.exit_code
    except click.ClickException as error:
        return _complain(error.format_message(), error.exit_code)
    except click.Abort:  # click's word for it
        raise KeyboardInterrupt from None
    except SystemExit:  # click's way, where nobody reads the output any more: not the exit code of a failure
        result = _UNREAD
    except OSError as error:
        if error.filename is not None:
            raise
        _leave_standard_output()
        what = "standard output, or a file that was half-written when the disk filled up,"  # neither error names it
        return _complain(f"{what} cannot be written ({error.strerror}); what was finished is kept", 1)
    return result if isinstance(result, int) else 0


def _leave_standard_output() -> None:
    """Let Python's own flush at exit succeed where nobody takes the output any more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except io.UnsupportedOperation:  # not a file but, say, a test's buffer
        return


def _complain(message: str, exit_code: int) -> int:
    sys.stderr.write(f"cleanplate: {' '.join(message.split())}\n")
    return exit_code
