"""What one piece of code reads, writes, calls and uses.

Found by parsing the JavaScript, never by looking for patterns in its text (NXML 1.0, section 6): a name in a string
is no reference, a local variable named like a global is none either.  Nothing here raises for what code contains; of
code that is no JavaScript it tells what can be told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from .analysis_flow import Flow
from .analysis_mentions import Impurity, Mention, Step, imports_of, impurities_of, mentions_of
from .analysis_shapes import Given, given_in_args
from .analysis_syntax import CodeKind, Fault, Syntax, syntax_of

# Pieces of at most so many characters are remembered: a document is read again with each change.
_REMEMBERED = 4_000
# The commonest expressions: `$state.a.b`, `$scope.item.x`.
_PLAIN = re.compile(r"[ \t\r\n]*\$(state|scope)((?:\.[A-Za-z_$][A-Za-z0-9_$]*)+)[ \t\r\n]*")
_STEPS = 3
_STATE, _SCOPE = frozenset(("$state",)), frozenset(("$scope",))


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What one piece of code does, each name once, in the order of the text.

    ``reads`` and ``writes`` name states and computed values as written, declared or not; ``…_all``: some that
    cannot be told (``$state[key]``, ``$state`` handed on).  ``extensions`` are (alias, method), method "" when
    it cannot be told.  ``scope`` names loop variables.  ``globals`` are the other free names, of the language
    (``$args``) or not.  ``yields``: the states in which an expression's value lives, so that what is written into
    it is written there.  ``awaits``: it waits for something.  ``broken``: it is not all JavaScript, ``fault`` says
    where, None when nobody can tell.  ``mentions``: every place where it plainly speaks of what is not its own;
    ``impurities``: where an expression does what it must not, and where anything is imported;
    ``roots`` are the names of the mentions; ``given``: what the value of ``args`` gives a tool.
    """

    reads: tuple[str, ...] = ()
    reads_all: bool = False
    writes: tuple[str, ...] = ()
    writes_all: bool = False
    tools: tuple[str, ...] = ()
    tools_all: bool = False
    extensions: tuple[tuple[str, str], ...] = ()
    extensions_all: bool = False
    scope: tuple[str, ...] = ()
    scope_all: bool = False
    globals: tuple[str, ...] = ()
    yields: tuple[str, ...] = ()
    awaits: bool = False
    broken: bool = False
    mentions: tuple[Mention, ...] = field(default=(), repr=False)
    impurities: tuple[Impurity, ...] = field(default=(), repr=False)
    given: Given | None = field(default=None, repr=False)
    fault: Fault | None = None
    roots: frozenset[str] = field(default=frozenset(), repr=False)


def facts_of(source: str, kind: CodeKind) -> CodeFacts:
    """What one piece of code does; ``kind`` as in :class:`~nexus_jupyter.nxml.program.Code`."""
    return _remembered(source, kind) if len(source) <= _REMEMBERED else _found(source, kind)


def forget() -> None:
    """Looks at pieces of code anew that were looked at before."""
    _remembered.cache_clear()


@lru_cache(maxsize=1_024)
def _remembered(source: str, kind: CodeKind) -> CodeFacts:
    return _found(source, kind)


def _found(source: str, kind: CodeKind) -> CodeFacts:
    if kind != "body":
        plain = _PLAIN.fullmatch(source)
        if plain is not None:
            return _plain_facts(plain)
    return parsed_facts(source, kind)


def _plain_facts(match: re.Match[str]) -> CodeFacts:
    """The facts of a path that needs no parser: the same that it would give."""
    root = match[1]
    at = match.start(1) - 1
    names = match[2].split(".")[1:]
    end = match.end(1)
    steps: list[Step] = []
    for name in names[:_STEPS]:
        steps.append(Step(name, end + 1, end := end + 1 + len(name)))
    first = (names[0],)
    mention = Mention(f"${root}", at, match.end(1), tuple(steps), "read", len(names) > _STEPS)
    if root == "state":
        return CodeFacts(reads=first, yields=first, mentions=(mention,), roots=_STATE)
    return CodeFacts(scope=first, mentions=(mention,), roots=_SCOPE)


def parsed_facts(source: str, kind: CodeKind) -> CodeFacts:
    """What one piece of code does, found with the parser."""
    tree = syntax_of(source, kind)
    body = kind == "body"
    if tree.given_up:
        return CodeFacts(reads_all=True, writes_all=body, tools_all=body, extensions_all=body, scope_all=not body, broken=True)
    flow = Flow(tree, pure=not body)
    found = flow.found
    with_methods = {alias for alias, method in found.extensions if method}
    imports = imports_of(tree) if "import" in source else ()
    mentions = mentions_of(tree, flow)
    return CodeFacts(
        reads=_ordered(found.reads),
        reads_all="reads" in found.all,
        writes=_ordered(found.writes),
        writes_all="writes" in found.all,
        tools=_ordered(found.tools),
        tools_all="tools" in found.all,
        extensions=tuple(use for use in sorted(found.extensions, key=found.extensions.__getitem__) if use[1] or use[0] not in with_methods),
        extensions_all="extensions" in found.all,
        scope=_ordered(found.scope),
        scope_all="scope" in found.all,
        globals=_ordered(found.free),
        yields=() if body else flow.result(),
        awaits="await" in source and _awaits(tree, flow),
        broken=tree.broken,
        mentions=mentions,
        impurities=imports if body else (*imports, *impurities_of(tree, flow)),
        given=given_in_args(tree) if kind == "args" else None,
        fault=tree.fault,
        roots=frozenset(m.root for m in mentions),
    )


def _ordered(names: dict[str, int]) -> tuple[str, ...]:
    return tuple(sorted(names, key=lambda name: (names[name], name)))


def _awaits(tree: Syntax, flow: Flow) -> bool:
    """Whether the code itself waits, not only a function in it."""
    for node, kind in enumerate(tree.kinds):
        waits = kind == "await_expression" or (kind == "for_in_statement" and tree.raw(node)[3:].lstrip().startswith("await"))
        if waits and flow.function_of(node) == 0:
            return True
    return False
