"""What a tool does in the end: itself, and by the tools that it calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .analysis_facts import CodeFacts

# How much is kept of what tools do in the end: a long chain of tools must not grow with its square.
_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """A tool with all that it calls: what the handlers read, write, call (tools, sorted) and use (alias, method).

    ``…_all``: some that cannot be told.  ``local_safe``: it could run without the kernel: nothing in it uses an
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
    """The tools of a document by name, each looked at when it is first asked for, in time linear in what it calls.

    ``handlers`` are the facts of the handlers by tool.
    """

    def __init__(self, handlers: Mapping[str, CodeFacts]) -> None:
        self._handlers = handlers
        self._found: dict[str, ToolFacts] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._handlers)

    def __len__(self) -> int:
        return len(self._handlers)

    def __getitem__(self, name: str) -> ToolFacts:
        found = self._found.get(name)
        if found is None:
            found = self._all_of(name)
            if len(self._found) < _KEPT:
                self._found[name] = found
        return found

    def _all_of(self, name: str) -> ToolFacts:
        facts = [self._handlers[name]]
        seen = {name}
        called: set[str] = set()
        for one in facts:  # grows as tools are found
            called.update(one.tools)
            for other in one.tools:
                if other not in seen and other in self._handlers:
                    seen.add(other)
                    facts.append(self._handlers[other])
        calls_all = any(f.tools_all for f in facts)
        unknown = called - self._handlers.keys()
        return ToolFacts(
            reads=tuple(sorted({n for f in facts for n in f.reads})),
            reads_all=calls_all or any(f.reads_all for f in facts),
            writes=tuple(sorted({n for f in facts for n in f.writes})),
            writes_all=calls_all or any(f.writes_all for f in facts),
            calls=tuple(sorted(called)),
            calls_all=calls_all,
            extensions=tuple(sorted({n for f in facts for n in f.extensions})),
            extensions_all=calls_all or any(f.extensions_all for f in facts),
            local_safe=not calls_all and not unknown and all(local_safe(f) for f in facts),
        )


def local_safe(facts: CodeFacts) -> bool:
    """Whether a piece of code could run without the kernel, the tools apart that it calls.

    It uses no extension, tells the host nothing and is understood.
    """
    return not (facts.broken or facts.extensions or facts.extensions_all or facts.tools_all or facts.impurities) and (
        facts.roots.isdisjoint(("$emit", "$ext"))
    )
