"""What may stand at a cursor in code: the panel's names, the sandbox's, and the variables around."""

from __future__ import annotations

from ..catalog import ApiEntry, ApiMember, MethodEntry, catalog
from ..catalog.model import CodePlace
from ..diagnostics import LineIndex
from .completion_declared import argument, state, tool
from .completion_item import NOT_BUILT, Completion, code, example, item, listed, said
from .cursor import CodeKind, Cursor
from .cursor_code import CodeAt
from .cursor_names import Declared
from .cursor_shapes import fields, kind_of, loop_shapes, shape
from .elements import LIFECYCLE_ARGS
from .javascript_members import MEMBERS
from .values import identifier_problem

_PLACES: dict[CodeKind, CodePlace] = {"body": "handler", "args": "args"}


def names_in_code(cursor: Cursor, at: CodeAt, lines: LineIndex, everything: bool) -> list[Completion]:
    """What ``at.word`` may be; with ``everything`` also what exists and cannot be used here."""
    place = _PLACES.get(cursor.code, "expression")
    if at.receiver is None:
        return []
    if not at.receiver:
        return _free(cursor, at, place, everything)
    root = at.receiver[0]
    entry = catalog().api.get(root)
    if root in at.locals or entry is None or place not in entry.places:
        return []
    found = _members(cursor, at.receiver, lines, entry, everything)
    return found if found is not None else _of_value(cursor, at.receiver, place)


def _free(cursor: Cursor, at: CodeAt, place: CodePlace, everything: bool) -> list[Completion]:
    """Names that need no dot."""
    known = catalog()
    variables = [item(n, "variable", "local variable") for n in at.locals]
    keys = _keys(cursor, at)
    if keys and at.key:
        return [*keys, *variables]
    if cursor.code == "place":
        states = [state(s) for s in cursor.names.states.values() if s.element == "State"]
        places = [_rooted("$state", s) for s in states] + [_rooted("$scope", v) for v in _loop_variables(cursor)]
        roots = known.api if everything else ("$state", "$scope") if cursor.loops else ("$state",)
        return [*places, *(_api(known.api[n]) for n in roots)]
    names = [_api(e) for e in known.api.values() if everything or (e.available and place in e.places)]
    if not everything and not cursor.loops:
        names = [n for n in names if n.label != "$scope"]
    out = [*keys, *variables, *names, *(item(n, "global", "JavaScript") for n in known.globals)]
    if everything:
        out += [Completion(n, "unavailable", n, "does not exist here", f"Instead: {advice}.") for n, advice in known.forbidden.items()]
    shadowed = set(at.locals)
    return [i for i in out if i.kind == "variable" or i.label not in shadowed]


def _rooted(root: str, found: Completion) -> Completion:
    label = f"{root}.{found.label}"
    return Completion(label, found.kind, label, found.detail, found.documentation)


def _keys(cursor: Cursor, at: CodeAt) -> list[Completion]:
    """The arguments that an object of arguments may name."""
    called = None
    if at.key == () and cursor.code == "args":
        called = next(
            (cursor.names.tools.get(v.strip()) for n, v in cursor.attributes.items() if n == "trigger" or n.startswith("on:")), None
        )
    elif at.key is not None and len(at.key) == 2 and at.key[0] == "$tools" and cursor.code == "body":
        called = cursor.names.tools.get(at.key[1])
    return [argument(a) for a in called.arguments if a.name not in at.keys] if called else []


