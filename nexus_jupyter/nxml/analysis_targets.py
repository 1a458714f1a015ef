"""What a piece of code assigns to."""

from __future__ import annotations

from .analysis_scope import FUNCTIONS, REFERENCES, Scopes, parameters, pattern_parts
from .analysis_syntax import Syntax
from .analysis_values import MUTATORS

# Without any of these nothing is assigned to, and no mutating method is called for its effect.
_TARGETING = FUNCTIONS | {
    *("assignment_expression", "augmented_assignment_expression", "update_expression", "unary_expression", "variable_declarator"),
    *("for_in_statement", "catch_clause", "expression_statement"),
}

# The roots whose members must be declared.
_ALIASED = frozenset(("$state", "$tools", "$ext"))
# Without any of these no member is made.
_MAKING = frozenset(("object", "class_body", "assignment_expression"))


def find_targets(tree: Syntax) -> tuple[set[int], set[int]]:
    """The nodes that are assigned to, and those that are looked up only to write into what they name."""
    targets: set[int] = set()
    written: set[int] = set()
    if _TARGETING.isdisjoint(tree.kinds):
        return targets, written

    def target(pattern: int, *, plain: bool) -> None:
        for node in pattern_parts(tree, pattern):
            targets.add(node)
            if plain:
                _mark(tree, node, written)

    for node, kind in enumerate(tree.kinds):
        if kind == "assignment_expression":
            target(tree.part(node, "left"), plain=True)
        elif kind in ("augmented_assignment_expression", "update_expression"):
            target(tree.part(node, "left" if kind[0] == "a" else "argument"), plain=False)
        elif kind == "unary_expression" and tree.operator(node) == "delete":
            target(tree.part(node, "argument"), plain=True)
        elif kind == "variable_declarator":
            target(tree.part(node, "name"), plain=True)
        elif kind == "for_in_statement":
            target(tree.part(node, "left"), plain=True)
        elif kind == "catch_clause":
            target(tree.part(node, "parameter"), plain=True)
        elif kind == "call_expression" and tree.kinds[tree.parents[node]] == "expression_statement":
            callee = tree.part(node, "function")
            if tree.called(callee) in MUTATORS:
                _mark(tree, callee, written)
        if kind in FUNCTIONS:
            for pattern in parameters(tree, node):
                target(pattern, plain=True)
    return targets, written


def method_names(tree: Syntax) -> frozenset[str]:
    """The names of members that the code itself gives functions, or what may be one."""
    out: set[str] = set()
    if _MAKING.isdisjoint(tree.kinds):
        return frozenset()
    for node, kind in enumerate(tree.kinds):
        named: int | None = None
        if kind == "method_definition":
            named = tree.child(node, "name")
        elif kind == "shorthand_property_identifier":
            named = node
        elif kind in FUNCTIONS or kind == "identifier":
            parent = tree.parents[node]
            if tree.kinds[parent] == "pair":
                named = tree.child(parent, "key")
            elif tree.kinds[parent] == "field_definition":
                named = tree.child(parent, "property")
            elif tree.kinds[parent] == "assignment_expression" and tree.fields[node] == "right":
                name = tree.called(tree.part(parent, "left"))
                out.update(() if name is None else (name,))
        if named is not None:
            out.add(tree.literal(named) or tree.name(named))
    return frozenset(out)


def sources_of(tree: Syntax, scopes: Scopes) -> dict[int, list[tuple[int, int]]]:
    """All that is assigned to each variable: nodes, and how deep in them it lies; variables left out for which nobody can tell."""
    out: dict[int, list[tuple[int, int]]] = {}
    hidden: set[int] = set()

    def note(pattern: int, source: int | None, depth: int = 0) -> None:
        plain = tree.kinds[pattern] in REFERENCES
        for part in pattern_parts(tree, pattern):
            variable = scopes.binding.get(part)
            if variable is None:
                continue
            if not plain:
                hidden.add(variable)
                continue
            known = out.setdefault(variable, [])
            if source is not None:
                known.append((source, depth))

    for node, kind in enumerate(tree.kinds):
        if kind == "variable_declarator" and tree.kinds[tree.parents[node]] != "for_in_statement":
            note(tree.part(node, "name"), tree.child(node, "value"))
        elif kind in ("assignment_expression", "augmented_assignment_expression"):
            note(tree.part(node, "left"), tree.child(node, "right"))
        elif kind == "for_in_statement":
            note(tree.part(node, "left"), tree.child(node, "right"), 1)
        elif kind in FUNCTIONS:
            patterns = parameters(tree, node)
            start = _start_of_reduce(tree, node)
            if patterns and start is not None:
                note(patterns.pop(0), start)
            hidden.update(scopes.binding[p] for pattern in patterns for p in pattern_parts(tree, pattern) if p in scopes.binding)
    return {variable: found for variable, found in out.items() if variable not in hidden}


def aliases_of(tree: Syntax, scopes: Scopes, targets: set[int]) -> dict[int, tuple[int, ...]]:
    """Variables that are set once and plainly stand for a root or a member of it: the nodes of the two."""
    out: dict[int, tuple[int, ...]] = {}
    times: dict[int, int] = {}

    def note(name: int, *stands_for: int) -> None:
        variable = scopes.binding.get(name)
        if variable is not None:
            out[variable] = stands_for

    for node, kind in enumerate(tree.kinds):
        if kind == "variable_declarator":
            name, value = tree.child(node, "name"), tree.child(node, "value")
            if name is None or value is None:
                continue
            value = _inside(tree, value)
            root = value
            if tree.kinds[value] in ("member_expression", "subscript_expression"):
                root = _inside(tree, tree.part(value, "object"))
            if tree.kinds[root] != "identifier" or root in scopes.binding or tree.name(root) not in _ALIASED:
                continue
            if tree.kinds[name] == "identifier":
                note(name, root, *(() if root == value else (value,)))
            elif root == value and tree.kinds[name] == "object_pattern":
                for part in tree.children[name]:
                    if tree.kinds[part] == "shorthand_property_identifier_pattern":
                        note(part, root, part)
                    elif tree.kinds[part] == "pair_pattern" and tree.kinds[key := tree.part(part, "key")] == "property_identifier":
                        note(tree.part(part, "value"), root, key)
    if not out:
        return out
    for node in targets:
        variable = scopes.binding.get(node)
        if variable in out:
            times[variable] = times.get(variable, 0) + 1
    return {variable: found for variable, found in out.items() if times.get(variable) == 1}


def _inside(tree: Syntax, node: int) -> int:
    while tree.kinds[node] == "parenthesized_expression" and len(tree.children[node]) == 1:
        node = tree.children[node][0]
    return node


def _start_of_reduce(tree: Syntax, function: int) -> int | None:
    """What the first parameter of a function is at first when it is given to ``reduce``."""
    listed = tree.parents[function]
    if tree.kinds[listed] != "arguments" or len(tree.children[listed]) != 2 or tree.children[listed][0] != function:
        return None
    method = tree.called(tree.part(tree.parents[listed], "function"))
    return tree.children[listed][1] if method in ("reduce", "reduceRight") else None


def _mark(tree: Syntax, node: int, marked: set[int]) -> None:
    """Marks a chain of member lookups down to its root."""
    while node not in marked:
        marked.add(node)
        kind = tree.kinds[node]
        if kind in ("member_expression", "subscript_expression"):
            node = tree.part(node, "object")
        elif kind == "parenthesized_expression" and len(tree.children[node]) == 1:
            node = tree.children[node][0]
        else:
            return
