"""What code must not do: effects in expressions, names that do not exist in the sandbox."""

from __future__ import annotations

import re
from bisect import bisect_left

from ...diagnostics import Severity
from ..analysis import CodeSite
from ..analysis_mentions import Mention
from ..analysis_syntax import syntax_of
from ..ast import Element
from ..elements import LIFECYCLE_ARGS, LIFECYCLES
from ..nearest import VERY_LIKE, short
from .absent import ABSENT
from .references import mentions, named, unknown
from .rule import Context, code_rule

_DATA_TYPES = frozenset(
    (
        *("Object", "Array", "String", "Number", "Boolean", "RegExp", "Date", "Map", "Set", "WeakMap", "WeakSet"),
        *("Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"),
    )
)
# Attributes that ask yes or no.
_QUESTIONS = frozenset(("condition", "hidden", "disabled", "loading"))
_ASSIGNED = re.compile(r"([$\w][$\w.]*+)[ \t\r\n]*+=(?![=>])[ \t\r\n]*+")
_LIST = re.compile(r"\{?[ \t\r\n]*+\$state\.([\w$]++)(?:\.[\w$]++)*+[ \t\r\n]*+\}?")
_NEW = re.compile(r"\bnew\b")
_DECLARED = re.compile(r"\b(?:class|function)\b")
_CLASSES = frozenset(("class", "class_declaration", "function_expression", "function_declaration"))
# Not names that code finds, but words that the grammar calls names.
_CURLY = "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
_WORDS = frozenset(("arguments", "undefined"))
# Speaking of nothing else, code uses no name that may not exist.
_OWN = frozenset(("$state", "$scope", "$args", "$tools", "$emit", "$ext", "$log"))
_EFFECTS = {
    "assignment": ("an expression cannot assign", "to compare, write ===; else do it in a tool, or compute a new value"),
    "delete": ("an expression cannot delete", "do it in a tool, or compute a new value without it"),
    "await": ("an expression cannot wait", "await in a tool and keep the result in a state"),
    "yield": ("an expression cannot yield", "do it in a tool"),
}


@code_rule("IMPURE_EXPRESSION")
def expressions_are_pure(site: CodeSite, context: Context) -> None:
    """What: an expression only looks at values.  It assigns nothing but its own variables, waits for nothing, makes
    new objects of data types only, and does not call what handlers have.  A list in ``$state`` is not changed in place.

    Why: expressions run whenever something is shown, in any order and any number of times.
    Remedy: do it in a tool, or copy first: ``[...$state.rows].sort()``.
    """
    if site.kind == "handler":
        return
    calls = [m.start for m in mentions(site) if _only_in_handlers(m, context)] if site.facts.impurities else []
    for impurity in site.facts.impurities:
        # What is waited for is told once: the call that has no place here.
        at = bisect_left(calls, impurity.start)
        if impurity.what == "await" and at < len(calls) and calls[at] < impurity.end:
            continue
        if impurity.what in _EFFECTS:
            message, hint = _EFFECTS[impurity.what]
            start, end = impurity.start, impurity.end
            context.report_code("IMPURE_EXPRESSION", message, site, start, end, hint=hint, instead=_compared(site, start, end))
    for mention in mentions(site):
        _check_effect(site, mention, context)
    for start, end in _own_classes(site):
        message = "an expression makes new objects of data types only, and this is a class of its own"
        context.report_code("IMPURE_EXPRESSION", message, site, start, end, hint="write the object itself: { name: value }")


def _own_classes(site: CodeSite) -> list[tuple[int, int]]:
    """Where ``new`` is used with a class or function that stands in the code itself."""
    if _NEW.search(site.source) is None or not _DECLARED.search(site.source):
        return []
    tree = syntax_of(site.source, site.code)
    own = {
        tree.name(node)
        for node, kind in enumerate(tree.kinds)
        if kind == "identifier" and tree.fields[node] == "name" and tree.kinds[tree.parents[node]] in _CLASSES
    }
    out: list[tuple[int, int]] = []
    for node, kind in enumerate(tree.kinds):
        if kind == "new_expression":
            made = tree.part(node, "constructor")
            while tree.kinds[made] == "parenthesized_expression" and len(tree.children[made]) == 1:
                made = tree.children[made][0]
            if tree.kinds[made] in _CLASSES or (tree.kinds[made] == "identifier" and tree.name(made) in own):
                out.append(tree.place(made))
    return out


