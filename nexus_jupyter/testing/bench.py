"""The bench that a rendered panel stands on: what the test grants, and who answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import OptionError
from ..panel.bench import Bench
from ..panel.moment import Clock
from ..panel.names import nearest
from ..panel.permissions import Permissions
from ..sandbox.capabilities import PYTHON, Grants
from ..sandbox.extensions import Extension, registry
from .answers import Answer, answered

if TYPE_CHECKING:
    from ..nxml.program import ExtensionDeclaration, Program
    from ..panel.runtime import Runtime


@dataclass(frozen=True)
class Granted:
    """One grant of a test; ``answers`` None: the extension itself serves."""

    capabilities: frozenset[str]
    answers: Mapping[str, Any] | None


class GrantedByTest(Permissions):
    """What the test grants and nothing else: neither the configuration nor what a person allowed counts here."""

    def __init__(self, panel: str, functions: Collection[str], bench: TestBench) -> None:
        super().__init__(panel, "", functions, trusted=False)
        self._bench = bench

    def begin(self, source: str, hash: str, program: Program) -> None:
        super().begin(source, hash, program)
        self._bench.begin(program)

    def grants(self, run: int, tool: str) -> Grants:
        names = {each.alias: each.name for each in self._subject.program.extensions}
        held = {alias: (names[alias], each.capabilities) for alias, each in self._bench.granted.items() if alias in names}
        return Grants(self._functions, held)

    def capabilities(self, alias: str) -> frozenset[str]:
        granted = self._bench.granted.get(alias)
        return frozenset() if granted is None else granted.capabilities

    def denied(self, runtime: Runtime, alias: str, capability: str, tool: str) -> str:
        return f"In a test: p.grant({alias!r}, …)."


class TestBench(Bench):
    """A panel's surroundings in a test.  Grants may be given from any thread."""

    __test__ = False  # no class of tests, whatever pytest thinks of its name

    def __init__(self, clock: Clock, zone: str, answers: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        self.clock = clock
        self.zone = zone
        self.granted: dict[str, Granted] = {}
        self._first = answers or {}
        self._answers: tuple[Answer, ...] = ()

    def begin(self, program: Program) -> None:
        """The panel has a document: grant what the test grants from the start.  Raises OptionError."""
        first, self._first = self._first, {}
        for extension, answers in first.items():
            self.grant(program, extension, answers)

    def permissions(self, panel: str, functions: Collection[str]) -> Permissions:
        return GrantedByTest(panel, functions, self)

    def extension_class(self, alias: str, name: str) -> type[Extension]:
        real = registry.extension_class(name)
        granted = self.granted.get(alias)
        return real if granted is None or granted.answers is None or name == PYTHON else answered(alias, real, granted.answers)

    def grant(self, program: Program, extension: str, answers: Mapping[str, Any]) -> None:
        """Grant what the document declares as ``extension``; with ``answers`` the test answers those methods.

        Raises OptionError: the document does not declare it, or it has no such method.
        """
        declared = self._declared(program, extension)
        kind = registry.extension_class(declared.name)
        methods = kind.methods()
        for name in answers:
            if name not in methods:
                raise OptionError(f"{declared.name} has no method {name!r}.", hint=nearest(name, methods))
        former = self.granted.get(declared.alias)
        merged = {**(former.answers or {} if former is not None else {}), **answers}
        capabilities = frozenset(c for m in methods if (c := kind.capability(m)) is not None)
        self.watch(answers.values())
        self.granted[declared.alias] = Granted(capabilities, merged or None)

    def watch(self, answers: Collection[Any]) -> None:
        """Know which of these are given later."""
        self._answers = (*self._answers, *(each for each in answers if isinstance(each, Answer) and each not in self._answers))

    @property
    def held(self) -> int:
        """How many calls wait for an answer that the test gives later."""
        return sum(len(each.calls) for each in self._answers)

    @staticmethod
    def _declared(program: Program, extension: str) -> ExtensionDeclaration:
        for each in program.extensions:
            if extension in (each.alias, each.name):
                return each
        known = ", ".join(f"{each.alias} ({each.name})" for each in program.extensions) or "none"
        raise OptionError(f"the document declares no extension {extension!r}.", hint=f"It declares: {known}.")
