"""Tools, handlers and extensions."""

from __future__ import annotations

from ...catalog import foreign_names
from ...diagnostics import Severity
from ..ast import Element
from ..elements import ELEMENTS
from ..handlers import is_empty
from ..literals import shown
from ..nearest import like, short
from ..outline import alias_of
from ..values import boolean, duration, identifier_problem, names, number, size
from .attributes import more_than_zero, report_unknown
from .data import report_duplicates
from .rule import Context, Site, rule


@rule("DUPLICATE_TOOL", on="NexusPanel")
def tool_names_once(site: Site, context: Context) -> None:
    """What: each tool has a name of its own.

    Why: a trigger must mean one tool.  Remedy: rename one of them.
    """
    report_duplicates("DUPLICATE_TOOL", "tool", list(context.outline.tools), context)


@rule("DUPLICATE_ARG", on="Tool")
def arg_names_once(site: Site, context: Context) -> None:
    """What: each argument of a tool has a name of its own.

    Why: ``$args.name`` must mean one value.  Remedy: rename one of them.
    """
    report_duplicates("DUPLICATE_ARG", "argument", list(site.element.elements("Arg")), context)


@rule("MISSING_HANDLER", on=("Tool", "Lifecycle"), whole=True)
def has_handler(site: Site, context: Context) -> None:
    """What: a tool and a lifecycle hook have a handler.

    Why: without one nothing would happen.  Remedy: add ``<Handler>…</Handler>``.
    """
    # of a misspelt one it is told already
    if not any(e.name == "Handler" or (e.name not in ELEMENTS and like(e.name, "Handler")) for e in site.element.elements()):
        context.report("MISSING_HANDLER", f"<{site.element.name}> has no <Handler>", site.element, hint="add <Handler>…</Handler>")


@rule("MISPLACED_ELEMENT", on=("Tool", "Lifecycle"))
def one_handler(site: Site, context: Context) -> None:
    """What: there is one handler.

    Why: it would be unclear which one runs.  Remedy: merge them, or make another tool.
    """
    for extra in list(site.element.elements("Handler"))[1:]:
        context.report("MISPLACED_ELEMENT", f"<{site.element.name}> has a second <Handler>", extra, hint="merge the two")


@rule("EMPTY_HANDLER", on="Handler")
def handler_does_something(site: Site, context: Context) -> None:
    """What: a handler has code.

    Why: an empty one is usually forgotten.  Remedy: write it, or remove the tool.
    """
    raw = site.element.raw
    if raw is None or is_empty(raw.text):
        context.report("EMPTY_HANDLER", "the handler does nothing", site.element, hint="write its code, or remove it")


@rule("TOOL_WITHOUT_DESCRIPTION", on="Tool")
def tool_is_described(site: Site, context: Context) -> None:
    """What: a tool says what it does.

    Why: people and AI choose tools by their description.  Remedy: add ``description="…"``.
    """
    if not site.element.text("description").strip():
        context.report("TOOL_WITHOUT_DESCRIPTION", "<Tool> has no description", site.element, hint='add description="…"')


@rule("INVALID_DEFAULT", on="Arg")
def required_without_default(site: Site, context: Context) -> None:
    """What: an argument with a default is not required.

    Why: the default would never be used.  Remedy: remove one of the two.
    """
    element = site.element
    attribute = element.get("required")
    if attribute is not None and attribute.value in (None, "true") and "default" in element.attributes:
        context.report(
            "INVALID_DEFAULT",
            "an argument that is required has no use for a default",
            element,
            attribute.span,
            hint="remove one of the two",
        )


@rule("UNKNOWN_EXTENSION", "NOT_AVAILABLE", on="Extension")
def extension_is_known(site: Site, context: Context) -> None:
    """What: an extension is one that the catalog lists and this version has.

    Why: a call to any other fails.  Remedy: correct the name; hand Python functions over with
    ``nexus.python`` for what is not available yet.
    """
    element = site.element
    attribute = element.get("name")
    if attribute is None:
        return
    name = attribute.value or ""
    entry = context.catalog.extension(name)
    foreign = context.catalog.foreign(name) if entry is None else None
    if foreign is not None:
        context.report(
            "UNKNOWN_EXTENSION",
            f"the extension {short(name)!r} cannot be used: {foreign.problem}",
            element,
            attribute.value_span,
            hint="update that package, or remove the extension",
        )
    elif entry is None:
        known = (*context.catalog.extensions, *foreign_names())
        near = f"nexus.{name}" if f"nexus.{name}" in known else context.nearest(name, known)
        context.report(
            "UNKNOWN_EXTENSION",
            f"unknown extension {short(name)!r}" + (f"; did you mean {near!r}?" if near else ""),
            element,
            attribute.value_span,
            hint="" if near else f"extensions are {', '.join(known)}",
            fix=context.corrected(attribute.value_span, name, near),
        )
    elif not entry.available:
        context.report(
            "NOT_AVAILABLE",
            f"the extension {name!r} is known but not available in this version; calls to it fail",
            element,
            attribute.value_span,
            hint="hand over a Python function and call it through nexus.python",
            severity=Severity.WARNING,
        )


