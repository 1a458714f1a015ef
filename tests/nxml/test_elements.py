"""The elements outside the view are described, with examples that hold."""

from __future__ import annotations

import re

import pytest

from nexus_jupyter.nxml import read
from nexus_jupyter.nxml.elements import ELEMENTS, AttributeRule, ElementRule

ATTRIBUTES = [(rule.name, attribute.name) for rule in ELEMENTS.values() for attribute in rule.attributes]
WHERE = {
    "NexusPanel": "{}",
    "Data": "<NexusPanel>{}{view}</NexusPanel>",
    "Logic": "<NexusPanel><Data>{states}</Data>{}{view}</NexusPanel>",
    "View": "<NexusPanel><Data>{states}</Data>{}</NexusPanel>",
    "State": "<NexusPanel><Data>{}</Data>{view}</NexusPanel>",
    "Computed": "<NexusPanel><Data>{states}{}</Data>{view}</NexusPanel>",
    "Extension": "<NexusPanel><Data>{states}</Data><Logic>{}{uses}</Logic>{view}</NexusPanel>",
    "Tool": "<NexusPanel><Data>{states}</Data><Logic>{}</Logic>{view}</NexusPanel>",
    "Lifecycle": "<NexusPanel><Data>{states}</Data><Logic>{}</Logic>{view}</NexusPanel>",
    "Arg": '<NexusPanel><Logic><Tool name="t" description="d">{}<Handler>return $args.by</Handler></Tool></Logic>{view}</NexusPanel>',
    "Handler": '<NexusPanel><Data>{states}</Data><Logic><Tool name="t" description="d">{}</Tool></Logic>{view}</NexusPanel>',
}


def document(element: str, example: str) -> str:
    """A panel that holds the example, and around it what it refers to and what refers to it."""
    made = re.findall(r'<(?:State|Computed) name="(\w+)"', example)
    states = {name: None for name in re.findall(r"\$state\.(\w+)", example) if name not in made}
    tools = re.findall(r'<Tool name="(\w+)"', WHERE[element] + example)
    uses = ""
    if element == "Extension":
        tools.append("use")
        uses = '<Tool name="use" description="d"><Handler>return await $ext.py.load();</Handler></Tool>'
    reads = "".join(f"<Text>{{$state.{name}}}</Text>" for name in [*made, *states])
    presses = "".join(f'<Button trigger="{name}">{name}</Button>' for name in tools)
    declared = "".join(f'<State name="{name}" type="any" default="[]"/>' for name in states)
    text = WHERE[element].replace("{}", example).replace("{states}", declared).replace("{uses}", uses)
    return text.replace("{view}", f"<View><Layout>{reads}{presses}</Layout></View>")


@pytest.mark.parametrize("name", ELEMENTS)
def test_an_elements_example_reads_without_a_word(name: str) -> None:
    rule = ELEMENTS[name]
    found = read(document(name, rule.example)).diagnostics
    assert [d for d in found if d.code != "NOT_AVAILABLE"] == []
    assert f"<{name}" in rule.example
    assert rule.description.endswith(".")


@pytest.mark.parametrize(("element", "name"), ATTRIBUTES)
def test_an_attributes_example_and_default_are_what_it_takes(element: str, name: str) -> None:
    rule = ELEMENTS[element].attribute(name)
    assert rule is not None
    assert rule.description.endswith(".")
    for value in filter(None, (rule.example, rule.default)):
        assert not rule.choices or value in rule.choices
        found = read(with_attribute(element, name, value)).diagnostics
        assert [d for d in found if d.code in ("INVALID_ATTRIBUTE", "INVALID_IDENTIFIER", "INVALID_TYPE", "UNKNOWN_ATTRIBUTE")] == []
    assert rule.example


def with_attribute(element: str, name: str, value: str) -> str:
    """The element's example in a document, with the attribute set to ``value``."""
    example = re.sub(rf' {name}="[^"]*"', "", ELEMENTS[element].example, count=1)
    if name in ("enum", "pattern"):  # these examples are texts, the element's is a number
        example = re.sub(r' (default|min)="[^"]*"', "", example).replace('type="number"', 'type="string"')
    return document(element, example).replace(f"<{element}", f'<{element} {name}="{value}"', 1)


@pytest.mark.parametrize("name", ELEMENTS)
def test_what_is_not_built_is_what_the_reader_says_is_not(name: str) -> None:
    rule = ELEMENTS[name]
    plain = {d.code for d in read(document(name, rule.example)).diagnostics}
    # a State's example is that of a section, too: what stands in it is looked at in its own place
    if name != "NexusPanel":
        assert ("NOT_AVAILABLE" in plain) == (not rule.available)
    for attribute in rule.attributes:
        found = {d.code for d in read(with_attribute(name, attribute.name, attribute.example)).diagnostics}
        assert ("NOT_AVAILABLE" in found) == (not attribute.available or not rule.available), attribute.name


def test_a_rule_knows_its_attributes() -> None:
    rule = ElementRule("A", (AttributeRule("b"),))
    assert rule.attribute("b") == AttributeRule("b")
    assert rule.attribute("c") is None
