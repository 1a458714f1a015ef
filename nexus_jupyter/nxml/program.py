"""The compiled form of a panel document: what a guest runs and a renderer's host needs to know.

A program is plain JSON.  Panel code in it is text, kept in one table (``code``) and referred to by
index; nothing but the engine inside the sandbox ever compiles it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ..diagnostics import Span

ValueType = Literal["string", "number", "boolean", "list", "object", "any", "frame"]
CodeIndex = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Code(_Part):
    """One piece of panel code.

    ``expression``: one JavaScript expression over ``$state``, ``$scope``, ``$event``.
    ``args``: the text of an ``args`` attribute, braces included; the guest's host applies the rule
    of NXML.md section 3 (object literal if it parses as one that is not a lone shorthand name, else
    the outer braces are interpolation).
    ``body``: the body of an async function (a handler).
    ``span`` is where ``source`` stands in the document, so that line *n* of ``source`` is line
    ``span.line + n - 1`` there.
    """

    kind: Literal["expression", "args", "body"]
    source: str
    span: Span


class LiteralProp(_Part):
    """A value known when the document was read."""

    kind: Literal["literal"] = "literal"
    value: JsonValue


class BindingProp(_Part):
    """One expression whose own value, type kept, is the property."""

    kind: Literal["binding"] = "binding"
    code: CodeIndex


class TextProp(_Part):
    """Text with expressions in it: strings and code indexes in order; the result is a string."""

    kind: Literal["text"] = "text"
    parts: tuple[str | CodeIndex, ...]


Prop = Annotated[LiteralProp | BindingProp | TextProp, Field(discriminator="kind")]


class Place(_Part):
    """A writable place: ``$state`` or ``$scope``, then names and computed keys in order."""

    root: Literal["$state", "$scope"]
    path: tuple[str | CodeIndex, ...]


class Trigger(_Part):
    """What an event does: call ``tool`` with the value of ``args`` (none: no arguments)."""

    tool: str
    args: CodeIndex | None = None


class ViewNode(_Part):
    """One element of the view.

    ``type`` is a component name, or ``If``, ``Else``, ``Iterate``, ``Empty``.  ``events`` maps an
    event name (``press`` for a component's ``trigger``) to what it does.
    ``key`` is an expression or, as a literal, the name of a property of the loop's item.
    """

    type: str
    span: Span
    props: dict[str, Prop] = {}
    bind: Place | None = None
    events: dict[str, Trigger] = {}
    key: Prop | None = None
    condition: CodeIndex | None = None
    items: CodeIndex | None = None
    item_name: str = "item"
    index_name: str | None = None
    children: tuple[ViewNode, ...] = ()


class StateDeclaration(_Part):
    """A declared state.  Either ``default`` is its first value, or ``default_code`` computes it."""

    name: str
    type: ValueType
    default: JsonValue = None
    default_code: CodeIndex | None = None
    description: str = ""
    min: float | None = None
    max: float | None = None
    step: float | None = None
    enum: tuple[JsonValue, ...] | None = None
    pattern: str | None = None
    persist: Literal["none", "notebook", "workspace"] = "none"
    span: Span


class ComputedDeclaration(_Part):
    """A derived value: an expression over other states and computed values."""

    name: str
    code: CodeIndex
    type: ValueType | None = None
    description: str = ""
    span: Span


class ArgDeclaration(_Part):
    """One argument of a tool; not required when it has a default.

    ``defaulted``: a default is written.  Then ``default``, which may be null, stands for an absent value; else an absent
    value stays absent.
    """

    name: str
    type: ValueType
    required: bool = True
    default: JsonValue = None
    defaulted: bool = False
    description: str = ""
    enum: tuple[JsonValue, ...] | None = None
    min: float | None = None
    max: float | None = None


class Handler(_Part):
    """A handler body and its limits.  ``timeout`` is wall time in seconds, ``memory`` bytes, None: default."""

    code: CodeIndex
    timeout: float | None = None
    memory: int | None = None
    capabilities: tuple[str, ...] | None = None
    atomic: bool = False


class ToolDeclaration(_Part):
    """A callable of the panel, for its view, for Python and for AI."""

    name: str
    handler: Handler
    args: tuple[ArgDeclaration, ...] = ()
    description: str = ""
    icon: str | None = None
    confirm: str | None = None
    concurrency: Literal["queue", "latest", "drop", "parallel"] = "queue"
    ai: Literal["ask", "allow", "deny"] = "ask"
    span: Span


class LifecycleDeclaration(_Part):
    """A handler that a moment in the panel's life starts.  ``every`` and ``debounce`` are seconds."""

    on: Literal["mount", "unmount", "interval", "change", "error"]
    handler: Handler
    every: float | None = None
    of: tuple[str, ...] = ()
    debounce: float | None = None
    when_hidden: Literal["pause", "run"] = "run"
    span: Span


class ExtensionDeclaration(_Part):
    """A declared use of an extension; grants nothing by itself."""

    name: str
    alias: str
    reason: str = ""
    options: dict[str, JsonValue] = {}
    span: Span


class Program(_Part):
    """A whole panel, ready to be loaded into a guest."""

    nxml: Literal["1.0"] = "1.0"
    id: str | None = None
    title: str = ""
    version: str = ""
    description: str = ""
    states: tuple[StateDeclaration, ...] = ()
    computed: tuple[ComputedDeclaration, ...] = ()
    extensions: tuple[ExtensionDeclaration, ...] = ()
    tools: tuple[ToolDeclaration, ...] = ()
    lifecycle: tuple[LifecycleDeclaration, ...] = ()
    view: ViewNode | None = None
    code: tuple[Code, ...] = ()

    @property
    def hook_names(self) -> tuple[str, ...]:
        """What the lifecycle hooks are called, in order: by their moment, the second of one moment ``lifecycle change 2``."""
        seen: dict[str, int] = {}
        out = []
        for hook in self.lifecycle:
            nth = seen[hook.on] = seen.get(hook.on, 0) + 1
            out.append(f"lifecycle {hook.on}" if nth == 1 else f"lifecycle {hook.on} {nth}")
        return tuple(out)

    def tool(self, name: str) -> ToolDeclaration | None:
        """The tool called ``name``, or None."""
        return next((t for t in self.tools if t.name == name), None)

    def state(self, name: str) -> StateDeclaration | None:
        """The state called ``name``, or None."""
        return next((s for s in self.states if s.name == name), None)
