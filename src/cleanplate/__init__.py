"""cleanplate: one photo of the empty scene, then every photo of it becomes a matte with a dense depth map."""

import importlib
from typing import TYPE_CHECKING

from cleanplate.errors import CleanplateError

if TYPE_CHECKING:
    from cleanplate.runtime.matte import Matte
    from cleanplate.runtime.no_plate import NoPlate
    from cleanplate.runtime.plate import Plate

    __version__: str

__all__ = ["CleanplateError", "Matte", "NoPlate", "Plate", "__version__"]

_MODULES = {"Matte": "matte", "NoPlate": "no_plate", "Plate": "plate"}


def __getattr__(name: str) -> object:
    """Load the runtime when it is first asked for, so that `import cleanplate` costs nothing."""
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("cleanplate")
    if name in _MODULES:
        return getattr(importlib.import_module(f"cleanplate.runtime.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'cleanplate' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
