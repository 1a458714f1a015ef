"""Extensions of other packages: entry points of the group ``nexus_jupyter.extensions``, loaded when a document names one.

An entry point's name is the extension's; what it names has a ``declaration()`` that gives an ``ExtensionEntry``.
Names that begin with ``nexus.`` are ours alone.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .model import CapabilityEntry, ExtensionEntry

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

logger = logging.getLogger(__name__)

GROUP = "nexus_jupyter.extensions"
FRESH = 1.0
_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")
_MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_CAPABILITY = re.compile(r"[a-z][a-z0-9_]*:[a-z][a-z0-9_]*")
# What an Extension element has by itself.
_TAKEN = frozenset({"name", "alias", "reason"})
_Where = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Foreign:
    """What an entry point gave: the ``loaded`` object and its ``entry``, or the ``problem`` in a sentence."""

    name: str
    package: str
    loaded: Any = None
    entry: ExtensionEntry | None = None
    problem: str = ""


_lock = threading.RLock()
_points: tuple[_Where, dict[str, list[EntryPoint]]] | None = None
_looked = 0.0
_found: dict[tuple[str, str], Foreign] = {}


def foreign_names() -> tuple[str, ...]:
    """The names of what other packages bring, sorted; nothing of it is loaded."""
    return tuple(sorted(_entry_points()))


def foreign_extension(name: str, ours: dict[str, CapabilityEntry]) -> Foreign | None:
    """The extension of another package by its name, None when nobody brings it.  Never raises; loads it at the first call.

    ``ours`` are capabilities that it must not use, for a grant of one of them was meant for something else.
    """
    points = _entry_points().get(name, [])
    if not points:
        return None
    first = points[0]
    with _lock:
        key = (name, first.value)
        if key not in _found:
            _found[key] = _load(name, points, ours)
        return _found[key]


def _entry_points() -> dict[str, list[EntryPoint]]:
    """Entry points by name, looked up again when what can be imported has changed; a second may pass until that is seen."""
    global _points, _looked
    with _lock:
        if _points is not None and time.monotonic() - _looked < FRESH and [entry for entry, _ in _points[0]] == sys.path:
            return _points[1]
        _looked = time.monotonic()
        where = tuple((entry, _changed(entry)) for entry in sys.path)
        if _points is None or _points[0] != where:
            from importlib.metadata import entry_points

            found: dict[str, list[EntryPoint]] = {}
            for point in entry_points(group=GROUP):
                if _NAME.fullmatch(point.name) and point.name.partition(".")[0] != "nexus":
                    found.setdefault(point.name, []).append(point)
                else:
                    logger.warning("the entry point %r of %s is ignored: it is no name for an extension", point.name, _package(point))
            _points = (where, found)
        return _points[1]


def _changed(entry: str) -> int:
    try:
        return Path(entry or ".").stat().st_mtime_ns
    except OSError:
        return 0


def _load(name: str, points: list[EntryPoint], ours: dict[str, CapabilityEntry]) -> Foreign:
    package = _package(points[0])
    packages = list(dict.fromkeys(map(_package, points)))
    if len({point.value for point in points}) > 1:
        return Foreign(name, package, problem=f"the packages {' and '.join(packages)} both bring it")
    try:
        loaded = points[0].load()
        entry = loaded.declaration()
        problem = _problem(entry, name, ours)
    except Exception as error:  # whatever a package does when it is imported
        logger.warning("the extension %s of %s cannot be used", name, package, exc_info=True)
        return Foreign(name, package, problem=f"{package} cannot provide it ({type(error).__name__}: {str(error)[:200]})")
    if problem:
        return Foreign(name, package, problem=f"{package} declares it wrongly: {problem}")
    return Foreign(name, package, loaded, entry)


def _problem(entry: object, name: str, ours: dict[str, CapabilityEntry]) -> str:
    if not isinstance(entry, ExtensionEntry):
        return f"declaration() gives {type(entry).__name__}, not an ExtensionEntry"
    if entry.name != name:
        return f"it calls itself {entry.name!r}"
    capabilities = {c.name for c in entry.capabilities}
    for capability in capabilities:
        if not _CAPABILITY.fullmatch(capability):
            return f"the capability {capability!r} is not written kind:verb"
        if capability in ours or capability.partition(":")[0] in {c.partition(":")[0] for c in ours}:
            return f"the capability {capability!r} belongs to another extension"
    for member in (*(m.name for m in entry.methods), *(o.name for o in entry.options)):
        if not _MEMBER.fullmatch(member) or member in ("then", "constructor", "prototype"):
            return f"{member!r} is no name for a method or option"
    if taken := _TAKEN & {o.name for o in entry.options}:
        return f"the option {min(taken)!r} is what every Extension has"
    for method in entry.methods:
        if method.capability not in capabilities:
            return f"{method.name} uses {method.capability!r}, which it does not list"
    return "" if entry.methods else "it has no methods"


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value.partition(":")[0]
