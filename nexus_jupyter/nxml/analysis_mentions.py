"""Where a piece of code speaks of what is not its own: ``$state.rows``, ``$tools.add(…)``, ``fetch``; and its effects.

A mention is what stands there plainly.  What flows through variables is followed elsewhere
(:mod:`~nexus_jupyter.nxml.analysis_flow`), which errs on the side of more; a mention errs on the side of less, so that
it can be blamed.  Places are in characters of the code.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from .analysis_flow import Flow
from .analysis_scope import REFERENCES, pattern_parts
from .analysis_shapes import Given, given_of
from .analysis_syntax import Syntax
from .analysis_values import MUTATORS, WRITING_GLOBALS

Use = Literal["read", "write", "call", "new", "mutate", "typeof"]
Effect = Literal["assignment", "delete", "await", "yield", "import"]

_MEMBERS = ("member_expression", "subscript_expression")
_EFFECTS = frozenset(
    (
        *("assignment_expression", "augmented_assignment_expression", "update_expression", "unary_expression"),
        *("await_expression", "yield_expression", "for_in_statement"),
    )
)
_CHAIN = (*_MEMBERS, "parenthesized_expression")
# Further members of a chain than these are nobody's business.
_STEPS = 3


class Step(NamedTuple):
    """A member that is looked up: its ``name``, None when it is computed, and where that stands, quotes left out."""

    name: str | None
    start: int
    end: int


class Mention(NamedTuple):
    """A free name with the members that are looked up in it.

    ``use`` is what happens to the last of them: it is called, made anew, assigned to, changed in place by a method of
    lists (the last step), looked at by ``typeof``, or read.  ``given`` are the arguments when a member of ``$tools``
    is called.  ``steps`` has at most three steps, ``deeper`` says that there are more.
    """

    root: str
    start: int
    end: int
    steps: tuple[Step, ...] = ()
    use: Use = "read"
    deeper: bool = False
    given: Given | None = None


class Impurity(NamedTuple):
    """Something that an expression must not do."""

    what: Effect
    start: int
    end: int


def mentions_of(tree: Syntax, flow: Flow) -> tuple[Mention, ...]:
    """All mentions in the order of the text.  Time is linear in the tree."""
    out: list[Mention] = []
    kinds, fields, parents, binding = tree.kinds, tree.fields, tree.parents, flow.scopes.binding
    for node, kind in enumerate(kinds):
        if kind in REFERENCES:
            if node in binding:
                alias = flow.aliases.get(binding[node])
                # what an alias alone says was said where it got its value
                if alias is not None and kinds[parents[node]] in _CHAIN:
                    mention = _mention(tree, flow, node, alias)
                    if len(mention.steps) > len(alias) - 1:
                        out.append(mention)
                continue
            if fields[node] in ("name", "label", "key") and kinds[tree.parents[node]] != "parenthesized_expression":
                continue
            out.append(_mention(tree, flow, node))
            if len(out[-1].steps) == 0:
                out += _taken_out(tree, node, out[-1])
                out += _assigned(tree, flow, node, out[-1])
    out.sort(key=lambda m: m.start)
    return tuple(out)


def _mention(tree: Syntax, flow: Flow, node: int, alias: tuple[int, ...] = ()) -> Mention:
    """The mention that starts at a name; ``alias``: what the name stands for, a root and members of it."""
    kinds, parents, fields = tree.kinds, tree.parents, tree.fields
    root, (start, end) = tree.name(alias[0] if alias else node), tree.place(node)
    steps = [_named_step(tree, part) for part in alias[1:]]
    deeper = False
    top = node
    while True:
        parent = parents[top]
        kind = kinds[parent]
        if kind == "parenthesized_expression" and len(tree.children[parent]) == 1:
            top = parent
        elif kind in _MEMBERS and fields[top] == "object":
            top = parent
            if len(steps) < _STEPS:
                steps.append(_step(tree, parent))
            else:
                deeper = True
        else:
            break
    use: Use = "read"
    given: Given | None = None
    parent = parents[top]
    kind = kinds[parent]
    if top in flow.targets:
        use = "write"
    elif kind == "call_expression" and fields[top] == "function":
        method = tree.called(top) if steps else None
        use = "mutate" if method in MUTATORS and (deeper or len(steps) > 1) else "call"
        if root == "$tools" and len(steps) == 1 and not deeper:
            listed = tree.child(parent, "arguments")
            given = None if listed is None else given_of(tree, listed)
    elif kind == "new_expression" and fields[top] == "constructor":
        use = "new"
    elif kind == "unary_expression" and tree.operator(parent) == "typeof":
        use = "typeof"
    return Mention(root, start, end, tuple(steps), use, deeper, given)


def _named_step(tree: Syntax, node: int) -> Step:
    return _step(tree, node) if tree.kinds[node] in _MEMBERS else Step(tree.name(node), *tree.place(node))


def _step(tree: Syntax, node: int) -> Step:
    if tree.kinds[node] == "member_expression":
        part = tree.part(node, "property")
        return Step(tree.name(part), *tree.place(part))
    part = tree.part(node, "index")
    literal = tree.literal(part)
    start, end = tree.place(part)
    return Step(None, start, end) if literal is None else Step(literal, start + 1, end - 1)


def _taken_out(tree: Syntax, node: int, whole: Mention) -> list[Mention]:
    """What ``const {a, b: c} = $state`` takes out of a root."""
    parent = tree.parents[node]
    while tree.kinds[parent] == "parenthesized_expression":
        node, parent = parent, tree.parents[parent]
    pattern: int | None = None
    if tree.kinds[parent] == "variable_declarator" and tree.fields[node] == "value":
        pattern = tree.child(parent, "name")
    elif tree.kinds[parent] == "assignment_expression" and tree.fields[node] == "right":
        pattern = tree.child(parent, "left")
    if pattern is None or tree.kinds[pattern] != "object_pattern":
        return []
    out: list[Mention] = []
    for part in tree.children[pattern]:
        kind = tree.kinds[part]
        named: int | None = part if kind == "shorthand_property_identifier_pattern" else None
        if kind == "object_assignment_pattern":
            named = tree.child(part, "left")
        elif kind == "pair_pattern":
            named = tree.child(part, "key")
        if named is None:
            continue
        start, end = tree.place(named)
        if tree.kinds[named] in ("property_identifier", "shorthand_property_identifier_pattern"):
            out.append(Mention(whole.root, whole.start, whole.end, (Step(tree.name(named), start, end),)))
        elif (literal := tree.literal(named)) is not None:
            out.append(Mention(whole.root, whole.start, whole.end, (Step(literal, start + 1, end - 1),)))
    return out


def _assigned(tree: Syntax, flow: Flow, node: int, whole: Mention) -> list[Mention]:
    """What ``Object.assign($state, {a: 1})`` and ``Reflect.set($state, "a", 1)`` assign to."""
    listed = tree.parents[node]
    if tree.kinds[listed] != "arguments" or tree.children[listed][0] != node:
        return []
    path = flow.global_path(tree.part(tree.parents[listed], "function"))
    out: list[Mention] = []
    for given in tree.children[listed][1:]:
        if path == "Object.assign" and tree.kinds[given] == "object":
            for member in tree.children[given]:
                key = tree.child(member, "key") if tree.kinds[member] == "pair" else member
                if key is not None and tree.kinds[key] in ("property_identifier", "shorthand_property_identifier", "string"):
                    start, end = tree.place(key)
                    text = tree.literal(key)
                    step = Step(tree.name(key), start, end) if text is None else Step(text, start + 1, end - 1)
                    out.append(whole._replace(steps=(step,), use="write"))
        elif path in WRITING_GLOBALS and path.startswith("Reflect.") and (text := tree.literal(given)) is not None:
            start, end = tree.place(given)
            return [whole._replace(steps=(Step(text, start + 1, end - 1),), use="write")]
    return out


def impurities_of(tree: Syntax, flow: Flow) -> tuple[Impurity, ...]:
    """What an expression does that it must not, in the order of the text.

    Assigning to its own variables, or into what they hold, has no effect outside and is left alone.
    """
    out: list[Impurity] = []
    if _EFFECTS.isdisjoint(tree.kinds):
        return ()
    for node, kind in enumerate(tree.kinds):
        what: Effect | None = None
        if kind in ("assignment_expression", "augmented_assignment_expression"):
            what = "assignment" if _foreign(tree, flow, tree.part(node, "left")) else None
        elif kind == "update_expression":
            what = "assignment" if _foreign(tree, flow, tree.part(node, "argument")) else None
        elif kind == "unary_expression":
            if tree.operator(node) == "delete" and _foreign(tree, flow, tree.part(node, "argument")):
                what = "delete"
        elif kind == "await_expression":
            what = "await"
        elif kind == "yield_expression" and flow.function_of(node) == 0:
            what = "yield"
        elif kind == "for_in_statement" and tree.child(node, "kind") is None and _foreign(tree, flow, tree.part(node, "left")):
            what = "assignment"
        if what is not None:
            start, end = tree.place(node)
            out.append(Impurity(what, max(start, 0), end))  # a parenthesis too many closes the one that is put around an expression
    return tuple(out)


def imports_of(tree: Syntax) -> tuple[Impurity, ...]:
    """The places of ``import`` as a statement or a call."""
    return tuple(
        Impurity("import", start := tree.place(node)[0], start + len("import"))
        for node, kind in enumerate(tree.kinds)
        if kind in ("import", "import_statement")
    )


def _foreign(tree: Syntax, flow: Flow, pattern: int) -> bool:
    """Whether an assignment to ``pattern`` plainly goes to something that is not the code's own."""
    for at in pattern_parts(tree, pattern):
        while tree.kinds[at] in _CHAIN:
            at = tree.part(at, "object") if tree.kinds[at] in _MEMBERS else next(iter(tree.children[at]), 0)
        if tree.kinds[at] in REFERENCES and at not in flow.scopes.binding:
            return True
    return False