def _compared(site: CodeSite, start: int, end: int) -> tuple[str, str] | None:
    """An assignment where only yes or no is asked, and the comparison that was meant."""
    if site.attribute not in _QUESTIONS:
        return None
    text = site.source[start:end]
    found = _ASSIGNED.match(text)
    return None if found is None else (text, f"{found[1]} === {text[found.end() :]}")


def _only_in_handlers(mention: Mention, context: Context) -> bool:
    entry = context.catalog.api.get(mention.root)
    elsewhere = entry is not None and "expression" not in entry.places and mention.root not in ("$args", "$event")
    return elsewhere and mention.use != "typeof"


def _check_effect(site: CodeSite, mention: Mention, context: Context) -> None:
    root = mention.root
    if _only_in_handlers(mention, context):
        message = f"{root} exists in handlers only"
        context.report_code("IMPURE_EXPRESSION", message, site, mention.start, mention.end, hint="an expression has no effects; use a tool")
    elif mention.use == "mutate" and (root == "$state" or (root == "$scope" and _of_state(site, mention, context))):
        last = mention.steps[-1]
        method = f"{last.name}()" if last.name and not mention.deeper else "this method"
        context.report_code(
            "IMPURE_EXPRESSION",
            f"{method} changes a list in place, and an expression cannot change $state",
            site,
            mention.start,
            mention.end if not mention.steps else last.end,
            hint="copy first, for example [...$state.rows], or do it in a tool",
        )
    elif mention.use == "new" and not mention.steps and root in context.catalog.globals and root not in _DATA_TYPES:
        context.report_code(
            "IMPURE_EXPRESSION",
            f"an expression makes new objects of data types only, and {root} is none",
            site,
            mention.start,
            mention.end,
            hint="data types are Date, Map, Set, RegExp and the like",
        )


def _of_state(site: CodeSite, mention: Mention, context: Context) -> bool:
    """Whether a loop variable is an item of a state itself."""
    element: Element | None = site.ast.element(site.element)
    while element is not None:
        if element.name == "Iterate" and (element.text("as") or "item") == mention.steps[0].name:
            items = element.get("items") or element.get("over")
            found = _LIST.fullmatch((items.value or "").strip()) if items is not None else None
            return found is not None and found[1] in context.outline.known_states
        above = element.node.parent
        element = None if above is None else site.ast.element(above)
    return False


@code_rule("FORBIDDEN_GLOBAL")
def forbidden_names_are_not_used(site: CodeSite, context: Context) -> None:
    """What: code does not use what pages and servers have and a panel has not: ``fetch``, ``window``, ``require``.

    Why: a panel's code runs in a sandbox that reaches nothing outside.  Remedy: use what the hint names.
    """
    if site.facts.roots <= _OWN and not site.facts.impurities:
        return
    forbidden = context.catalog.forbidden
    for mention in mentions(site):
        name, start, end = mention.root, mention.start, mention.end
        if mention.use == "typeof" and not mention.steps:
            continue
        if name == "globalThis" and mention.steps and _is_taken(mention) and mention.steps[0].name in forbidden:
            name, start, end = mention.steps[0].name, mention.steps[0].start, mention.steps[0].end
        if name in forbidden:
            context.report_code("FORBIDDEN_GLOBAL", f"{name} does not exist in a panel", site, start, end, hint=forbidden[name])
    for impurity in site.facts.impurities:
        if impurity.what == "import":
            hint = forbidden["import"]
            context.report_code("FORBIDDEN_GLOBAL", "import does not exist in a panel", site, impurity.start, impurity.end, hint=hint)


