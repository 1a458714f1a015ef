"""From a panel's document to its part of the graph."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from pydantic import JsonValue

from ..nxml.analysis import Analysis, CodeFacts, CodeSite, analyse
from ..nxml.ast import Element, NexusPanelAST
from ..nxml.defaults import constraints, default_text
from ..nxml.elements import ELEMENTS
from ..nxml.nearest import short
from ..nxml.outline import Outline, alias_of, declared_type
from ..nxml.values import boolean, names
from ..protocol.graph import EntityType, GraphState, NOGEntity, NOGRelationship, RelationshipType

_LONGEST_ID = 1_200
_TEXT = 500
# A document that reads everything everywhere would relate everything to everything.
_MOST = 50_000
_LABELS = ("label", "title", "content", "ariaLabel", "placeholder")


def map_panel(panel_id: str, ast: NexusPanelAST, *, python_name: str = "", cell: str = "", title: str = "") -> GraphState:
    """The graph of one panel at revision 0: itself, its parts, its cell, its Python name, and how they relate.

    ``cell`` is the panel's cell (``cell-<id>``).  Ids depend on nothing but the arguments, so that the same document
    gives the same graph.  A panel contains its states, computed values, tools, lifecycle hooks, extensions and the
    components at the top of its view, which contain the others.  Works for any document; of one with errors it maps
    what it can.  No values of states appear, only what the document declares.
    """
    return _Map(panel_id, ast, analyse(ast)).state(python_name, cell, title)


class _Map:
    def __init__(self, panel_id: str, ast: NexusPanelAST, analysis: Analysis) -> None:
        self._name = _clean(panel_id, 1024) or "panel"
        self._ast = ast
        self._analysis = analysis
        self._outline = Outline(ast)
        self._entities: dict[str, NOGEntity] = {}
        # by source, type and target, so that the same is said once; properties gather what says it
        self._related: dict[tuple[str, RelationshipType, str], dict[str, JsonValue]] = {}
        self._states: dict[str, str] = {}
        self._computed: dict[str, str] = {}
        self._tools: dict[str, str] = {}
        self._extensions: dict[str, str] = {}
        self._complete = True
        self.panel = _id("panel", self._name)

    def state(self, python_name: str, cell: str, title: str) -> GraphState:
        root = self._ast.panel
        self._surroundings(python_name, cell)
        self._add("panel", self.panel, title or (root.text("title") if root is not None else "") or self._name, self._about_panel(root))
        parts = [(element, self._data(element)) for element in (*self._outline.states, *self._outline.computed)]
        parts += [(element, self._extension(element)) for element in self._outline.extensions]
        parts += [(element, self._tool(element)) for element in self._outline.tools]
        parts += [(element, self._hook(number, element)) for number, element in enumerate(self._outline.lifecycles, start=1)]
        for _, id in parts:
            if id:
                self._relate(self.panel, "contains", id)
        for element, id in parts:
            for site in self._analysis.of(element.id) if id else ():
                self._code(id, site)
        for extension in self._extensions.values():
            self._relate(self.panel, "uses", extension)
        self._view()
        if not self._complete:
            panel = self._entities[self.panel]
            self._entities[self.panel] = panel.model_copy(update={"properties": {**panel.properties, "truncated": True}})
        return GraphState(
            revision=0,
            entities=tuple(self._entities.values()),
            relationships=tuple(
                NOGRelationship(id=f"{source} {type} {target}", type=type, source=source, target=target, properties=properties)
                for (source, type, target), properties in self._related.items()
            ),
        )

    # --- building --------------------------------------------------------------------------------

    def _add(self, type: EntityType, id: str, name: str, properties: dict[str, JsonValue]) -> str:
        """Adds an entity; the first of an id stays."""
        if id not in self._entities:
            kept = {key: value for key, value in properties.items() if value not in ("", None, [], {})}
            self._entities[id] = NOGEntity(id=id, type=type, name=_clean(name, 200), properties=kept)
        return id

    def _relate(self, source: str, type: RelationshipType, target: str, key: str = "", value: str = "") -> None:
        at = (source, type, target)
        properties = self._related.get(at)
        if properties is None:
            if len(self._related) >= _MOST:
                self._complete = False
                return
            properties = self._related[at] = {}
        if key:
            listed = properties.setdefault(key, [])
            if isinstance(listed, list) and value not in listed and len(listed) < 20:
                listed.append(_clean(value, 100))

    def _surroundings(self, python_name: str, cell: str) -> None:
        notebook = self._add("notebook", "notebook", "notebook", {})
        if cell:
            cell = _clean(cell.removeprefix("cell-"), 200)
            inside = self._add("cell", _id("cell", cell), cell, {})
            self._relate(notebook, "contains", inside)
            self._relate(inside, "contains", self.panel)
        else:
            self._relate(notebook, "contains", self.panel)
        if python_name:
            self._relate(self._add("python_name", _id("python", _clean(python_name, 200)), python_name, {}), "binds", self.panel)

    # --- data and logic --------------------------------------------------------------------------

    def _about_panel(self, root: Element | None) -> dict[str, JsonValue]:
        if root is None:
            return {}
        about: dict[str, JsonValue] = {name: _text(root.text(name)) for name in ("title", "description", "version", "author")}
        return {
            "panel": self._name,
            **about,
            "tags": [_text(tag) for tag in names(root.text("tags"))],
            "has_view": self._outline.view is not None,
        }

    def _data(self, element: Element) -> str:
        name = element.text("name")
        if not name or name in self._states or name in self._computed:
            return ""
        about: dict[str, JsonValue] = {
            "type": declared_type(element),
            "description": _text(element.text("description")),
            "line": element.span.line,
        }
        if element.name == "Computed":
            attribute, raw = element.get("value"), element.raw
            about["expression"] = _text(raw.text if attribute is None and raw is not None else element.text("value"))
            self._computed[name] = id = _id("computed", self._name, name)
            return self._add("computed", id, name, about)
        written = default_text(element)
        about["default"] = None if written is None else _text(written[0])
        for key in ("min", "max", "step", "enum", "pattern", "persist"):
            about[key] = _text(element.text(key))
        self._states[name] = id = _id("state", self._name, name)
        return self._add("state", id, name, about)

    def _extension(self, element: Element) -> str:
        alias = alias_of(element)
        if not alias or alias in self._extensions:
            return ""
        options: dict[str, JsonValue] = {
            _clean(name, 100): _text(attribute.value or "true")
            for name, attribute in element.attributes.items()
            if name not in ("name", "alias", "reason")
        }
        self._extensions[alias] = id = _id("extension", self._name, alias)
        about: dict[str, JsonValue] = {
            "extension": _text(element.text("name")),
            "alias": _clean(alias, 100),
            "reason": _text(element.text("reason")),
            "options": options,
            "line": element.span.line,
        }
        return self._add("extension", id, alias, about)

    def _tool(self, element: Element) -> str:
        name = element.text("name")
        if not name or name in self._tools:
            return ""
        about: dict[str, JsonValue] = {
            "description": _text(element.text("description")),
            "args": [_argument(a) for a in element.elements("Arg")],
        }
        for key in ("confirm", "concurrency", "ai"):
            about[key] = _text(element.text(key))
        self._tools[name] = id = _id("tool", self._name, name)
        return self._add("tool", id, name, {**about, **self._handler(element)})

    def _hook(self, number: int, element: Element) -> str:
        moment = element.text("on")
        about: dict[str, JsonValue] = {key: _text(element.text(key)) for key in ("on", "every", "of", "debounce", "whenHidden")}
        name = " ".join(part for part in (moment, element.text("every") if moment == "interval" else element.text("of")) if part)
        return self._add("lifecycle", _id("lifecycle", self._name, str(number)), name or "lifecycle", {**about, **self._handler(element)})

    def _handler(self, element: Element) -> dict[str, JsonValue]:
        about: dict[str, JsonValue] = {"line": element.span.line}
        handler = next(element.elements("Handler"), None)
        if handler is None:
            return about
        for key in ("timeout", "memory", "capabilities", "atomic"):
            if handler.get(key) is not None:
                about[key] = _text(handler.text(key, "true"))
        raw = handler.raw
        about["handler_line"] = handler.span.line if raw is None else raw.span.line
        for site in self._analysis.of(element.id):
            about["awaits"] = site.facts.awaits or None
            about["broken"] = site.facts.broken or None
        return about

    # --- what code does --------------------------------------------------------------------------

    def _code(self, id: str, site: CodeSite) -> None:
        facts = site.facts
        element = self._ast.element(site.element)
        if element.name == "Lifecycle":
            for name in names(element.text("of")) if element.text("on") == "change" else ():
                self._reads(id, (name,), "watches")
        self._reads(id, self._read(facts), site.attribute)
        if element.name == "Computed":
            for name in self._read(facts):
                source = self._states.get(name) or self._computed.get(name)
                if source is not None:
                    self._relate(source, "computes", id)
        if site.kind != "handler":
            return
        for name in self._states if facts.writes_all else facts.writes:
            if name in self._states:
                self._relate(id, "writes", self._states[name])
        for name in self._tools if facts.tools_all else facts.tools:
            if name in self._tools:
                self._relate(id, "calls", self._tools[name])
        for alias in self._extensions if facts.extensions_all else ():
            self._relate(id, "uses", self._extensions[alias])
        for alias, method in facts.extensions:
            if alias in self._extensions:
                self._relate(id, "uses", self._extensions[alias], "methods" if method else "", method)

    def _read(self, facts: CodeFacts) -> Iterable[str]:
        return (*self._states, *self._computed) if facts.reads_all else facts.reads

    def _reads(self, id: str, read: Iterable[str], where: str) -> None:
        for name in read:
            target = self._states.get(name) or self._computed.get(name)
            if target is not None:
                self._relate(id, "reads", target, "in" if where else "", where)

    # --- view ------------------------------------------------------------------------------------

    def _view(self) -> None:
        view = self._outline.view
        todo: list[tuple[Element, str]] = [] if view is None else [(e, self.panel) for e in view.elements()][::-1]
        taken: set[str] = set()
        while todo:
            element, parent = todo.pop()
            if element.name in ELEMENTS:
                continue
            children = [e for e in element.elements() if e.name not in ELEMENTS]
            calls = _events(element)
            sites = self._analysis.of(element.id)
            own = element.get("id")
            own_id = own.value or "" if own is not None and not any(not isinstance(p, str) for p in own.parts) else ""
            if not (children or calls or sites or own is not None):
                continue
            part = own_id if own_id and own_id not in taken else self._ast.path(element.id)
            taken.add(own_id)
            id = _id("component", self._name, part)
            if id in self._entities:  # an id of the author's that looks like a path
                id = _id("component", self._name, f"{self._ast.path(element.id)}#{element.id}")
            self._component(id, element, own_id, calls, sites)
            self._relate(parent, "contains", id)
            todo.extend((child, id) for child in reversed(children))

    def _component(self, id: str, element: Element, own_id: str, calls: list[tuple[str, str]], sites: tuple[CodeSite, ...]) -> None:
        label = _label(element)
        bind = element.get("bind")
        about: dict[str, JsonValue] = {
            "component": _clean(element.name, 100),
            "id": _text(own_id),
            "label": _text(label),
            "bind": None if bind is None else _text(bind.value or ""),
            "events": {_clean(event, 100): _clean(tool, 100) for event, tool in calls[:20]},
            "line": element.span.line,
        }
        self._add("component", id, label or own_id or element.name, about)
        for event, tool in calls:
            if tool in self._tools:
                self._relate(id, "triggers", self._tools[tool], "events", event)
        for site in sites:
            held: tuple[str, ...] = ()
            if site.kind == "bind":
                held = tuple(name for name in site.held if name in self._states)
                for name in held:
                    self._relate(id, "binds", self._states[name])
            read = dict.fromkeys((*self._read(site.facts), *site.through))
            self._reads(id, (name for name in read if name not in held), site.attribute or "text")


def _events(element: Element) -> list[tuple[str, str]]:
    out = [(name[3:], (a.value or "").strip()) for name, a in element.attributes.items() if name.startswith("on:")]
    trigger = element.get("trigger")
    if trigger is not None:
        out.append(("press", (trigger.value or "").strip()))
    return out


def _label(element: Element) -> str:
    """What a reader of the view sees of it, if that is fixed."""
    for name in _LABELS:
        attribute = element.get(name)
        if attribute is not None and attribute.value:
            if all(isinstance(p, str) for p in attribute.parts):
                return "".join(p for p in attribute.parts if isinstance(p, str)).strip()
            return ""
    parts = [p for text in element.texts() for p in text.parts]
    return " ".join("".join(p for p in parts if isinstance(p, str)).split()) if all(isinstance(p, str) for p in parts) else ""


def _argument(element: Element) -> JsonValue:
    written, required = default_text(element), element.get("required")
    about: dict[str, JsonValue] = {"name": _clean(element.text("name"), 100), "type": constraints(element).type}
    try:
        about["required"] = written is None if required is None else required.value is None or boolean(required.value)
    except ValueError:
        about["required"] = True
    if written is not None:
        about["default"] = _text(written[0])
    if description := element.text("description"):
        about["description"] = _text(description)
    return about


def _text(text: str) -> str:
    return _clean(text, _TEXT)


def _clean(text: str, width: int) -> str:
    """``text`` cut, and without the half characters that no UTF-8 can carry."""
    return short(text, width).encode("utf-8", "replace").decode("utf-8")


def _id(kind: str, *parts: str) -> str:
    id = f"{kind}:{'/'.join(parts)}".encode("utf-8", "replace").decode("utf-8")
    if len(id) > _LONGEST_ID:
        id = f"{id[: _LONGEST_ID - 20]}~{hashlib.sha256(id.encode('utf-8')).hexdigest()[:16]}"
    return id
