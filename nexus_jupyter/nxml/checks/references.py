"""What code refers to: syntax first, then states, tools, loop variables and extensions."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from ..analysis import CodeSite
from ..analysis_facts import facts_of
from ..analysis_mentions import Mention, Step
from ..ast import Element
from ..limits import DEFAULT_LIMITS
from ..nearest import like, short
from .rule import Context, code_rule

# What every object has, declared or not.
_INHERITED = frozenset(
    ("hasOwnProperty", "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "toString", "valueOf", "toJSON", "then")
)


def mentions(site: CodeSite) -> tuple[Mention, ...]:
    """What the code speaks of, but for the place that ``bind`` names: that has rules of its own."""
    found = site.facts.mentions
    if site.kind != "bind":
        return found
    return () if site.place is None else found[1:]


def named(site: CodeSite, root: str) -> list[tuple[Mention, Step, str]]:
    """The members that are looked up in ``root`` by name."""
    out: list[tuple[Mention, Step, str]] = []
    for mention in mentions(site):
        if mention.root == root and mention.steps:
            step = mention.steps[0]
            if step.name is not None and step.name not in _INHERITED:
                out.append((mention, step, step.name))
    return out


def unknown(
    context: Context, code: str, site: CodeSite, what: str, root: str, step: Step, name: str, known: Iterable[str], hint: str
) -> None:
    """Reports a member that is not there, with the nearest one that is."""
    near = context.nearest(name, known)
    context.report_code(
        code,
        f"unknown {what} {root}.{short(name)}" + (f"; did you mean {near}?" if near else ""),
        site,
        step.start,
        step.end,
        hint="" if near else hint,
        instead=(name, near) if near else None,
    )


@code_rule("JS_SYNTAX", broken=True)
def code_is_javascript(site: CodeSite, context: Context) -> None:
    """What: code is JavaScript: a handler one function body, everything else one expression.

    Why: the engine refuses anything else.  Remedy: correct it at the place shown.
    """
    fault = site.facts.fault
    if fault is None or (site.kind == "bind" and site.place is None):
        return  # nobody can tell where, or another rule says that it is no place
    if site.code == "expression" and not context.problems.full and _is_object(site, context):
        return
    what = "expression" if site.code != "body" else "JavaScript"
    context.report_code("JS_SYNTAX", f"this {what} cannot be read: {fault.message}", site, fault.start, fault.end)


def _is_object(site: CodeSite, context: Context) -> bool:
    """Reports an object or list that was written as if the braces of an expression were its own."""
    attribute = site.ast.element(site.element).get(site.attribute) if site.attribute else None
    if attribute is not None and (site.element, site.attribute) in context.cut_lists:
        return True
    text = "" if attribute is None else attribute.value or ""
    written = text.strip()
    listed = written.startswith("[") and len(written) <= DEFAULT_LIMITS.expression
    if attribute is not None and attribute.mode == "text" and listed and not facts_of(written, "expression").broken:
        context.cut_lists.add((site.element, site.attribute))
        quote = "'" if '"' in written else '"'
        context.problems.report(
            "JS_SYNTAX",
            f"the value of {site.attribute!r} is cut at its braces: in a text each {{…}} is an expression",
            site.span,
            node=site.element,
            hint=f"write all of it as one expression: {site.attribute}={quote}{{[…]}}{quote}",
            fix=context.rewritten(attribute.value_span, text, f"{{{written}}}", "make it one expression"),
        )
        return True
    if ":" not in site.source or facts_of(f"{{{site.source}}}", "expression").broken:
        return False
    context.problems.report(
        "JS_SYNTAX",
        "this expression cannot be read: its outer braces only mark it as one",
        site.span,
        node=site.element,
        hint="an object is written {({ … })}",
        fix=context.rewritten(site.span, site.source, f"({{ {site.source} }})", "make it an object"),
    )
    return True


@code_rule("UNDEFINED_STATE_REFERENCE", roots=("$state",), whole=True)
def states_exist(site: CodeSite, context: Context) -> None:
    """What: ``$state.name`` is a declared state or computed value.

    Why: another name has no value, and writing it is refused.  Remedy: correct the name, or declare the state.
    """
    outline = context.outline
    for _, step, name in named(site, "$state"):
        if name not in outline.known_states and name not in outline.known_computed:
            unknown(
                *(context, "UNDEFINED_STATE_REFERENCE", site, "state", "$state", step, name),
                chain(outline.known_states, outline.known_computed),
                'declare it in <Data>: <State name="…" type="…"/>',
            )


@code_rule("UNDEFINED_TOOL_REFERENCE", roots=("$tools",), whole=True)
def called_tools_exist(site: CodeSite, context: Context) -> None:
    """What: ``$tools.name`` is a declared tool.

    Why: nothing else can be called.  Remedy: correct the name, or declare the tool.
    """
    known = context.outline.known_tools
    if site.kind != "handler":
        return
    for _, step, name in named(site, "$tools"):
        if name not in known:
            unknown(
                context, "UNDEFINED_TOOL_REFERENCE", site, "tool", "$tools", step, name, known, 'declare it in <Logic>: <Tool name="…">'
            )


@code_rule("INVALID_SCOPE_REFERENCE", roots=("$scope", "$event", "$args"), whole=True)
def loop_variables_exist(site: CodeSite, context: Context) -> None:
    """What: ``$scope.name`` is a variable of an enclosing loop; ``$args`` stands in handlers, ``$event`` in ``args``.

    Why: elsewhere they have no value.  Remedy: correct the name, or hand the value over with ``args``.
    """
    for _, step, name in named(site, "$scope"):
        if site.kind != "handler" and name not in site.scope:
            if not context.problems.full and _in_misspelt_loop(site.ast.element(site.element)):
                continue
            hint = "$scope holds the variables of the enclosing <Iterate>"
            if not site.scope:
                hint = "there is no <Iterate> around it"
            left = "" if context.problems.full else left_loop(site.ast.element(site.element), name)
            known = () if left else site.scope
            unknown(context, "INVALID_SCOPE_REFERENCE", site, "loop variable", "$scope", step, name, known, left or hint)
    for mention in mentions(site):
        if mention.use == "typeof":
            continue
        problem = _MISPLACED.get((mention.root, "handler" if site.kind == "handler" else "args" if site.kind == "args" else "expression"))
        if problem:
            context.report_code(
                "INVALID_SCOPE_REFERENCE", f"{mention.root} has no meaning here", site, mention.start, mention.end, hint=problem
            )


def _in_misspelt_loop(element: Element) -> bool:
    """Whether an unknown element that is near ``Iterate`` is around: nobody can tell what its variables are."""
    above = element.node.parent
    while above is not None:
        parent = element.ast.element(above)
        if like(parent.name, "Iterate"):
            return True
        above = parent.node.parent
    return False


def left_loop(element: Element, name: str) -> str:
    """What to say when ``name`` is the variable of a loop in whose ``Empty`` the element stands; "" when it is none."""
    ast = element.ast
    while (above := element.node.parent) is not None:
        parent = ast.element(above)
        if element.name == "Empty" and parent.name == "Iterate" and name in (parent.text("as") or "item", parent.text("index")):
            return "<Empty> stands outside its loop: it is shown when there is no item"
        element = parent
    return ""


_MISPLACED = {
    ("$scope", "handler"): 'a handler sees no loop variables; hand the value over: args="{ id: $scope.item.id }", then $args.id',
    ("$event", "handler"): 'hand the event over: args="{ value: $event.value }", then $args.value',
    ("$event", "expression"): "$event exists in args only",
    ("$args", "expression"): "$args exists in handlers only; keep the value in a state",
    ("$args", "args"): "$args exists in handlers only; keep the value in a state",
}


@code_rule("UNDECLARED_EXTENSION", roots=("$ext",), whole=True)
def extensions_are_declared(site: CodeSite, context: Context) -> None:
    """What: ``$ext.alias`` is a declared extension, and the method one that the extension has.

    Why: nothing else can be called.  Remedy: declare it in ``<Logic>``, or correct the name.
    """
    if site.kind != "handler":
        return
    declared = context.outline.known_extensions
    catalog = context.catalog.extensions
    for mention, step, name in named(site, "$ext"):
        if name not in declared:
            if context.nearest(name, context.unknown_extensions):
                continue  # the extension that is declared in its stead is unknown, and that is told
            homes = {n.rpartition(".")[2]: n for n in catalog}
            if name not in homes and context.nearest(name, declared):
                unknown(context, "UNDECLARED_EXTENSION", site, "extension", "$ext", step, name, declared, "")
                continue
            near = name if name in homes else context.nearest(name, homes)
            line = f'<Extension name="{homes[near]}"/>' if near else f'<Extension name="…" alias="{short(name)}"/>'
            said = f"; did you mean {near}?" if near and near != name else ""
            context.report_code(
                "UNDECLARED_EXTENSION",
                f"no extension is declared as {short(name)}{said}",
                *(site, step.start, step.end),
                hint=f"add {line} to <Logic>",
            )
            continue
        entry = context.catalog.extension(declared[name])
        method = mention.steps[1] if len(mention.steps) > 1 else None
        if entry is None or entry.dynamic or not entry.methods or method is None or method.name is None or method.name in _INHERITED:
            continue
        methods = [m.name for m in entry.methods]
        if method.name not in methods:
            near = context.nearest(method.name, methods)
            context.report_code(
                "UNDECLARED_EXTENSION",
                f"the extension {entry.name} has no method {short(method.name)!r}" + (f"; did you mean {near}?" if near else ""),
                site,
                method.start,
                method.end,
                hint="" if near else f"its methods are {', '.join(methods)}",
                instead=(method.name, near) if near else None,
            )


@code_rule("ASSIGN_TO_COMPUTED", roots=("$state",))
def computed_values_are_not_assigned(site: CodeSite, context: Context) -> None:
    """What: handlers assign to states, not to computed values, nor into them.

    Why: a computed value follows from its expression and is read-only, all of it.  Remedy: change a state that it depends on.
    """
    outline = context.outline
    if site.kind != "handler":
        return
    for mention, step, name in named(site, "$state"):
        if mention.use in ("write", "mutate") and name in outline.known_computed and name not in outline.known_states:
            context.report_code(
                "ASSIGN_TO_COMPUTED",
                f"{short(name)!r} is a computed value and cannot be written",
                site,
                step.start,
                step.end,
                hint="change a state that it depends on",
            )
