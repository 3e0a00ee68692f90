"""What a user is told: every error that is not a bug is one sentence that names the thing and says what to do."""


class CleanplateError(Exception):
    """Base of all errors meant for the user; the command line prints it as one line and exits with `exit_code`."""

    exit_code = 1


class InputError(CleanplateError):
    """A file, folder or array that cannot be used as it is."""


class ModelError(InputError):
    """A model file that is corrupt, foreign, or promises something this version does not understand."""


class RecipeError(CleanplateError):
    """A recipe with an unknown key or a value out of range."""

    exit_code = 2


class UsageError(CleanplateError):
    """A command line or call whose parts do not fit together; found before any work starts."""

    exit_code = 2


class ToolError(CleanplateError):
    """Another program or package that was asked for something has failed."""


class WorkerError(CleanplateError):
    """A process that worked for this one has died."""


class InterruptedWorkError(CleanplateError):
    """The user has stopped a work that can be gone on with."""

    exit_code = 130


class MissingExtraError(CleanplateError):
    """A command that needs an optional part of the package which is not installed."""

    exit_code = 2

    def __init__(self, command: str, extra: str, missing: str) -> None:
        super().__init__(f"{command} needs {missing}: install it with  pip install 'cleanplate[{extra}]'")
