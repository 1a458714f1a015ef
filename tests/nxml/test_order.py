"""The canonical order of attributes."""

from __future__ import annotations

import pytest

from nexus_jupyter.catalog import catalog
from nexus_jupyter.nxml.elements import ELEMENTS
from nexus_jupyter.nxml.order import ANY_EVENT, attribute_order, attributes_sorted


@pytest.mark.parametrize("name", [n for n, r in ELEMENTS.items() if not r.open])
def test_outside_the_view_the_order_is_that_of_the_table(name: str) -> None:
    assert attribute_order(name) == tuple(a.name for a in ELEMENTS[name].attributes)


@pytest.mark.parametrize("name", catalog().extensions)
def test_options_follow_an_extensions_own_attributes_in_its_order(name: str) -> None:
    order = attribute_order("Extension")
    own = ["name", "alias", "reason", *(o.name for o in catalog().extensions[name].options)]
    assert [n for n in order if n in own] == own


@pytest.mark.parametrize("name", [*catalog().components, "Nothing"])
def test_a_component_says_who_it_is_what_it_shows_what_it_does_then_the_rest(name: str) -> None:
    entry = catalog().components.get(name)
    order = attribute_order(name)
    assert len(set(order)) == len(order)
    own = [p.name for p in entry.props] if entry else []
    events = [f"on:{e}" for e in entry.event_names] if entry else []
    rest = ["style", "hidden", "colSpan", "tooltip", "ariaLabel"]
    expected = ["id", "key", "class", "className", *own, "bind", "trigger", "args", *events, ANY_EVENT, *rest]
    assert list(order) == expected


def test_attributes_are_sorted_and_strangers_keep_their_order_at_the_end() -> None:
    given = ("zz", "on:gone", "style", "on:change", "bind", "aa", "className", "id", "label")
    assert attributes_sorted("Input", given) == ("id", "className", "label", "bind", "on:change", "on:gone", "style", "zz", "aa")


def test_outside_the_view_events_are_strangers() -> None:
    assert attributes_sorted("State", ("on:a", "type", "on:b", "name")) == ("name", "type", "on:a", "on:b")
