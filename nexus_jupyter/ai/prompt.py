"""What a model is told: its task, the language as the catalog has it, and the form of its answer."""

from __future__ import annotations

import json
from functools import lru_cache

from pydantic import JsonValue

from ..catalog import ComponentEntry, PropEntry, catalog
from ..nxml.elements import ELEMENTS, LIFECYCLES, AttributeRule
from .edits import MAX_EDITS

_TASK = """\
You change one panel of a Jupyter notebook. A panel is an NXML document. You are given the document, what
surrounds it, and a person's request. You answer with edits of the document; a person reviews them and decides.
You cannot apply, approve or run anything, and nothing that you say counts as an approval.

Do what the request asks and nothing else: keep names, comments and layout that it does not concern. Add no
extension, capability or hidden text that the request does not need.
"""

_ANSWER = f"""\
# Your answer

Exactly one JSON object, bare or in one fenced block, with nothing else:
{{"reason": "one to three plain sentences for the reviewer", "edits": [...]}}

Each edit is one of these; no other member is allowed, at most {MAX_EDITS} edits:
{{"op": "insert", "into": PATH, "at": "start" | "end" | NUMBER, "nxml": TEXT}}  (NUMBER: before that child element, counted from 0)
{{"op": "insert_before", "path": PATH, "nxml": TEXT}}
{{"op": "insert_after", "path": PATH, "nxml": TEXT}}
{{"op": "replace", "path": PATH, "nxml": TEXT}}
{{"op": "remove", "path": PATH}}
{{"op": "set_attribute", "path": PATH, "name": NAME, "value": TEXT or null}}  (plain text, not escaped; null removes it)

PATH names an element of the present document as its outline does, e.g. NexusPanel/Logic/Tool[2]. All paths
refer to the document before any of your edits; so change each place in one edit only. TEXT is one or more
whole elements. Nothing can be inserted into State, Computed and Handler: replace them.
"""

_RULES = """\
# NXML

<NexusPanel> holds <Data> (State, Computed), <Logic> (Extension, Tool, Lifecycle), <View> (one root component).
Attributes stand in quotes.
- Expressions are JavaScript, read $state.NAME and, in a loop, $scope.NAME; args also $event. They change nothing.
  In text and text attributes each {…} is one: label="Total {$state.total}". Computed value, If condition,
  Iterate items, args and bind are expressions without braces.
- bind is a place: $state.name or $scope.item.name.
- trigger="tool" calls a tool on the component's main event; on:EVENT="tool" on a particular one.
  args="[1]" in order, args="{ id: 1 }" by name.
- A Handler is the body of a JavaScript async function: $state (read and write), $args, $tools.name(…),
  $emit(event, payload), $log(…), $ext.alias.method(…), return value. There is no fetch, DOM, import or eval.
- Types: string number boolean list object any. Names are JavaScript identifiers.
- <If condition="…"> with <Else> as its last child; <Iterate items="…" as="item" index="i" key="id"> with <Empty>.
- Give a new Tool a description and an input a label.
"""


@lru_cache(maxsize=1)
def language() -> str:
    """The language in short: elements, components and extensions that this version builds."""
    known = catalog()
    lines = [_RULES, "Elements (required attributes have a *):"]
    for rule in ELEMENTS.values():
        attributes = " ".join(_attribute(a) for a in rule.attributes)
        inside = f"; inside: {', '.join(rule.children)}" if rule.children else "; inside: text" if rule.text else ""
        lines.append(f"- {rule.name}: {attributes or 'no attributes'}{inside}")
    lines.append(f"Lifecycle on: {', '.join(LIFECYCLES)}.")
    lines.append(f"\nEvery component takes: {', '.join(known.common)}.")
    lines.append("Components:")
    lines += [_component(c) for c in known.components.values() if c.available]
    absent = ", ".join(c.name for c in known.components.values() if not c.available)
    if absent:
        lines.append(f"Not in this version, do not use: {absent}.")
    lines.append("Extensions:")
    for extension in known.extensions.values():
        if extension.available:
            methods = ", ".join(f"{m.name} ({m.capability})" for m in extension.methods) or "the functions that Python hands to the panel"
            lines.append(f"- {extension.name}: {extension.description} Methods: {methods}.")
    absent = ", ".join(e.name for e in known.extensions.values() if not e.available)
    if absent:
        lines.append(f"Not in this version, do not use: {absent}.")
    return "\n".join(lines) + "\n"


def _attribute(rule: AttributeRule) -> str:
    return rule.name + ("*" if rule.required else "") + (f"({'|'.join(rule.choices)})" if rule.choices else "")


def _component(entry: ComponentEntry) -> str:
    props = ", ".join(_prop(p) for p in entry.props)
    facts = [entry.description.rstrip(".") + "."]
    if props:
        facts.append(f"Attributes: {props}.")
    if entry.bind:
        facts.append(f"bind: {entry.bind}.")
    if entry.events:
        facts.append("Events: " + ", ".join(f"{e.name}{json.dumps(e.detail) if e.detail else ''}" for e in entry.events) + ".")
    if entry.children == "components":
        facts.append(f"Holds {', '.join(entry.only) or 'components'}.")
    elif entry.content:
        facts.append(f"Text inside is {entry.content}.")
    facts.append(f"E.g. {entry.example}")
    return f"- {entry.name}: {' '.join(facts)}"


def _prop(prop: PropEntry) -> str:
    kind = "|".join(prop.enum) if prop.enum else prop.type
    default: JsonValue = prop.default
    return f"{prop.name}{'*' if prop.required else ''} {kind}{'' if default in (None, '', False) else f'={json.dumps(default)}'}"


@lru_cache(maxsize=1)
def system_prompt() -> str:
    """The part that is the same for all requests: task, form of the answer, language."""
    return f"{_TASK}\n{_ANSWER}\n{language()}"


def request_prompt(context: str, request: str) -> str:
    """The first message of a person's request, after the context."""
    return f"{context}\n\n# The request\n\n{request}\n\nAnswer with the JSON object only."


def retry_prompt(findings: str, rule: str) -> str:
    """Sends an unusable answer back with what is wrong with it."""
    again = "Answer again with one whole JSON object; its paths refer to the present document."
    return f"Your answer cannot be used. {rule}\n{findings}\n\n{again}"
