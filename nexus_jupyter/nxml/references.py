"""Character references: the five XML entities and numeric ones; any other ``&name;`` is literal text."""

from __future__ import annotations

import re

ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}

# The digit counts bound the numbers; longer ones name no character anyway.
_REFERENCE = re.compile(r"&(?:(lt|gt|amp|quot|apos)|#(?:0*+([0-9]{1,8})|[xX]0*+([0-9A-Fa-f]{1,8})));")


def reference_at(source: str, offset: int, end: int) -> tuple[str, int] | None:
    """The character that the reference at ``offset`` stands for and the reference's length, or None."""
    match = _REFERENCE.match(source, offset, end)
    if match is None:
        return None
    char = _character(match)
    return None if char is None else (char, match.end() - offset)


def decode(text: str) -> str:
    """``text`` with its references replaced."""
    if "&" not in text:
        return text
    return _REFERENCE.sub(lambda match: _character(match) or match[0], text)


def decode_entities(text: str) -> str:
    """``text`` with the five named entities replaced, numeric references left alone."""
    return _REFERENCE.sub(lambda match: ENTITIES[match[1]] if match[1] else match[0], text)


def _character(match: re.Match[str]) -> str | None:
    if match[1]:
        return ENTITIES[match[1]]
    number = int(match[2]) if match[2] else int(match[3], 16)
    # NUL and halves of surrogate pairs are no characters of a text.
    if number == 0 or number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        return None
    return chr(number)
