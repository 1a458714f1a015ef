"""What a catalog entry says: components, their properties and events, extensions, and the names of the sandbox.

Entries are data.  What must hold between them is checked where the YAML is read (``checking``), so that
the generated file, which the program reads, needs no second look.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, JsonValue

if TYPE_CHECKING:
    from .foreign import Foreign

PropType = Literal[
    "string",
    "number",
    "integer",
    "boolean",
    "enum",
    "list",
    "object",
    "any",
    "duration",  # written `150ms` or `5s`; a number of milliseconds once read
    "style",  # CSS declarations from `Catalog.styles`
    "expression",
    "args",
    "identifier",
    "tool",
]
DetailType = Literal["string", "number", "boolean", "list", "object", "any"]
Group = Literal["layout", "control", "display", "input", "python"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PropEntry(_Entry):
    """One attribute of a component.

    ``resolved`` is false for what the reader or the guest uses up and the renderer never sees.
    ``min`` and ``max`` are inclusive and belong to numbers.  ``aliases``, of common attributes only,
    are other spellings that the reader takes and points out.
    """

    name: str
    type: PropType
    description: str
    enum: tuple[str, ...] = ()
    default: JsonValue = None
    required: bool = False
    aliases: tuple[str, ...] = ()
    min: float | None = None
    max: float | None = None
    resolved: bool = True


class EventEntry(_Entry):
    """One event of a component; ``detail`` is the shape of ``$event``."""

    name: str
    description: str
    detail: dict[str, DetailType] = {}


class ComponentEntry(_Entry):
    """One component.

    ``content`` is the property that text children go to, None when text is not allowed.
    ``children`` says whether elements may stand inside; ``only`` and ``within`` restrict which and where.
    ``bind`` is the type of value that a bound place holds, None when the component takes no ``bind``.
    ``main`` is the event that ``trigger`` stands for, None when there is none and ``trigger`` is never called.
    ``label`` lists the properties of which one must name the component for assistive technology;
    ``accessibility`` says in a sentence what assistive technology makes of it and what the author owes it.
    ``needs`` lists common attributes that are required here; of each group in ``one_of`` exactly one is.
    ``keeps_lines``: text children are dedented rather than collapsed.
    ``available`` is false for a component that the language knows and this version does not build.
    """

    name: str
    group: Group
    description: str
    available: bool
    props: tuple[PropEntry, ...] = ()
    events: tuple[EventEntry, ...] = ()
    content: str | None = None
    children: Literal["none", "components"] = "none"
    only: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    bind: DetailType | None = None
    main: str | None = None
    span: int
    label: tuple[str, ...] = ()
    accessibility: str = ""
    needs: tuple[str, ...] = ()
    one_of: tuple[tuple[str, ...], ...] = ()
    keeps_lines: bool = False
    example: str

    @property
    def bindable(self) -> bool:
        """Whether the component takes ``bind``."""
        return self.bind is not None

    @cached_property
    def prop_by_name(self) -> dict[str, PropEntry]:
        """The component's own properties; those of every component are ``Catalog.common``."""
        return {p.name: p for p in self.props}

    @cached_property
    def event_names(self) -> tuple[str, ...]:
        """The events that ``on:EVENT`` may name."""
        return tuple(e.name for e in self.events)


class CapabilityEntry(_Entry):
    """A right that an extension's methods use, named ``kind:verb``."""

    name: str
    description: str
    dangerous: bool = False


class MemberEntry(_Entry):
    """A member of an object that a method takes; ``type`` is that of its JSON.  None of them is required."""

    name: str
    type: DetailType
    description: str
    default: JsonValue = None


class ParameterEntry(_Entry):
    """A parameter of a method, in order; ``type`` is that of the JSON given.

    ``members`` are those that an object may have, when there are no others; none listed: any.
    """

    name: str
    type: DetailType
    description: str
    required: bool = True
    default: JsonValue = None
    members: tuple[MemberEntry, ...] = ()