@rule("DUPLICATE_EXTENSION_ALIAS", "INVALID_IDENTIFIER", on="NexusPanel")
def aliases_once(site: Site, context: Context) -> None:
    """What: each extension has an alias of its own, by default the last segment of its name.

    Why: ``$ext.alias`` must mean one extension.  Remedy: give one of them ``alias="…"``.
    """
    seen: dict[str, int] = {}
    for element in context.outline.extensions:
        alias = alias_of(element)
        written = element.get("alias") or element.get("name")
        if not alias or written is None:
            continue
        if alias in seen:
            context.report(
                "DUPLICATE_EXTENSION_ALIAS",
                f"the alias {short(alias)!r} is used twice; first in line {seen[alias]}",
                element,
                written.value_span,
                hint='give one of them another alias="…"',
            )
        else:
            seen[alias] = element.span.line
        known = context.catalog.extension(element.text("name")) is not None
        if known and "alias" not in element.attributes and (problem := identifier_problem(alias)):
            context.report("INVALID_IDENTIFIER", f"the alias {short(alias)!r} {problem}", element, written.value_span, hint='add alias="…"')


@rule("UNKNOWN_ATTRIBUTE", "INVALID_ATTRIBUTE", "DANGEROUS_CAPABILITY", on="Extension")
def extension_options(site: Site, context: Context) -> None:
    """What: an extension's options are those its declaration lists; wide ones are pointed out.

    Why: an unknown option would be taken for a protection that is not there, and a person should look
    twice at one that opens everything.  Remedy: correct the option; name what is needed and no more.
    """
    element = site.element
    entry = context.catalog.extension(element.text("name"))
    if entry is None:
        return
    options = {o.name: o for o in entry.options}
    for name, attribute in element.attributes.items():
        if name in ("name", "alias", "reason"):
            continue
        option = options.get(name)
        if option is None:
            report_unknown(context, element, attribute, [*options, "alias", "reason"])
            continue
        text = attribute.value or ""
        try:
            if attribute.value is None and option.type != "boolean":
                raise ValueError("needs a value")
            if option.type == "number":
                number(text)
            elif option.type == "boolean" and attribute.value is not None:
                boolean(text)
            elif option.type == "duration":
                more_than_zero(duration(text))
            elif option.type == "enum" and text not in option.enum:
                raise ValueError(f"must be one of {', '.join(option.enum)}")
        except ValueError as error:
            context.report("INVALID_ATTRIBUTE", f"the value {shown(attribute)} of {name!r} {error}", element, attribute.value_span)
            continue
        given = names(text) if option.type == "list" else (text,)
        for value in given:
            if value in option.dangerous or (option.type == "list" and "*" in value and "*" in option.dangerous):
                context.report(
                    "DANGEROUS_CAPABILITY",
                    f"{name}={short(value)!r} lets the panel do more than it may need",
                    element,
                    attribute.value_span,
                    hint="name what is needed and no more",
                )


@rule("DANGEROUS_CAPABILITY", on="Handler")
def handler_capabilities(site: Site, context: Context) -> None:
    """What: capabilities that write, delete or run are pointed out.

    Why: a person should look twice before granting them.  Remedy: narrow them, or leave the warning.
    """
    element: Element = site.element
    attribute = element.get("capabilities")
    if attribute is None or not attribute.value:
        return
    known = context.known_capabilities
    for name in names(attribute.value):
        if name in known and known[name].dangerous:
            context.report(
                "DANGEROUS_CAPABILITY",
                f"the handler may use {name}: {known[name].description[:1].lower()}{known[name].description[1:].rstrip('.')}",
                element,
                attribute.value_span,
                hint="make sure that it must",
            )


@rule("NOT_AVAILABLE", on="Handler")
def memory_of_its_own(site: Site, context: Context) -> None:
    """What: this version has one memory limit for a panel, whatever a handler's ``memory`` says.

    Why: whoever wrote it relies on the smaller limit.  Remedy: none needed; the attribute takes effect
    once a version supports it.
    """
    attribute = site.element.get("memory")
    if attribute is None:
        return
    try:
        size(attribute.value or "")
    except ValueError:
        return  # another rule says that it is no size
    context.report(
        "NOT_AVAILABLE",
        "memory is read but not held by this version",
        site.element,
        attribute.span,
        hint="the panel's memory limit holds for all its handlers",
    )
