"""What code must not do: effects in expressions, names that do not exist in the sandbox."""

from __future__ import annotations

from ...diagnostics import Severity
from ..analysis import CodeSite
from ..analysis_mentions import Mention
from ..nearest import short
from .references import mentions, named, unknown
from .rule import Context, code_rule

_DATA_TYPES = frozenset(
    (
        *("Object", "Array", "String", "Number", "Boolean", "RegExp", "Date", "Map", "Set", "WeakMap", "WeakSet"),
        *("Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"),
    )
)
# Not names that code finds, but words that the grammar calls names.
_WORDS = frozenset(("arguments", "undefined"))
# Speaking of nothing else, code uses no name that may not exist.
_OWN = frozenset(("$state", "$scope", "$args", "$tools", "$emit", "$ext", "$log"))
_EFFECTS = {
    "assignment": ("an expression cannot assign", "do it in a tool, or compute a new value"),
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
    for impurity in site.facts.impurities:
        if impurity.what in _EFFECTS:
            message, hint = _EFFECTS[impurity.what]
            context.report_code("IMPURE_EXPRESSION", message, site, impurity.start, impurity.end, hint=hint)
    for mention in mentions(site):
        _check_effect(site, mention, context)


def _check_effect(site: CodeSite, mention: Mention, context: Context) -> None:
    root = mention.root
    entry = context.catalog.api.get(root)
    if entry is not None and "expression" not in entry.places and root not in ("$args", "$event"):
        if mention.use != "typeof":
            message = f"{root} exists in handlers only"
            context.report_code(
                "IMPURE_EXPRESSION", message, site, mention.start, mention.end, hint="an expression has no effects; use a tool"
            )
    elif mention.use == "mutate" and root == "$state":
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
        if name == "globalThis" and len(mention.steps) == 1 and mention.use in ("call", "new") and mention.steps[0].name in forbidden:
            name, start, end = mention.steps[0].name, mention.steps[0].start, mention.steps[0].end
        if name in forbidden:
            context.report_code("FORBIDDEN_GLOBAL", f"{name} does not exist in a panel", site, start, end, hint=forbidden[name])
    for impurity in site.facts.impurities:
        if impurity.what == "import":
            hint = forbidden["import"]
            context.report_code("FORBIDDEN_GLOBAL", "import does not exist in a panel", site, impurity.start, impurity.end, hint=hint)


@code_rule("UNKNOWN_NAME", roots=("$args",))
def arguments_exist(site: CodeSite, context: Context) -> None:
    """What: ``$args.name`` is an argument that the tool declares.

    Why: another one is never there.  Remedy: correct the name, or declare it: ``<Arg name="…" type="…"/>``.
    """
    element = context.outline.ast.element(site.element)
    if site.kind != "handler" or element.name != "Tool":
        return
    declared = dict.fromkeys(arg.text("name") for arg in element.elements("Arg"))
    for _, step, name in named(site, "$args"):
        if name not in declared:
            unknown(
                context, "UNKNOWN_NAME", site, "argument", "$args", step, name, declared, 'declare it in the tool: <Arg name="…" type="…"/>'
            )


@code_rule("UNKNOWN_NAME")
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
        near = context.nearest(root, known)
        context.report_code(
            "UNKNOWN_NAME",
            f"nothing is called {short(root)} here" + (f"; did you mean {near}?" if near else ""),
            site,
            mention.start,
            mention.end,
            hint="" if near else "declare it, or look for a misspelt name",
            instead=(root, near) if near else None,
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
