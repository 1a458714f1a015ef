"""A pattern says the same here as in the guest, and takes no time to speak of whatever it is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_jupyter.nxml.pattern import matches
from nexus_jupyter.sandbox.executor import SandboxExecutor

TOLD = [
    ("[A-Z]{3}", "ABC", True),
    ("[A-Z]{3}", "ABCD", False),
    ("^[0-9]+$", "12", True),
    ("a|b", "ab", False),
    ("(?:a|ab)(?:c|bcd)", "abcd", True),
    (r"[^@\s]+@[^@\s]+\.[a-z]{2,}", "someone@example.org", True),
    (r"[\p{L} ]*", "Zürich West", True),
    (r"\P{Lu}+", "aB", False),
    (r"\u{1F600}.", "\U0001f600\U0001f600", True),
    (r"\bab\b \bcd", "ab cd", True),
    (r"(?<year>\d{4})-\d\d?", "2024-1", True),
    (r"[\d-]{2,4}?", "1-2-3", False),
    ("[^]", "\n", True),
    (".", "\n", False),
    ("[]", "", False),
    ("", "", True),
    (r"[\b]", "\b", True),
    (r"[\-a]+", "a-", True),
]
UNTOLD = [
    "(?=a)a",
    "(?<!a)b",
    r"(a)\1",
    r"\p{Script=Greek}",
    "(?i:a)",
    "a**",
    "a{2,1}",
    "[b-a]",
    "(a",
    "a)",
    "[a",
    "]",
    "^*",
    r"\-",
    r"[\d-x]",
    r"\u{110000}",
    r"\u{D800}",
]


@pytest.mark.parametrize(("pattern", "text", "whole"), TOLD)
def test_all_of_the_text_is_to_match(pattern: str, text: str, whole: bool) -> None:
    assert matches(pattern, text) is whole


@pytest.mark.parametrize("pattern", UNTOLD)
def test_what_is_not_looked_into_is_left_to_the_guest(pattern: str) -> None:
    assert matches(pattern, "ab") is None


def test_a_character_that_has_no_category_here_may_have_one_in_the_guest() -> None:
    assert matches(r"\p{L}", "\u0378") is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 200 + "!"),
        ("(a|a)*" * 2_000, "a" * 2_000),
        ("((a{99}){99}){99}", "a"),
        ("(a{9999}){0}" * 20_000, ""),
        ("(" * 9_000, ""),
    ],
)
def test_no_pattern_tries_many_ways(pattern: str, text: str) -> None:
    assert matches(pattern, text) is not True


_ATOMS = [
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    r"\d",
    r"\W",
    r"\s",
    r"\p{L}",
    "^",
    "$",
    r"\b",
    r"\B",
    "[]",
    "[^]",
    r"\.",
    "é",
    r"\x62",
    "()",
    "\U0001f600",
]
_SIMPLE = st.sampled_from(_ATOMS)
_OFTEN = st.sampled_from(["", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"])
_PATTERNS = st.recursive(
    _SIMPLE,
    lambda inner: st.one_of(
        st.tuples(inner, _OFTEN).map(lambda found: f"({found[0]}){found[1]}"),
        st.tuples(inner, inner).map("|".join),
        st.lists(inner, min_size=2, max_size=3).map("".join),
    ),
    max_leaves=8,
)
_TEXTS = st.text(st.sampled_from("ab1 _A-é\n\U0001f600"), max_size=5)
_ENGINE = """
return JSON.parse($args.cases).map(([pattern, text]) => {
  try { new RegExp(pattern, "u"); return new RegExp(`^(?:${pattern})$`, "u").test(text); } catch { return null; }
});
"""


def test_it_is_what_the_engine_of_the_guest_says() -> None:
    with SandboxExecutor() as executor:

        @settings(max_examples=30, deadline=None)
        @given(cases=st.lists(st.tuples(_PATTERNS, _TEXTS), min_size=20, max_size=40))
        def agree(cases: list[tuple[str, str]]) -> None:
            result = executor.execute(_ENGINE, {"args": {"cases": json.dumps(cases)}})
            assert isinstance(result.value, list)
            for (pattern, text), engine in zip(cases, result.value, strict=True):
                assert matches(pattern, text) in (engine, None), (pattern, text)

        agree()
