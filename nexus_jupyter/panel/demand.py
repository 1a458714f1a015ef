"""What a document demands beyond computing on its own state."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel, ConfigDict, JsonValue

from ..catalog import catalog
from ..catalog.model import ExtensionEntry, OptionEntry
from ..errors import NexusError
from ..nxml.analysis_facts import CodeFacts, facts_of
from ..nxml.program import ExtensionDeclaration, Handler, Program
from ..sandbox.capabilities import PYTHON
from ..sandbox.extensions import Extension, registry


class Demand(BaseModel):
    """One extension as one document wants to use it.

    ``options`` are the declared ones with the defaults of the rest; ``capabilities`` are sorted, and those that the
    code of the handlers can use.  ``reason`` is the document's own word and makes no difference to what is demanded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extension: str
    alias: str
    options: dict[str, JsonValue] = {}
    capabilities: tuple[str, ...] = ()
    reason: str = ""

    @property
    def identity(self) -> str:
        """All that is demanded as one text; equal texts are equal demands."""
        return canonical(self.model_dump(exclude={"reason"}))

    def covers(self, other: Demand) -> bool:
        """Whether ``other`` wants nothing that this one does not."""
        if (self.extension, self.alias) != (other.extension, other.alias) or not set(other.capabilities) <= set(self.capabilities):
            return False
        known = option_entries(self.extension)
        names = dict.fromkeys((*self.options, *other.options))
        return all(within(other.options.get(name), self.options.get(name), known.get(name)) for name in names)

    def only(self, capability: str) -> Demand:
        """The same with one capability."""
        return self.model_copy(update={"capabilities": (capability,)})

    def with_capabilities(self, more: Iterable[str]) -> Demand:
        """The same with more capabilities."""
        return self.model_copy(update={"capabilities": tuple(sorted({*self.capabilities, *more}))})


def canonical(value: object) -> str:
    """JSON of one form for equal values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def option_entries(extension: str) -> Mapping[str, OptionEntry]:
    """The options that the catalog knows of an extension, by name."""
    entry = catalog().extension(extension)
    return {} if entry is None else {option.name: option for option in entry.options}


def within(wanted: JsonValue, allowed: JsonValue, option: OptionEntry | None) -> bool:
    """Whether the value of an option that is ``wanted`` opens no more than the one ``allowed``; None stands for no value.

    Lists open what they name, so fewer names are less; of other values only the catalog's default is known to be the
    least, where a value is dangerous.
    """
    if wanted == allowed and isinstance(wanted, bool) == isinstance(allowed, bool):
        return True
    if isinstance(wanted, list) and isinstance(allowed, list):
        return all(each in allowed for each in wanted) or "*" in allowed
    return option is not None and bool(option.dangerous) and wanted == option.default and wanted not in option.dangerous


def demands_of(program: Program) -> tuple[Demand, ...]:
    """The demands of a document, one for each declared extension that its handlers can use and that exists here.

    Python functions are no demand: handing them over grants them.  What the analysis of the code misses is not
    granted either, so that a mistake of it makes a panel ask again and never opens anything.
    """
    handlers = [(handler, facts_of(program.code[handler.code].source, "body")) for handler in _handlers(program)]
    out = []
    for declared in program.extensions:
        kind = None if declared.name == PYTHON else _class_of(declared.name)
        if kind is None:
            continue
        capabilities: set[str] = set()
        for handler, facts in handlers:
            used = _capabilities(kind, _methods(kind, declared.alias, facts))
            capabilities |= used if handler.capabilities is None else used & set(handler.capabilities)
        possible = capabilities & possible_capabilities(declared, kind)
        if possible:
            out.append(demand_of(declared, possible))
    return tuple(out)


def _class_of(name: str) -> type[Extension] | None:
    try:
        return registry.extension_class(name)
    except NexusError:
        return None  # a call of it is told why


def demand_of(declared: ExtensionDeclaration, capabilities: Iterable[str]) -> Demand:
    """What a declaration demands when its handlers use these capabilities."""
    return Demand(
        extension=declared.name,
        alias=declared.alias,
        options=declared.options,
        capabilities=tuple(sorted(set(capabilities))),
        reason=declared.reason,
    )


def possible_capabilities(declared: ExtensionDeclaration, kind: type[Extension]) -> frozenset[str]:
    """The capabilities that the declared options leave: a ``mode`` that is not dangerous excludes those that are."""
    every = _capabilities(kind, kind.methods())
    entry = catalog().extension(declared.name)
    if entry is None or not _is_tame(declared, entry):
        return frozenset(every)
    return frozenset(every) - {each.name for each in entry.capabilities if each.dangerous}


def _is_tame(declared: ExtensionDeclaration, entry: ExtensionEntry) -> bool:
    mode = next((option for option in entry.options if option.name == "mode"), None)
    return mode is not None and declared.options.get("mode", mode.default) not in mode.dangerous


def _handlers(program: Program) -> Iterator[Handler]:
    yield from (tool.handler for tool in program.tools)
    yield from (lifecycle.handler for lifecycle in program.lifecycle)


def _methods(kind: type[Extension], alias: str, facts: CodeFacts) -> Iterable[str]:
    methods = [method for used, method in facts.extensions if used == alias]
    if facts.extensions_all or facts.broken or "" in methods:
        return kind.methods()
    return methods


def _capabilities(kind: type[Extension], methods: Iterable[str]) -> set[str]:
    return {capability for method in methods if (capability := kind.capability(method)) is not None}
