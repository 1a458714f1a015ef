"""No regular expression of the package backtracks more than in proportion to its text."""

from __future__ import annotations

import ast
import importlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # it imports modules of Python by their old names
    from regexploit.ast.sre import SreOpParser  # type: ignore[import-untyped]
    from regexploit.redos import find  # type: ignore[import-untyped]

PACKAGE = Path(__file__).parents[1] / "nexus_jupyter"
FUNCTIONS = {"compile", "match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer"}
# Of the sizes that a text can have (see the limits), more than a square is not to be afforded.
BAD = 3


class Atomic(SreOpParser):  # type: ignore[misc]
    """Knows possessive repeats and atomic groups: what they took is not given back, so that once stands for all."""

    def from_POSSESSIVE_REPEAT(self, positionals: tuple[int, int, Any]) -> Any:
        low, _, body = positionals
        return self.from_MAX_REPEAT((min(low, 1), 1, body))

    def from_ATOMIC_GROUP(self, body: Any) -> Any:
        return self.from_MAX_REPEAT((1, 1, body))


def starriness(pattern: str, flags: int = 0) -> int:
    """How the time of ``pattern`` can grow: 2 and less is no worse than the square of the text, 10 and more exponential."""
    parsed = Atomic().parse_sre(pattern, flags)
    return max((found.starriness for found in find(parsed)), default=0)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FUNCTIONS:
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "re":
                    yield path, node


def module_of(path: Path) -> ModuleType:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def patterns() -> dict[str, tuple[str, int]]:
    """Every pattern written in the package by the place where it stands; those that are put together are taken from the module."""
    found: dict[str, tuple[str, int]] = {}
    compiled: dict[Path, int] = {}
    for path, call in calls():
        written = call.args[0]
        where = f"{path.relative_to(PACKAGE)}:{call.lineno}"
        if isinstance(written, ast.Constant) and isinstance(written.value, str):
            flags = 0
            if len(call.args) > 1 and getattr(call.func, "attr", "") == "compile":
                flags = int(eval(compile(ast.Expression(call.args[1]), where, "eval"), {"re": re}))
            found[where] = (written.value, flags)
        else:
            compiled[path] = compiled.get(path, 0) + 1
    for path, number in compiled.items():
        values = list(vars(module_of(path)).values())
        values += [each for value in values if isinstance(value, dict) for each in value.values()]
        mine = {value.pattern: value for value in values if isinstance(value, re.Pattern)}
        assert len(mine) >= number, f"{path}: a pattern that is put together must be compiled by the module"
        for at, value in enumerate(mine.values()):
            found[f"{path.relative_to(PACKAGE)}#{at}"] = (value.pattern, value.flags & ~re.UNICODE)
    return found


PATTERNS = patterns()


def test_the_scan_sees_patterns_that_are_bad() -> None:
    assert starriness("(a*)*b") > 9
    assert starriness("a*a*a*b") >= BAD
    assert starriness(r"\d+[ab]") < BAD
    assert starriness("(?:a++)*+b") < BAD
    assert starriness("(?:(?:a*)*c)*+b") > 9


def test_the_scan_finds_the_patterns() -> None:
    assert len(PATTERNS) > 40
    texts = {pattern for pattern, _ in PATTERNS.values()}
    lexer = vars(module_of(PACKAGE / "nxml/lexer.py"))
    assert cast("re.Pattern[str]", lexer["_USUAL_IN_TAG"]).pattern in texts


@pytest.mark.parametrize("where", PATTERNS)
def test_a_pattern_does_not_backtrack_badly(where: str) -> None:
    pattern, flags = PATTERNS[where]
    assert starriness(pattern, flags) < BAD, pattern
