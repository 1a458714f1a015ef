"""Extensions of other packages: found by entry points, known to the language, never in the way of ours."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nexus_jupyter.catalog import catalog, foreign_names
from nexus_jupyter.errors import NexusError
from nexus_jupyter.nxml import complete, hover, load_program, read
from nexus_jupyter.sandbox.extensions import ExtensionContext, extension_class

_numbers = itertools.count()

WEATHER = '''
from typing import Annotated, Any
from pydantic import BaseModel, ConfigDict, Field
from nexus_jupyter.sandbox.extensions import CapabilityEntry, Extension, OptionEntry, method

class Options(BaseModel):
    model_config = ConfigDict(extra="forbid")
    days: Annotated[int, Field(description="How many days.")] = 3

class Weather(Extension):
    """Tells the weather.

    Not part of the description.
    """
    name = "acme.weather"
    capabilities = (CapabilityEntry(name="weather:read", description="Ask for the weather.", dangerous=True),)
    options = (OptionEntry(name="units", type="enum", enum=("metric", "imperial"), default="metric", description="Which units."),)

    @method("weather:read")
    async def forecast(self, city: Annotated[str, Field(description="Whose weather.")], options: Options | None = None) -> dict[str, Any]:
        """Gives the forecast
        of a city."""
        return {"city": city, "units": self.context.options["units"], "days": (options or Options()).days}

    @method("weather:read")
    async def cities(self) -> list[str]:
        return ["Bern"]
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """``install(module, source, {entry point: what it names})``: a distribution in a folder of its own on ``sys.path``."""
    made: list[str] = []

    def make(module: str, source: str, points: dict[str, str]) -> None:
        folder = tmp_path / module
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        lines = "".join(f"{name} = {value}\n" for name, value in points.items())
        (info / "entry_points.txt").write_text(f"[nexus_jupyter.extensions]\n{lines}")
        monkeypatch.syspath_prepend(str(folder))
        made.append(module)

    yield make
    for module in made:
        sys.modules.pop(module, None)


@pytest.fixture
def weather(install: Callable[..., None]) -> str:
    """The name of its module, and thereby of the distribution."""
    module = f"acme_weather_{next(_numbers)}"
    install(module, WEATHER, {"acme.weather": f"{module}:Weather"})
    return module


def document(attributes: str = "", handler: str = 'return await $ext.weather.forecast("Bern")', of: str = "") -> str:
    return (
        f'<NexusPanel title="t"><Logic><Extension name="acme.weather" reason="r" {attributes}/>'
        f'<Tool name="ask" description="d"><Handler {of}>{handler}</Handler></Tool></Logic>'
        '<View><Button trigger="ask">Ask</Button></View></NexusPanel>'
    )


def codes(source: str) -> list[str]:
    return [d.code for d in read(source).diagnostics]


def test_the_language_knows_it(weather: str) -> None:
    assert codes(document()) == []
    assert codes(document('units="imperial"')) == []
    assert codes(document('units="kelvin"')) == ["INVALID_ATTRIBUTE"]
    assert codes(document('unit="metric"')) == ["UNKNOWN_ATTRIBUTE"]
    assert codes(document(handler='return await $ext.weather.forcast("Bern")')) == ["UNDECLARED_EXTENSION"]
    assert codes(document(of='capabilities="weather:read"')) == ["DANGEROUS_CAPABILITY"]
    assert codes(document(of='capabilities="weather:write"')) == ["INVALID_ATTRIBUTE"]
    assert codes(document().replace("acme.weather", "acme.wether").replace("$ext.weather", "$ext.wether")) == ["UNKNOWN_EXTENSION"]


def test_its_options_reach_the_program(weather: str) -> None:
    assert load_program(document())[0].extensions[0].options == {"units": "metric"}
    assert load_program(document('units="imperial"'))[0].extensions[0].options == {"units": "imperial"}


def test_completion_and_hover_show_what_it_says_of_itself(weather: str) -> None:
    source = document()
    names = [c.label for c in complete(source, source.index('forecast("')).items]
    assert names[:2] == ["forecast", "cities"]
    shown = hover(source, source.index('forecast("') + 1)
    assert shown is not None
    assert "forecast(city, options?)" in shown.text
    assert "Gives the forecast of a city." in shown.text
    assert "Whose weather." in shown.text
    assert "Members: `days`" in shown.text
    start = source.index("acme.weather")
    assert "acme.weather" in [c.label for c in complete(source.replace("acme.weather", ""), start).items]
    assert "units" in [c.label for c in complete(source, source.index('reason="r" ') + len('reason="r" ')).items]


def test_its_class_is_what_runs(weather: str) -> None:
    made = extension_class("acme.weather")(ExtensionContext(panel="p", options={"units": "metric"}))
    assert asyncio.run(made.call("forecast", ("Bern", {"days": 2}))) == {"city": "Bern", "units": "metric", "days": 2}


def test_it_is_loaded_only_when_it_is_declared(weather: str) -> None:
    assert "acme.weather" in foreign_names()
    read('<NexusPanel><Logic><Extension name="nexus.http" hosts="a.org"/></Logic></NexusPanel>')
    assert weather not in sys.modules
    assert catalog().extension("acme.weather") is not None
    assert weather in sys.modules


SMALL = """
from nexus_jupyter.sandbox.extensions import CapabilityEntry, Extension, method
class Small(Extension):
    '''Small.'''
    name = "{name}"
    capabilities = (CapabilityEntry(name="{capability}", description="d"),)
    @method("{uses}")
    async def {method}(self, {parameter}) -> str:
        return ""
