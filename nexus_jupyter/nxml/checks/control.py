"""Conditions and loops."""

from __future__ import annotations

import re

from ..nearest import short
from ..segments import attribute_segments
from ..values import identifier_problem
from .rule import COMPONENT, Context, Site, rule

# Text that may stand in a template and in either kind of quotes as it is.
_PLAIN = re.compile(r"[\w .,:;/#@+*-]*")


@rule("MISPLACED_ELEMENT", on="If")
def else_is_last(site: Site, context: Context) -> None:
    """What: an ``If`` has at most one ``Else``, as its last child.

    Why: it reads as what happens otherwise.  Remedy: move it to the end, or merge the two.
    """
    children = list(site.element.elements())
    found = [e for e in children if e.name == "Else"]
    for extra in found[:-1]:
        context.report("MISPLACED_ELEMENT", "an <If> has one <Else>", extra, hint="merge the two")
    if found and children[-1].name != "Else":
        context.report("MISPLACED_ELEMENT", "<Else> is not the last child of its <If>", found[-1], hint="move it to the end")


@rule("MISPLACED_ELEMENT", on="Iterate")
def one_empty(site: Site, context: Context) -> None:
    """What: an ``Iterate`` has at most one ``Empty``.

    Why: it would be unclear which is shown.  Remedy: merge the two.
    """
    for extra in list(site.element.elements("Empty"))[1:]:
        context.report("MISPLACED_ELEMENT", "an <Iterate> has one <Empty>", extra, hint="merge the two")


@rule("MISSING_KEY", on="Iterate")
def loop_has_key(site: Site, context: Context) -> None:
    """What: a loop says what makes an item the same item.

    Why: without a key, what a person typed or opened stays at the position when items move.
    Remedy: add ``key="id"``, the name of a property, or ``key="{expression}"``.
    """
    if "key" not in site.element.attributes:
        item = short(site.element.text("as") or "item")
        hint = f'add key="id", a property of the items, or key="{{$scope.{item}}}" for plain values'
        context.report("MISSING_KEY", "<Iterate> has no key", site.element, hint=hint)


@rule("INVALID_ATTRIBUTE", on=COMPONENT)
def key_is_one(site: Site, context: Context) -> None:
    """What: a key is a name, or one expression in braces, not a text with expressions in it.

    Why: an unbraced ``key="row-{…}"`` would name a property that no item has.
    Remedy: make all of it one expression: ``key="{`row-${$scope.item.id}`}"``.
    """
    attribute = site.element.get("key")
    if attribute is None or attribute.mode != "plain" or not attribute.value:
        return
    span = attribute.value_span
    written = context.written(span)
    parts = attribute_segments(written, 0, len(written)).parts
    if all(isinstance(part, str) for part in parts):
        return
    pieces = [part if isinstance(part, str) else written[part.start : part.end].strip() for part in parts]
    whole = "".join(piece if isinstance(part, str) else f"${{{piece}}}" for part, piece in zip(parts, pieces, strict=True))
    plain = all(_PLAIN.fullmatch(part) if isinstance(part, str) else "`" not in piece for part, piece in zip(parts, pieces, strict=True))
    context.report(
        "INVALID_ATTRIBUTE",
        f"the value {short(attribute.value)!r} of 'key' mixes text and an expression",
        site.element,
        span,
        hint=f'write key="{{`{short(whole)}`}}"' if plain else "make all of it one {expression}",
        fix=context.rewritten(span, written, f"{{`{whole}`}}", "make it one expression") if plain else None,
    )


@rule("INVALID_IDENTIFIER", on="Iterate")
def loop_names(site: Site, context: Context) -> None:
    """What: ``as`` and ``index`` are JavaScript identifiers, and not the same one.

    Why: expressions read them as ``$scope.name``.  Remedy: choose another name.
    """
    element = site.element
    for name in ("as", "index"):
        attribute = element.get(name)
        if attribute is None:
            continue
        problem = identifier_problem(attribute.value or "")
        if not problem and name == "index" and attribute.value == element.text("as", "item"):
            problem = "names the item already"
        if problem:
            text = f"the name {short(attribute.value)!r}" if attribute.value else f"the attribute {name!r}"
            context.report("INVALID_IDENTIFIER", f"{text} {problem}", element, attribute.value_span, hint="choose another name")
