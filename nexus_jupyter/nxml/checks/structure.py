"""Which elements stand where."""

from __future__ import annotations

from ...diagnostics import Span
from ..ast import ElementNode, NexusPanelAST, TextNode
from ..elements import ELEMENTS
from ..nearest import nearest, short
from ..problems import Problems
from .rule import Context, Site, rule

_SECTIONS = ("NexusPanel", "Data", "Logic", "Tool", "Lifecycle", "Extension", "Arg")


def wrong_root(ast: NexusPanelAST, problems: Problems) -> None:
    """WRONG_ROOT: a document is one ``<NexusPanel>`` element.

    Why: without it nothing says that the text is a panel.  Remedy: put everything into ``<NexusPanel>``.
    """
    panel = ast.panel
    if panel is None:
        problems.report(
            "WRONG_ROOT",
            "the document has no <NexusPanel> element",
            ast.nodes[0].span if ast.nodes else Span(start=0, end=0, line=1, column=1),
            hint="a panel starts with <NexusPanel> and ends with </NexusPanel>",
        )
        return
    near = nearest(panel.name, ("NexusPanel",))
    problems.report(
        "WRONG_ROOT",
        f"the root element is <{short(panel.name)}>, not <NexusPanel>" + ("; did you mean <NexusPanel>?" if near else ""),
        panel.name_span,
        node=panel.id,
        hint="" if near else "a panel starts with <NexusPanel> and ends with </NexusPanel>",
    )


@rule("MISPLACED_ELEMENT", "UNEXPECTED_TEXT", on="NexusPanel")
def one_root(site: Site, context: Context) -> None:
    """What: nothing but comments stands outside ``<NexusPanel>``.

    Why: a second root would be lost without a word.  Remedy: move it inside, or into a cell of its own.
    """
    ast = site.element.ast
    for number in ast.top:
        node = ast.nodes[number]
        if isinstance(node, ElementNode) and number != site.element.id:
            context.report(
                "MISPLACED_ELEMENT",
                f"<{short(node.name)}> stands outside the panel",
                ast.element(number),
                hint="a document is one <NexusPanel>; move it inside, or into a cell of its own",
            )
        elif isinstance(node, TextNode):
            context.problems.report("UNEXPECTED_TEXT", "text stands outside <NexusPanel>", node.span, hint="remove it")


@rule("UNKNOWN_ELEMENT", "MISPLACED_ELEMENT", on=tuple(ELEMENTS))
def children_belong(site: Site, context: Context) -> None:
    """What: outside the view only the language's own elements exist, each in its place.

    Why: an element in another place would mean nothing.  Remedy: move it where the hint says.
    """
    element = site.element
    if element.name == "View":
        for child in element.elements():
            if child.name in ELEMENTS:
                context.report("MISPLACED_ELEMENT", f"<{child.name}> does not belong in <View>", child, hint=_home(child.name))
        return
    allowed = ELEMENTS[element.name].children
    for child in element.elements():
        if child.name in allowed:
            continue
        name = short(child.name)
        if child.name in ELEMENTS:
            context.report("MISPLACED_ELEMENT", f"<{name}> does not belong in <{element.name}>", child, hint=_home(child.name))
        elif child.name in context.catalog.components:
            context.report("MISPLACED_ELEMENT", f"<{name}> does not belong in <{element.name}>", child, hint="components stand in <View>")
        else:
            near = context.nearest(child.name, allowed)
            context.report(
                "UNKNOWN_ELEMENT",
                f"unknown element <{name}> in <{element.name}>" + (f"; did you mean <{near}>?" if near else ""),
                child,
                hint="" if near else f"<{element.name}> holds {_listed(allowed)}",
                fix=context.corrected(child.name_span, child.name, near) if context.closes_itself(child) else None,
            )


@rule("UNEXPECTED_TEXT", on=_SECTIONS)
def no_text_between(site: Site, context: Context) -> None:
    """What: sections hold elements, not text.

    Why: the text would be shown nowhere.  Remedy: make it a comment, or a ``<Text>`` in the view.
    """
    for text in site.element.texts():
        context.report(
            "UNEXPECTED_TEXT",
            f"text has no meaning in <{site.element.name}>",
            site.element,
            text.span,
            hint="remove it, or make it a comment <!-- … -->",
        )


@rule("DUPLICATE_SECTION", on="NexusPanel")
def sections_once(site: Site, context: Context) -> None:
    """What: ``Data``, ``Logic`` and ``View`` stand at most once each.

    Why: a reader looks for each in one place.  Remedy: merge them.
    """
    seen: dict[str, int] = {}
    for child in site.element.elements():
        if child.name not in ELEMENTS["NexusPanel"].children:
            continue
        if child.name in seen:
            context.report(
                "DUPLICATE_SECTION",
                f"<{child.name}> stands twice; the first is in line {seen[child.name]}",
                child,
                hint="merge the two",
            )
        else:
            seen[child.name] = child.span.line


def _home(name: str) -> str:
    homes = [rule.name for rule in ELEMENTS.values() if name in rule.children]
    return f"<{name}> belongs in {_listed(homes)}" if homes else "a document has one <NexusPanel>"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f"<{n}>" for n in names) if names else "no elements"