"""


def small(name: str = "acme.bad", capability: str = "bad:do", uses: str = "bad:do", method: str = "go", parameter: str = "a: str") -> str:
    return SMALL.format(name=name, capability=capability, uses=uses, method=method, parameter=parameter)


@pytest.mark.parametrize(
    ("number", "source", "word"),
    [
        (0, "raise RuntimeError('broken on import')", "broken on import"),
        (1, "import sys; Small = 3", "int"),
        (2, "class Small:\n  declaration = staticmethod(lambda: {'name': 'acme.bad'})", "not an ExtensionEntry"),
        (3, small(name="acme.other"), "calls itself 'acme.other'"),
        (4, small(capability="fs:write", uses="fs:write"), "belongs to another extension"),
        (5, small(capability="http:more", uses="http:more"), "belongs to another extension"),
        (6, small(capability="everything", uses="everything"), "kind:verb"),
        (7, small(uses="other:do"), "other:do"),
        (8, small(parameter="a"), "must be annotated"),
        (9, small(method="then"), "'then' is no name"),
        (10, small().replace("'''Small.'''", "pass"), "needs a docstring"),
        (11, "", "Small"),
    ],
)
def test_a_wrong_one_is_told_and_breaks_no_other(install: Callable[..., None], weather: str, number: int, source: str, word: str) -> None:
    module = f"acme_bad_{number}"
    install(module, source, {"acme.bad": f"{module}:Small"})
    bad = '<NexusPanel><Logic><Extension name="acme.bad"/></Logic></NexusPanel>'
    found = [d for d in read(bad).diagnostics if d.code == "UNKNOWN_EXTENSION"]
    assert len(found) == 1
    assert word in found[0].message
    assert module in found[0].message
    with pytest.raises(NexusError) as caught:
        extension_class("acme.bad")
    assert caught.value.code == "EXTENSION_UNAVAILABLE"
    assert codes(document()) == []


def test_ours_cannot_be_overridden(install: Callable[..., None]) -> None:
    install(
        "acme_evil",
        small(name="nexus.store"),
        {"nexus.store": "acme_evil:Small", "nexus.new": "acme_evil:Small", "UPPER": "acme_evil:Small"},
    )
    assert extension_class("nexus.store").__module__ == "nexus_jupyter.sandbox.extensions.store"
    assert not {"nexus.store", "nexus.new", "UPPER"} & set(foreign_names())
    with pytest.raises(NexusError, match="no package"):
        extension_class("nexus.new")
    assert "acme_evil" not in sys.modules


def test_two_packages_of_one_name_are_told(install: Callable[..., None]) -> None:
    for module in ("acme_one", "acme_two"):
        install(module, small(name="acme.twice"), {"acme.twice": f"{module}:Small"})
    with pytest.raises(NexusError, match=r"acme_(one|two) and acme_(one|two) both bring it"):
        extension_class("acme.twice")


def test_what_nobody_brings_is_unavailable() -> None:
    with pytest.raises(NexusError, match="no package here brings") as caught:
        extension_class("acme.nothing")
    assert caught.value.code == "EXTENSION_UNAVAILABLE"


def test_documents_with_our_extensions_look_up_no_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from nexus_jupyter.catalog import foreign

    def fail() -> None:
        raise AssertionError("looked up")

    monkeypatch.setattr(foreign, "_entry_points", fail)
    source = document('scope="panel"', 'return await $ext.store.get("a")', 'capabilities="store:read"').replace(
        "acme.weather", "nexus.store"
    )
    assert codes(source) == []
