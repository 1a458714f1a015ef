"""How many ways a regular expression tries, of those that are looked into."""

from __future__ import annotations

import pytest

from nexus_jupyter.nxml.bounded_regex import matching
from nexus_jupyter.nxml.bounded_sizes import STATE, Unbounded

# The highest power of the text's length that finding a match may take.
WAYS = [
    ("^a$", 1),
    ("a", 2),
    (r"^\d+$", 1),
    (r"^[^@\s]+@[^@\s]+$", 1),
    (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", 2),
    (r"^a+b?a$", 2),
    (r"^a+b?c$", 1),
    (r"^a+b*$", 1),
    (r"a+a+", 3),
    (r"^[\p{L} ]*$", 1),
    (r"^[^\p{L}]*x$", 2),
    (r"^\p{L}*é", 2),
    (r"^.*a", 2),
    (r"^(?:ab)c(d)$", 1),
    (r"^\d{3}-\d{2,}$", 1),
    (r"^[\t -~]{0,3}\n", 1),
    (r"^[a\d-z]*-", 2),
    (r"^[\w-]*@\S", 1),
    (r"^[\w-]*[\u0061]", 2),
    (r"^\$+\$", 2),
]


@pytest.mark.parametrize(("pattern", "power"), WAYS)
def test_a_repeated_part_that_may_end_at_several_places_costs_a_power(pattern: str, power: int) -> None:
    assert max(len(key) for key in matching(pattern, STATE).terms) == power


def test_letters_of_the_other_case_are_the_same_with_the_flag_i() -> None:
    assert max(len(key) for key in matching("^a*A", STATE).terms) == 1
    assert max(len(key) for key in matching("^a*A", STATE, "i").terms) == 2
    assert max(len(key) for key in matching("^k*\u212a", STATE, "iu").terms) == 2  # the sign for kelvin


@pytest.mark.parametrize(
    "pattern", ["(a+)+", "a|b", "(?=a)", "(?<n>a)", r"(a)\1", "a**", "(a)*", "a{,2}{3}", "[a", r"\b", "^^a", "a$$", "a" * 300]
)
def test_others_are_refused(pattern: str) -> None:
    with pytest.raises(Unbounded, match="too many ways"):
        matching(pattern, STATE)


def test_flags_that_remember_are_refused() -> None:
    with pytest.raises(Unbounded, match="flags"):
        matching("a", STATE, "g")
