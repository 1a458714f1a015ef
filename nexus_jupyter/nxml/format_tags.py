"""Start tags in canonical form: the order of attributes, their quotes, and when each has a line of its own."""

from __future__ import annotations

import re

from .lexer import AttributeToken, StartTag
from .order import attributes_sorted
from .references import decode

WIDTH = 100

_REFERENCE = re.compile(r"&(?:amp|quot|apos|#[0-9]{1,8}|#[xX][0-9A-Fa-f]{1,8});")


def start_tag(source: str, tag: StartTag, indent: str, *, empty: bool = False) -> str:
    """The start tag without an indent before it; its further lines, if there are any, are indented with ``indent``.

    ``empty``: the element has nothing in it, and the tag closes itself.
    """
    attributes = [attribute(source, each) for each in _in_order(tag)]
    line = " ".join((f"<{tag.name}", *attributes)) + (" />" if empty else ">")
    if not attributes or (len(indent) + len(line) <= WIDTH and "\n" not in line):
        return line
    return "".join((f"<{tag.name}", *(f"\n{indent}  {each}" for each in attributes), f"\n{indent}", "/>" if empty else ">"))


def _in_order(tag: StartTag) -> list[AttributeToken]:
    """The attributes in canonical order; of equally named ones the first stays the first."""
    rank = {name: number for number, name in enumerate(attributes_sorted(tag.name, tuple(a.name for a in tag.attributes)))}
    return sorted(tag.attributes, key=lambda a: rank[a.name])


def attribute(source: str, token: AttributeToken) -> str:
    """An attribute with the quotation marks that leave the fewest in its value to be written as references."""
    if token.value_start < 0:
        return token.name
    value = source[token.value_start : token.value_end]
    plain = _REFERENCE.sub(_quotation_mark, value) if "&" in value else value
    quote, reference = ('"', "&quot;") if plain.count('"') <= plain.count("'") else ("'", "&apos;")
    return f"{token.name}={quote}{plain.replace(quote, reference)}{quote}"


def _quotation_mark(match: re.Match[str]) -> str:
    """The mark that a reference stands for; any other reference as it is."""
    char = decode(match[0])
    return char if char in ('"', "'") else match[0]
