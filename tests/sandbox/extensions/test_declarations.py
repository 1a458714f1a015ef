"""Our classes do what our catalog entries say: methods, capabilities, parameters."""

from __future__ import annotations

import inspect

import pytest

from nexus_jupyter.catalog import catalog
from nexus_jupyter.sandbox.extensions import extension_class

BUILT = [e.name for e in catalog().extensions.values() if e.available and not e.dynamic]


@pytest.mark.parametrize("name", BUILT)
def test_a_class_has_the_methods_of_its_entry(name: str) -> None:
    entry, made = catalog().extensions[name], extension_class(name)
    assert {m.name: m.capability for m in entry.methods} == {m: made.capability(m) for m in made.methods()}
    for method in entry.methods:
        parameters = list(inspect.signature(getattr(made, method.name)).parameters.values())[1:]
        assert [(p.name, p.default is p.empty) for p in parameters] == [(p.name, p.required) for p in method.params]


@pytest.mark.parametrize("name", BUILT)
def test_a_class_takes_the_kinds_of_values_that_its_entry_says(name: str) -> None:
    from nexus_jupyter.sandbox.extensions.declaration import _method

    for method in catalog().extensions[name].methods:
        found = _method(extension_class(name), method.name, "x")
        for said, made in zip(method.params, found.params, strict=True):
            assert said.type in (made.type, "any") or made.type == "any"
            if said.members:
                assert {(m.name, m.type) for m in said.members} == {(m.name, m.type) for m in made.members}


def test_functions_are_an_extension_of_their_own_kind() -> None:
    made = extension_class("nexus.python")
    assert made.methods() == ()
    assert made.capability("anything") == "python:call"