def _members(cursor: Cursor, receiver: tuple[str, ...], lines: LineIndex, entry: ApiEntry, everything: bool) -> list[Completion] | None:
    """What stands after the dot of a name of the sandbox; None when it is an ordinary value."""
    names, root = cursor.names, receiver[0]
    if receiver == ("$state",):
        found = [s for s in names.states.values() if everything or cursor.code != "place" or s.element == "State"]
        return [state(s, lines.place(s.start)[0]) for s in found]
    if receiver == ("$scope",):
        return _loop_variables(cursor)
    if receiver == ("$args",):
        given = [item(n, "argument", *said_of) for n, said_of in LIFECYCLE_ARGS.get(cursor.moment, {}).items()]
        return [argument(a) for a in cursor.tool.arguments] if cursor.tool else given
    if receiver == ("$tools",):
        return [tool(t, lines.place(t.start)[0]) for t in names.tools.values()]
    if receiver == ("$event",):
        return _details(cursor)
    if receiver == ("$ext",):
        return [_extension(alias, declared, lines) for alias, declared in names.extensions.items()]
    if root == "$ext" and len(receiver) == 2:
        alias_of = names.extensions.get(receiver[1])
        extension = catalog().extension(alias_of.attributes.get("name", "").strip()) if alias_of else None
        return [_method(m) for m in extension.methods] if extension else []
    if len(receiver) == 1:
        return [_member(root, m) for m in entry.members if m.available or everything]
    return None


def _loop_variables(cursor: Cursor) -> list[Completion]:
    """The variables of the loops around, inner ones first; an inner one hides an outer one of its name."""
    shapes = loop_shapes(cursor)
    found: dict[str, Completion] = {}
    for loop in reversed(cursor.loops):
        over = f"One of {code(loop.items)}." if loop.items else "What the loop goes over is not said yet."
        value = shapes.get(loop.variable)
        detail = "loop variable" if value is None else kind_of(value)
        found.setdefault(loop.variable, item(loop.variable, "variable", detail, over))
        if loop.index:
            found.setdefault(loop.index, item(loop.index, "variable", "number", f"Position in {code(loop.items)}, from 0."))
    return [v for v in found.values() if not identifier_problem(v.label)]


def _details(cursor: Cursor) -> list[Completion]:
    """The members of ``$event``: those of the component's main event, and of the events that the tag names."""
    entry = catalog().components.get(cursor.element)
    if entry is None:
        return []
    named = {n[3:] for n in cursor.attributes if n.startswith("on:")}
    if "trigger" in cursor.attributes or not named:
        named.add(entry.main or "")
    found = [(n, t, e) for e in entry.events if e.name in named for n, t in e.detail.items()]
    return [item(n, "field", t, f"Of the event `{e.name}`: {e.description}") for n, t, e in found]


def _of_value(cursor: Cursor, receiver: tuple[str, ...], place: CodePlace) -> list[Completion]:
    """The members of a value: its fields as its default shows them, and what its type has."""
    value = shape(receiver, cursor, loop_shapes(cursor))
    kind = kind_of(value)
    declared = cursor.names.states.get(receiver[1])
    if value is None and receiver[0] == "$state" and len(receiver) == 2 and declared is not None:
        kind = declared.type
    members = [m for m in MEMBERS.get(kind, ()) if place == "handler" or not m.writes]
    named = [f for f in fields(value) if f.label.replace("$", "_").isidentifier()]
    return [*named, *(item(m.name, "method", m.signature, m.description) for m in members)]


def _api(entry: ApiEntry) -> Completion:
    built = "" if entry.available else NOT_BUILT
    return item(entry.name, "name", entry.signature, entry.description, built, example(entry.example))


def _extension(alias: str, declared: Declared, lines: LineIndex) -> Completion:
    """An extension by its alias."""
    name = declared.attributes.get("name", "").strip()
    entry = catalog().extension(name)
    about = entry.description if entry else ""
    return item(alias, "extension", said(name), about, f"Declared in line {lines.place(declared.start)[0]}.")


def _member(root: str, member: ApiMember) -> Completion:
    built = "" if member.available else NOT_BUILT
    return item(member.name, "method", f"{root}.{member.signature}", member.description, built)


def _method(entry: MethodEntry) -> Completion:
    """A method of an extension; what it gives is a promise."""
    lines = []
    for each in entry.params:
        members = f" Members: {', '.join(f'`{m.name}`' for m in each.members)}." if each.members else ""
        lines.append(f"`{each.name}` ({each.type}{'' if each.required else ', optional'}): {each.description}{members}")
    gives = f"Gives a promise: {entry.returns}" if entry.returns else "Gives a promise."
    needs = f"Needs the capability `{entry.capability}`."
    return item(entry.name, "method", entry.signature, entry.description, listed(lines), gives, needs, example(entry.example))
