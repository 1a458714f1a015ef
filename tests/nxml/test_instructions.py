"""What a model is told of the language: all that is built, and nothing that would fail."""

from __future__ import annotations

from nexus_jupyter.catalog import Catalog, catalog
from nexus_jupyter.nxml import read
from nexus_jupyter.nxml.elements import ELEMENTS
from nexus_jupyter.nxml.instructions import instructions

TEXT = instructions()


def test_every_built_component_is_there_with_all_its_attributes_and_events() -> None:
    for entry in catalog().components.values():
        line = next((line for line in TEXT.splitlines() if line.startswith(f"- {entry.name}: ")), None)
        assert (line is not None) == entry.available
        if line is not None:
            for name in (*(p.name for p in entry.props), *entry.event_names):
                assert name in line


def test_every_element_is_there_with_what_it_does() -> None:
    for rule in ELEMENTS.values():
        assert (f"- {rule.name}: {rule.description}" in TEXT) == rule.available
    assert 'Not in this version, do not use: memory of Handler, persist="workspace" of State.' in TEXT


def test_the_names_of_the_sandbox_stand_under_their_places() -> None:
    handlers = TEXT.split("Names in handlers:\n")[1].split("\n\n")[0]
    assert "- $emit(event, payload): " in handlers
    assert "$scope" not in handlers
    assert "- $event: " in TEXT.split("Names in args:\n")[1].split("\n\n")[0]
    assert "\nNot in this version, do not use: $view.\n" in TEXT


def test_advice_names_nothing_that_is_not_built() -> None:
    advice = TEXT.split("What does not exist, and what to do instead:\n")[1].split("\n\n")[0]
    assert "- WebSocket, EventSource: have Python hold the connection" in advice
    assert '- fetch, XMLHttpRequest: declare <Extension name="nexus.http"' in advice
    assert '- confirm: ask before the tool runs: <Tool confirm="…">\n' in advice
    assert '- setInterval: declare <Lifecycle on="interval" every="…">\n' in advice
    assert 'sessionStorage, indexedDB: keep values in a State; persist="notebook" outlives the kernel\n' in advice
    assert "nexus.store" not in advice


def test_what_is_not_built_is_named_only() -> None:
    known = catalog()
    without = known.extensions["nexus.sql"].model_copy(update={"available": False})
    text = instructions(known.model_copy(update={"extensions": {**known.extensions, "nexus.sql": without}}))
    assert "Not in this version, do not use: nexus.sql." in text
    assert "nexus.sql:" not in text
    assert "statement" not in text


def test_an_extensions_options_and_methods_are_told() -> None:
    assert (
        "  get(url: string, options?: object) [http:request] Sends a GET request. Options: query, headers, timeout. Gives { status" in TEXT
    )
    assert "  mode read|write: What calls may do" in TEXT
    assert "- fetch, XMLHttpRequest: declare <Extension name=" in TEXT
    assert "do not use: nexus." not in TEXT


def test_a_component_that_holds_only_some_says_which() -> None:
    known = catalog()
    built = {name: entry.model_copy(update={"available": True}) for name, entry in known.components.items()}
    text = instructions(known.model_copy(update={"components": built}))
    assert "Holds Tab." in text
    assert "- Tab: One page of a Tabs." in text
    assert "do not use: Tab" not in text


def test_an_empty_catalog_has_instructions_too() -> None:
    text = instructions(Catalog(components={}, extensions={}, common={}, styles=()))
    assert text.startswith("# NXML")
    assert "- Text: " not in text


def test_the_rules_are_those_of_the_reader() -> None:
    """What the first lines say of quotes, entities, braces and defaults, written into one document."""
    source = """<NexusPanel id="a" title="A">
  <Data>
    <State name="rows" type="list" default='[{"id": 1}]' />
    <State name="word" type="string" default="open" enum="open, closed" />
    <Computed name="some" value="$state.rows.length > 0 && $state.rows.length < 3" />
  </Data>
  <Logic>
    <Tool name="add" description="Adds a row">
      <Arg name="id" type="number" />
      <Handler>if ($args.id > 0 && $args.id < 9) $state.rows.push({ id: $args.id });</Handler>
    </Tool>
  </Logic>
  <View>
    <Layout>
      <Text hidden="{!$state.some}">{{word}}: {$state.word}</Text>
      <Button trigger="add" args="{ id: 1 }">Add</Button>
    </Layout>
  </View>
</NexusPanel>"""
    assert read(source).diagnostics == ()
    for piece in ("default='[{\"id\": 1}]'", 'hidden="{!', "{{ and }}", 'args="{ id: 1 }"', "& and <"):
        assert piece in instructions()
