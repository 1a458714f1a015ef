"""Which class an extension's name stands for: one of ours, or one that another package brings."""

from __future__ import annotations

from importlib import import_module

from ...catalog import catalog
from ...errors import NexusError
from .base import Extension


def extension_class(name: str) -> type[Extension]:
    """The class of the extension ``name``; it is imported now.

    Ours cannot be overridden: the catalog's names are looked up first, and no entry point may begin with ``nexus.``.

    Raises NexusError (``EXTENSION_UNAVAILABLE``): there is none, this version does not build it, or its package fails.
    """
    known = catalog()
    ours = known.extensions.get(name)
    if ours is not None:
        if not ours.available:
            raise _unavailable(f"the extension {name} is not available in this version.")
        return _own(name)
    found = known.foreign(name)
    if found is None:
        raise _unavailable(f"no package here brings the extension {name[:80]!r}.", "Install the package that does.")
    if found.problem:
        raise _unavailable(f"the extension {name} cannot be used: {found.problem}.", "Update that package, or remove it.")
    if not (isinstance(found.loaded, type) and issubclass(found.loaded, Extension)):
        raise _unavailable(f"the extension {name} cannot be used: {found.package} gives no subclass of Extension.")
    return found.loaded


def _own(name: str) -> type[Extension]:
    """Each of ours is in the module that has its name, ``store`` for ``nexus.store``."""
    module = import_module(f".{name.rpartition('.')[2]}", __package__)
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, Extension) and getattr(each, "name", "") == name:
            return each
    raise _unavailable(f"the extension {name} is not available in this version.")


def _unavailable(message: str, hint: str = "") -> NexusError:
    return NexusError(message, hint=hint, code="EXTENSION_UNAVAILABLE")
