"""The lexical shape of JavaScript: where its strings, templates, comments and regular expressions are.

Nothing here understands a program; it finds where an expression ends and which characters are code.
Every character is looked at a bounded number of times and nothing recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from .references import reference_at

LexemeKind = Literal["word", "number", "string", "template", "comment", "regex", "punctuation", "reference", "end", "markup", "broken"]


class Lexeme(NamedTuple):
    """A piece ``[start, end)`` of the source.

    ``template`` is one stretch of template text, its substitutions come between as other lexemes.
    ``end`` is the first ``}`` without an opening one, ``markup`` a ``</`` among the code; both are
    the last lexeme.  ``broken`` is a string, template, comment or regular expression without an end.
    """

    kind: LexemeKind
    start: int
    end: int


class Ending(NamedTuple):
    """Where an expression stops: at its brace, at ``</``, or nowhere before the end of its text.

    ``broken`` is where the first unfinished string, template, comment or regular expression starts, or -1.
    """

    reason: Literal["brace", "markup", "text"]
    offset: int
    broken: int


# An expression up to its brace that holds nothing in which a brace could mean something else.
_SIMPLE = re.compile(r"(?:[^{}\"'`/&]++|&(?![#A-Za-z]))*+\}")
_LINE_END = re.compile("[\n\r\u2028\u2029]")
_RUN = re.compile(r"([ \t\r\n\f\v\u00a0\ufeff\u2028\u2029]+)|(\d[\w.]*)|([\w$]+)|(\.\.\.|\+\+|--|\?\.(?!\d))")
_TEXT_RUN = {quote: re.compile(rf"[^{quote}\\\n&]*") for quote in "\"'"}
_TEMPLATE_RUN = re.compile(r"[^`\\$&]*")
_REGEX_RUN = re.compile(r"[^/\\\[\]\n&]*")

# Words after which an operand stands, so that a slash starts a regular expression.
_OPERAND_FOLLOWS = frozenset(
    (
        *("return", "typeof", "instanceof", "in", "new", "delete", "void", "throw"),
        *("case", "do", "else", "yield", "await", "default", "extends"),
    )
)
_HEADS = frozenset(("if", "while", "for", "with"))
_BLOCK_FOLLOWS = frozenset((")", "=>", ";", "else", "do", "try", "finally"))


def lexemes(source: str, start: int, end: int, *, references: bool = False, markup: bool = False) -> Iterator[Lexeme]:
    """The lexemes of ``source[start:end)``, white space left out, up to an unmatched ``}``.

    ``references``: character references count as the character they stand for, except braces, which
    are then no braces of the code.  ``markup``: ``</`` in the code ends it.
    """
    at = start
    operand = True  # whether an operand may stand here
    previous = ""  # the last significant lexeme, as far as it matters
    # What is open: ")" or "]" or "}" or "`" and whether an operand may stand after it.
    opened: list[tuple[str, bool]] = []
    run = _RUN.match
    while at < end:
        match = run(source, at, end)
        if match is not None:
            begin, at = at, match.end()
            group = match.lastindex
            if group == 3:
                word = match[3]
                if previous in (".", "?."):
                    operand, previous = False, "a"
                else:
                    operand = word in _OPERAND_FOLLOWS or (word == "of" and not operand and bool(opened) and opened[-1] == (")", True))
                    previous = word
                yield Lexeme("word", begin, at)
            elif group == 2:
                operand, previous = False, "a"
                yield Lexeme("number", begin, at)
            elif group == 4:
                if match[4] in ("...", "?."):
                    operand, previous = True, match[4]
                yield Lexeme("punctuation", begin, at)
            continue
        char, width = source[at], 1
        kind: LexemeKind = "punctuation"
        if char == "&" and references and (found := reference_at(source, at, end)) is not None:
            char, width = found
            kind = "reference"
            if char in "{}":
                char = "a"
        begin = at
        if char in "\"'":
            at, closed = _string(source, at + width, end, char, references)
            operand, previous = False, "a"
            yield Lexeme("string" if closed else "broken", begin, at)
        elif char == "`":
            at, state = _template(source, at + width, end, references)
            yield Lexeme("broken" if state == "text" else "template", begin, at)
            if state == "substitution":
                opened.append(("`", False))
            operand, previous = state == "substitution", "a"
        elif char == "/" and source.startswith("/", at + width):
            newline = _LINE_END.search(source, at, end)
            at = end if newline is None else newline.start()
            yield Lexeme("comment", begin, at)
        elif char == "/" and source.startswith("*", at + width):
            close = source.find("*/", at + width + 1, end)
            at = end if close < 0 else close + 2
            yield Lexeme("broken" if close < 0 else "comment", begin, at)
        elif char == "/" and operand:
            at, closed = _regex(source, at + width, end, references)
            operand, previous = False, "a"
            yield Lexeme("regex" if closed else "broken", begin, at)
        elif char == "{":
            opened.append(("}", previous in _BLOCK_FOLLOWS or (previous in ("{", "}") and operand)))
            at += width
            operand, previous = True, "{"
            yield Lexeme("punctuation", begin, at)
        elif char == "}":
            while opened and opened[-1][0] not in "}`":
                opened.pop()
            if not opened:
                yield Lexeme("end", begin, at + width)
                return
            closer, operand = opened.pop()
            previous = "}"
            if closer == "`":
                at, state = _template(source, at + width, end, references)
                yield Lexeme("broken" if state == "text" else "template", begin, at)
                if state == "substitution":
                    opened.append(("`", False))
                operand, previous = state == "substitution", "a"
            else:
                at += width
                yield Lexeme("punctuation", begin, at)
        else:
            if char == "<" and markup and kind == "punctuation" and source.startswith("/", at + 1):
                yield Lexeme("markup", begin, begin + 2)
                return
            at += width
            if char in "([":
                opened.append((")", previous in _HEADS) if char == "(" else ("]", False))
                operand = True
            elif char in ")]":
                operand = opened.pop()[1] if opened and opened[-1][0] == char else False
            else:
                operand = True
            previous = "=>" if char == ">" and previous == "=" else char
            yield Lexeme(kind, begin, at)


def _string(source: str, at: int, end: int, quote: str, references: bool) -> tuple[int, bool]:
    """The offset past a string whose quote stands before ``at``, and whether it is closed."""
    run = _TEXT_RUN[quote]
    while True:
        at = _past(run, source, at, end)
        if at >= end or source[at] == "\n":
            return at, False
        if source[at] == quote:
            return at + 1, True
        if source[at] == "\\":
            at = _past_one(source, at + 1, end, references)
            continue
        found = reference_at(source, at, end) if references else None
        at += found[1] if found else 1
        if found and found[0] == quote:
            return at, True


def _template(source: str, at: int, end: int, references: bool) -> tuple[int, Literal["closed", "substitution", "text"]]:
    """The offset past the template text from ``at``, and what ended it: a backtick, ``${`` or nothing."""
    while True:
        at = _past(_TEMPLATE_RUN, source, at, end)
        if at >= end:
            return at, "text"
        char = source[at]
        if char == "`":
            return at + 1, "closed"
        if char == "\\":
            at = _past_one(source, at + 1, end, references)
        elif char == "$":
            at += 1
            if at < end and source[at] == "{":
                return at + 1, "substitution"
        else:
            found = reference_at(source, at, end) if references else None
            at += found[1] if found else 1
            if found and found[0] == "`":
                return at, "closed"


def _regex(source: str, at: int, end: int, references: bool) -> tuple[int, bool]:
    """The offset past a regular expression whose slash stands before ``at``, and whether it is closed."""
    in_class = False
    while True:
        at = _past(_REGEX_RUN, source, at, end)
        if at >= end or source[at] == "\n":
            return at, False
        char = source[at]
        if char == "\\":
            at = _past_one(source, at + 1, end, references)
            continue
        width = 1
        if char == "&" and references and (found := reference_at(source, at, end)) is not None:
            char, width = found
        at += width
        if char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        elif char == "/" and not in_class:
            return at, True


def _past(run: re.Pattern[str], source: str, at: int, end: int) -> int:
    """The offset past what ``run``, which may match nothing, takes at ``at``."""
    match = run.match(source, at, end)
    return at if match is None else match.end()


def _past_one(source: str, at: int, end: int, references: bool) -> int:
    """The offset past the character at ``at``; a reference and a line break count as one."""
    if at >= end:
        return at
    if references and source[at] == "&" and (found := reference_at(source, at, end)) is not None:
        return at + found[1]
    return at + 2 if source.startswith("\r\n", at) else at + 1


def ending(source: str, start: int, end: int, *, references: bool = False, markup: bool = False) -> Ending:
    """Where the expression ends whose opening brace stands before ``start``."""
    simple = _SIMPLE.match(source, start, end)
    if simple is not None:
        return Ending("brace", simple.end() - 1, -1)
    broken = -1
    for lexeme in lexemes(source, start, end, references=references, markup=markup):
        if lexeme.kind == "broken":
            if broken < 0:
                broken = lexeme.start
        elif lexeme.kind == "end":
            return Ending("brace", lexeme.start, broken)
        elif lexeme.kind == "markup":
            return Ending("markup", lexeme.start, broken)
    return Ending("text", end, broken)
