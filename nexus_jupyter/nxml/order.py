"""The canonical order of attributes (NXML 1.0, section 7)."""

from __future__ import annotations

from functools import cache

from ..catalog import Catalog, catalog
from .elements import ELEMENTS

# What identifies a component comes first, what ties it to state and tools after what it shows.
_FIRST = ("id", "key", "class")
_TIES = ("bind", "trigger", "args")
ANY_EVENT = "on:*"


def attribute_order(element_name: str) -> tuple[str, ...]:
    """The attributes of an element, of the language or of the view, in canonical order; no name comes twice.

    Outside the view that is the order of the language's tables; an ``Extension`` has the options of all
    extensions after its own attributes.  A component has ``id``, ``key``, ``class``, its own properties in
    catalog order, ``bind``, ``trigger``, ``args``, an ``on:EVENT`` for each of its events, then what else
    every component takes.  ``ANY_EVENT`` (``on:*``) marks the place of events that its entry does not list.
    Another spelling of an attribute stands directly after the preferred one.  Of an unknown component there
    is what every component takes.
    """
    known = element_name in ELEMENTS or element_name in catalog().components
    return _order(element_name if known else "")


def attributes_sorted(element_name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """``names`` in canonical order; what nobody knows comes last, in the order given."""
    rank = {name: number for number, name in enumerate(attribute_order(element_name))}
    last = len(rank)
    event = rank.get(ANY_EVENT, last)
    return tuple(sorted(names, key=lambda name: rank.get(name, event if name.startswith("on:") else last)))


def _options(known: Catalog) -> list[str]:
    """The options of all extensions, each where its own extension lists it: first ones first."""
    rank: dict[str, int] = {}
    for extension in known.extensions.values():
        for number, option in enumerate(extension.options):
            rank[option.name] = max(number, rank.get(option.name, 0))
    return sorted(rank, key=rank.__getitem__)


@cache
def _order(name: str) -> tuple[str, ...]:
    known = catalog()
    if name in ELEMENTS:
        own = [a.name for a in ELEMENTS[name].attributes]
        if ELEMENTS[name].open:
            own += _options(known)
        return tuple(dict.fromkeys(own))
    entry = known.components.get(name)
    names = list(_FIRST)
    if entry is not None:
        names += [spelling for prop in entry.props for spelling in (prop.name, *prop.aliases)]
    names += _TIES
    names += [f"on:{event.name}" for event in entry.events] if entry is not None else []
    names.append(ANY_EVENT)
    names += known.common
    spelt = {prop.name: (prop.name, *prop.aliases) for prop in known.common.values()}
    return tuple(dict.fromkeys(spelling for each in names for spelling in spelt.get(each, (each,))))