def _is_taken(mention: Mention) -> bool:
    """Whether what is looked up is used: a property of one's own may be called so, and be asked for."""
    return len(mention.steps) > 1 or mention.use not in ("write", "typeof")


@code_rule("UNKNOWN_NAME", roots=("$args",))
def arguments_exist(site: CodeSite, context: Context) -> None:
    """What: ``$args.name`` is an argument that the tool declares, or what a lifecycle hook of its moment is given.

    Why: another one is never there.  Remedy: correct the name, or declare it: ``<Arg name="…" type="…"/>``.
    """
    element = context.outline.ast.element(site.element)
    if site.kind != "handler":
        return
    hint = 'declare it in the tool: <Arg name="…" type="…"/>'
    declared = dict.fromkeys(arg.text("name") for arg in element.elements("Arg"))
    if element.name == "Lifecycle":
        if element.text("on") not in LIFECYCLES:
            return
        declared = dict.fromkeys(LIFECYCLE_ARGS.get(element.text("on"), {}))
        hint = f"a hook of {element.text('on')!r} is given {', '.join(declared) or 'nothing'}"
    for _, step, name in named(site, "$args"):
        if name not in declared:
            unknown(context, "UNKNOWN_NAME", site, "argument", "$args", step, name, declared, hint)


@code_rule("UNKNOWN_NAME", "JS_SYNTAX")
def names_exist(site: CodeSite, context: Context) -> None:
    """What: a name that is not declared in the code is one of JavaScript's or of the sandbox.

    Why: using any other fails when the code comes to it; it is often a misspelt one.
    Remedy: correct it, or declare the variable.
    """
    if site.facts.roots <= _OWN or any(i.what == "import" for i in site.facts.impurities):
        return  # what is imported would be declared
    catalog = context.catalog
    found = tuple(mentions(site))
    asked = {m.root for m in found if m.use == "typeof"}
    for mention in found:
        root = mention.root
        if root in catalog.api or root in catalog.globals or root in catalog.forbidden or root in _WORDS or root in asked:
            continue
        known = (*catalog.api, *catalog.globals)
        if not root.replace("$", "_").isidentifier():
            other = next((c for c in root if not f"_{c}".isidentifier() and c != "$"), root)
            straight = f'"{root[1:-1]}"' if root[0] in _CURLY and root[-1] in _CURLY and len(root) > 1 else ""
            context.report_code(
                "JS_SYNTAX",
                f"{other} is no quote of JavaScript" if other in _CURLY else f"{other!r} cannot stand in a name",
                *(site, mention.start, mention.end),
                hint="texts stand in straight quotes: \" or '",
                instead=(root, straight) if straight else None,
                variable=True,
            )
            continue
        if root in ABSENT:
            message, hint = f"the sandbox has no {root}", ABSENT[root]
            context.report_code("UNKNOWN_NAME", message, site, mention.start, mention.end, hint=hint)
            continue
        near = context.nearest(root, known, likeness=VERY_LIKE)
        context.report_code(
            "UNKNOWN_NAME",
            f"nothing is called {short(root)} here" + (f"; did you mean {near}?" if near else ""),
            site,
            mention.start,
            mention.end,
            hint="" if near else "declare it, or look for a misspelt name",
            instead=(root, near) if near else None,
            variable=True,
        )


@code_rule("NOT_AVAILABLE")
def names_are_built(site: CodeSite, context: Context) -> None:
    """What: this version has what code uses.

    Why: a name of the language that this version does not have yet fails.  Remedy: leave it out meanwhile.
    """
    if site.kind != "handler" or site.facts.roots <= _OWN:
        return
    for mention in mentions(site):
        entry = context.catalog.api.get(mention.root)
        if entry is not None and not entry.available and mention.use != "typeof":
            context.report_code(
                "NOT_AVAILABLE",
                f"{mention.root} is not available in this version; using it fails",
                site,
                mention.start,
                mention.end,
                hint="bind what is shown to a state instead",
                severity=Severity.WARNING,
            )
