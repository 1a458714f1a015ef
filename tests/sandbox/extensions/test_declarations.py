"""Our classes do what our catalog entries say: methods, capabilities, parameters."""

from __future__ import annotations

import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from nexus_jupyter.catalog import catalog
from nexus_jupyter.errors import HandlerError
from nexus_jupyter.sandbox.extensions import ExtensionContext, extension_class

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


def test_the_example_for_authors_is_an_extension_that_works() -> None:
    page = (Path(__file__).parents[3] / "docs/extensions.md").read_text(encoding="utf-8")
    source = re.findall(r"```python\n(# acme_weather.*?)```", page, re.DOTALL)[0]
    names: dict[str, Any] = {"__name__": "acme_weather"}
    exec(compile(source, "acme_weather", "exec", dont_inherit=True), names)
    made = names["Weather"]
    entry = made.declaration()
    assert (entry.name, entry.description) == ("acme.weather", "Forecasts of the Acme weather service.")
    (forecast,) = entry.methods
    assert forecast.signature == "forecast(city, options?)"
    assert [(m.name, m.type, m.default) for m in forecast.params[1].members] == [("days", "number", 3)]
    assert forecast.params[1].description == "What to ask for."
    assert forecast.returns == "`{ city, days }`: the days are records."
    weather = made(ExtensionContext(panel="p", options={"units": "metric"}))
    assert asyncio.run(weather.call("forecast", ("Bern", {"days": 1}))) == {"city": "Bern", "days": [{"high": 20, "units": "metric"}]}
    for args in (("Nowhere",), ("Bern", {"days": 99}), ("Bern", {"weeks": 1})):
        with pytest.raises(HandlerError):
            asyncio.run(weather.call("forecast", args))
