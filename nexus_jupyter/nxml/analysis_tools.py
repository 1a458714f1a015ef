"""What a tool does in the end: itself, and by the tools that it calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from .analysis_facts import CodeFacts
from .analysis_graph import groups

# How many names are kept of what a tool does by others: a long chain of tools must not grow with its square.
_KEPT = 200

_Name = TypeVar("_Name", str, tuple[str, str])


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """A tool with all that it calls: what the handlers read, write, call (tools, sorted) and use (alias, method).

    ``…_all``: some that cannot be told, or too many to be listed.  ``local_safe``: it could run without the kernel: nothing in it uses an
    extension, tells the host anything (``$emit``), or cannot be told.
    """

    reads: tuple[str, ...]
    reads_all: bool
    writes: tuple[str, ...]
    writes_all: bool
    calls: tuple[str, ...]
    calls_all: bool
    extensions: tuple[tuple[str, str], ...]
    extensions_all: bool
    local_safe: bool


class ToolTable(Mapping[str, ToolFacts]):
    """The tools of a document by name.  ``handlers`` are the facts of the handlers by tool.

    All are looked at when the first is asked for, each tool once, those that it calls before it; tools that call each
    other in a circle share their facts.  Of very many things that a tool does in the end only ``…_all`` is told, so
    that time and room are linear in the document.
    """

    def __init__(self, handlers: Mapping[str, CodeFacts]) -> None:
        self._handlers = handlers

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)

    def __getitem__(self, name: str) -> ToolFacts:
        return self._found[name]

    @cached_property
    def _found(self) -> dict[str, ToolFacts]:
        found: dict[str, ToolFacts] = {}
        for group in groups({name: facts.tools for name, facts in self._handlers.items()}):
            facts = self._group(group, found)
            found.update((name, facts) for name in group)
        return found

    def _group(self, group: tuple[str, ...], found: Mapping[str, ToolFacts]) -> ToolFacts:
        """What the tools of a circle do, given what those do that they call."""
        own = [self._handlers[name] for name in group]
        called = dict.fromkeys(name for one in own for name in one.tools)
        below = [found[name] for name in called if name in found]
        unknown = any(name not in self._handlers for name in called)
        calls, calls_many = _joined([called], [t.calls for t in below])
        reads, reads_many = _joined([f.reads for f in own], [t.reads for t in below])
        writes, writes_many = _joined([f.writes for f in own], [t.writes for t in below])
        uses, uses_many = _joined([f.extensions for f in own], [t.extensions for t in below])
        calls_all = calls_many or any(f.tools_all for f in own) or any(t.calls_all for t in below)
        return ToolFacts(
            reads=reads,
            reads_all=calls_all or reads_many or any(f.reads_all for f in own) or any(t.reads_all for t in below),
            writes=writes,
            writes_all=calls_all or writes_many or any(f.writes_all for f in own) or any(t.writes_all for t in below),
            calls=calls,
            calls_all=calls_all,
            extensions=uses,
            extensions_all=calls_all or uses_many or any(f.extensions_all for f in own) or any(t.extensions_all for t in below),
            local_safe=not calls_all and not unknown and all(map(local_safe, own)) and all(t.local_safe for t in below),
        )


def _joined(own: Iterable[Iterable[_Name]], below: Iterable[tuple[_Name, ...]]) -> tuple[tuple[_Name, ...], bool]:
    """All names sorted, and whether there are more than are kept of what is called; a tool's own are always kept."""
    names = {name for one in own for name in one}
    more: set[_Name] = set()
    for one in below:
        if len(more) + len(one) > _KEPT:
            return tuple(sorted(names)), True
        more.update(one)
    return tuple(sorted(names | more)), False


def local_safe(facts: CodeFacts) -> bool:
    """Whether a piece of code could run without the kernel, the tools apart that it calls.

    It uses no extension, tells the host nothing and is understood.
    """
    return not (facts.broken or facts.extensions or facts.extensions_all or facts.tools_all or facts.impurities) and (
        facts.roots.isdisjoint(("$emit", "$ext", "globalThis", "eval", "Function"))
    )