class MethodEntry(_Entry):
    """A method of an extension, the capability that it uses and what its promise holds (``returns``)."""

    name: str
    capability: str
    description: str
    params: tuple[ParameterEntry, ...] = ()
    returns: str = ""
    example: str = ""

    @property
    def signature(self) -> str:
        """How a call is written: ``get(url, options?)``."""
        return f"{self.name}({', '.join(p.name if p.required else f'{p.name}?' for p in self.params)})"


CodePlace = Literal["handler", "expression", "args"]


class ApiMember(_Entry):
    """A member of a name that panel code finds: ``$view.getElementById``."""

    name: str
    signature: str
    description: str
    available: bool = True


class ApiEntry(_Entry):
    """A name that the sandbox gives to panel code (NXML 1.0, section 5): ``$state``, ``$emit``, ``console``.

    ``places`` says where it exists: in handlers, in expressions, in ``args`` (which see what expressions see).
    """

    name: str
    signature: str
    description: str
    places: tuple[CodePlace, ...]
    members: tuple[ApiMember, ...] = ()
    example: str = ""
    available: bool = True


class OptionEntry(_Entry):
    """An attribute that an ``Extension`` element may carry; ``dangerous`` values are worth a warning."""

    name: str
    type: Literal["string", "list", "enum", "number", "boolean", "duration"]  # a duration is kept as it is written: `10s`
    description: str
    enum: tuple[str, ...] = ()
    default: JsonValue = None
    dangerous: tuple[str, ...] = ()


class ExtensionEntry(_Entry):
    """An extension: what a panel may ask of the world outside its sandbox.

    ``dynamic``: its methods are whatever Python handed to the panel.  ``example`` declares it.
    """

    name: str
    available: bool
    description: str
    capabilities: tuple[CapabilityEntry, ...]
    methods: tuple[MethodEntry, ...]
    options: tuple[OptionEntry, ...]
    dynamic: bool = False
    example: str = ""


class Catalog(_Entry):
    """All components and extensions that the language knows, with what is common to components.

    ``api`` are the names of the sandbox, ``globals`` the standard ones of JavaScript that it has, ``forbidden``
    those that code written for pages or servers expects and that do not exist, each with what to use instead.
    """

    components: dict[str, ComponentEntry]
    extensions: dict[str, ExtensionEntry]
    common: dict[str, PropEntry]
    styles: tuple[str, ...]
    api: dict[str, ApiEntry] = {}
    globals: tuple[str, ...] = ()
    forbidden: dict[str, str] = {}

    @cached_property
    def capabilities(self) -> dict[str, CapabilityEntry]:
        """Every capability of every extension, by name."""
        return {c.name: c for e in self.extensions.values() for c in e.capabilities}

    def extension(self, name: str) -> ExtensionEntry | None:
        """An extension by its name: ours, else one of an installed package, which is loaded then; None when there is none."""
        entry = self.extensions.get(name)
        if entry is not None or not name:
            return entry
        found = self.foreign(name)
        return None if found is None else found.entry

    def foreign(self, name: str) -> Foreign | None:
        """What another package brings under ``name``, with what is wrong with it; None when nobody does or it is ours."""
        if name in self.extensions:
            return None
        from .foreign import foreign_extension

        return foreign_extension(name, self.capabilities)

    def capabilities_with(self, names: Iterable[str]) -> dict[str, CapabilityEntry]:
        """Every capability of ours and of the extensions of these names, by name."""
        foreign = [e for n in names if n not in self.extensions and (e := self.extension(n)) is not None]
        return {**self.capabilities, **{c.name: c for e in foreign for c in e.capabilities}} if foreign else self.capabilities

    @cached_property
    def aliases(self) -> dict[str, str]:
        """Other spellings of common attributes, to the preferred one."""
        return {alias: p.name for p in self.common.values() for alias in p.aliases}
