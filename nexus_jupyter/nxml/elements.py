"""The elements outside the view: their attributes, in canonical order, and what may stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AttributeKind = Literal[
    "text", "identifier", "dotted", "type", "number", "boolean", "choice", "names", "duration", "size", "capabilities", "expression"
]


@dataclass(frozen=True, slots=True)
class AttributeRule:
    """What an attribute's value must be, and what it is for.

    ``choices`` are all values there are, for the kind ``choice`` and where another rule holds the value to them; ``unbuilt`` are
    those of them that this version reads without doing them.
    ``default`` is what stands for an absent attribute, as it would be written; "" when nothing does.
    ``example`` is a value as it is written between the quotes.
    ``available`` is false for what the language knows and this version reads without doing it.
    """

    name: str
    kind: AttributeKind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    unbuilt: tuple[str, ...] = ()
    description: str = ""
    default: str = ""
    example: str = ""
    available: bool = True


@dataclass(frozen=True, slots=True)
class ElementRule:
    """One element: its attributes, and the elements that may stand in it.

    ``text``: it holds raw text.  ``open``: further attributes are named elsewhere (an extension's options).
    ``example`` is the element with what it needs, as it stands in a document.
    ``available`` is false for what the language knows and this version reads without doing it.
    """

    name: str
    attributes: tuple[AttributeRule, ...] = ()
    children: tuple[str, ...] = ()
    text: bool = False
    open: bool = False
    description: str = ""
    example: str = ""
    available: bool = True

    def attribute(self, name: str) -> AttributeRule | None:
        """The rule of an attribute, or None."""
        return next((a for a in self.attributes if a.name == name), None)


def _text(name: str, description: str, example: str) -> AttributeRule:
    return AttributeRule(name, description=description, example=example)


def _name(description: str, example: str) -> AttributeRule:
    return AttributeRule("name", "identifier", required=True, description=description, example=example)


def _number(name: str, description: str, example: str) -> AttributeRule:
    return AttributeRule(name, "number", description=description, example=example)


_DESCRIPTION = _text("description", "What it is for; people and AI read it.", "Orders that are not sent yet")
_TYPE = AttributeRule("type", "type", required=True, description="Type of the value.", example="number")
_ENUM = AttributeRule("enum", "names", description="The values there are, separated by commas; any other is refused.", example="low, high")
_MIN = _number("min", "Smallest value of a number.", "0")
_MAX = _number("max", "Largest value of a number.", "100")

LIFECYCLES = ("mount", "unmount", "interval", "change", "error")

# What a hook finds in `$args`, by its moment; the others find nothing there.
LIFECYCLE_ARGS: dict[str, dict[str, tuple[str, str]]] = {
    "change": {"changed": ("list", "The names of those in `of` that have changed.")},
    "error": {
        "source": ("string", "What failed: a tool's name, or a hook by its moment, such as `lifecycle interval`."),
        "error": ("object", "Its error: `code`, `name`, `message`, `hint`, `line`, `column`."),
    },
}

ELEMENTS: dict[str, ElementRule] = {
    rule.name: rule
    for rule in (
        ElementRule(
            "NexusPanel",
            (
                _text("id", "Identity of the panel in its notebook; else the name after `%%nxml`, else the cell's.", "orders"),
                _text("title", "Heading of the panel.", "Orders"),
                _text("version", "Version of the document, as its author counts.", "1.0.0"),
                _text("description", "What the panel is for; people and AI read it.", "Open orders of a day"),
                _text("author", "Who wrote it.", "Ada Lovelace"),
                AttributeRule("tags", "names", description="Words to find it by, separated by commas.", example="sales, daily"),
                _text("icon", "Name of an icon for lists of panels.", "table"),
            ),
            ("Data", "Logic", "View"),
            description="The document's one root: data, logic and view, each at most once. Without a view its tools still run.",
            example="""\
<NexusPanel title="Counter">
  <Data><State name="count" type="number" /></Data>
  <View><Text>Count: {$state.count}</Text></View>
</NexusPanel>""",
        ),
        ElementRule(
            "Data",
            (),
            ("State", "Computed"),
            description="What the panel holds and what follows from it.",
            example="""\
<Data>
  <State name="count" type="number" default="0" />
  <Computed name="double" value="$state.count * 2" />
</Data>""",
        ),
        ElementRule(
            "Logic",
            (),
            ("Extension", "Tool", "Lifecycle"),
            description="What the panel can do.",
            example="""\
<Logic>
  <Tool name="reset" description="Counts from the start">
    <Handler>$state.count = 0;</Handler>
  </Tool>
</Logic>""",
        ),
        ElementRule(
            "View",
            description="What is shown: one root component. Several are arranged by one `Layout`.",
            example="<View><Text>Count: {$state.count}</Text></View>",
        ),
        ElementRule(
            "State",
            (
                _name("Name by which code reads and writes it: `$state.name`.", "count"),
                _TYPE,
                _text("default", "First value: JSON of the type, or one `{expression}` that reads no state; text for a string.", "0"),
                _DESCRIPTION,
                _MIN,
                _MAX,
                _number("step", "Distance between values that a bound input offers.", "5"),
                _ENUM,
                _text("pattern", "Regular expression that the whole of a string must match.", "[A-Z]{3}"),
                AttributeRule(
                    "persist",
                    "choice",
                    choices=("none", "notebook", "workspace"),
                    unbuilt=("workspace",),
                    description="How long it lives: with the kernel, with the notebook, or shared by the workspace's notebooks "
                    "(`workspace` is not built yet).",
                    default="none",
                    example="notebook",
                ),
            ),
            text=True,
            description="A value that the panel holds. Type, enum, min, max and pattern hold at every commit. The default may be its text.",
            example='<State name="count" type="number" default="0" min="0" description="How often it was pressed" />',
        ),
        ElementRule(
            "Computed",
            (
                _name("Name by which code reads it: `$state.name`.", "total"),
                AttributeRule(
                    "value", "expression", description="The expression, here or as the element's text.", example="$state.count * 2"
                ),
                AttributeRule("type", "type", description="Type of the result.", default="any", example="number"),
                _DESCRIPTION,
            ),
            text=True,
            description="A value that follows from states and other computed values, kept up to date; it cannot be written.",
            example='<Computed name="total" value="$state.items.length" type="number" />',
        ),
        ElementRule(
            "Extension",
            (
                AttributeRule("name", "dotted", required=True, description="Name of the extension.", example="nexus.python"),
                AttributeRule(
                    "alias",
                    "identifier",
                    description="Name by which handlers call it, `$ext.alias`; else the last part of its name.",
                    example="py",
                ),
                _text("reason", "Why the panel needs it; shown to the person who grants it.", "Computes with pandas"),
            ),
            open=True,
            description="Declares that handlers may ask something of the world outside the sandbox. Its options are attributes, too.",
            example='<Extension name="nexus.python" alias="py" reason="Computes with pandas" />',
        ),
        ElementRule(
            "Tool",
            (
                _name("Name by which triggers, handlers, Python and AI call it.", "add"),
                _text("description", "What it does; people and AI choose tools by it.", "Adds to the count"),
                _text("icon", "Name of an icon for lists of tools.", "plus"),
                AttributeRule(
                    "confirm",
                    description="Question that a person who sets it off must answer with yes before it runs; Python is not asked.",
                    example="Delete all orders?",
                ),
                AttributeRule(
                    "concurrency",
                    "choice",
                    choices=("queue", "latest", "drop", "parallel"),
                    description="What a call does while another runs: wait, replace it, be dropped, or run beside it.",
                    default="queue",
                    example="latest",
                ),
                AttributeRule(
                    "ai",
                    "choice",
                    choices=("ask", "allow", "deny"),
                    description="Whether an AI may call it: after asking, without asking, or not at all.",
                    default="ask",
                    example="deny",
                ),
            ),
            ("Arg", "Handler"),
            description="Something that can be done: called by the view, by Python, by an AI or by another tool.",
            example="""\
<Tool name="add" description="Adds to the count">
  <Arg name="by" type="number" default="1" />
  <Handler>$state.count += $args.by;</Handler>
</Tool>""",
        ),
        ElementRule(
            "Arg",
            (
                _name("Name by which the handler reads it: `$args.name`.", "by"),
                _TYPE,
                AttributeRule(
                    "required",
                    "boolean",
                    description="Whether a call must give it; true, unless there is a default.",
                    default="true",
                    example="false",
                ),
                _text("default", "Value when a call does not give it; written as that of a State.", "1"),
                _DESCRIPTION,
                _ENUM,
                _MIN,
                _MAX,
            ),
            description="An argument of a tool, checked before the handler starts.",
            example='<Arg name="by" type="number" default="1" description="How much to add" />',
        ),
        ElementRule(
            "Handler",
            (
                AttributeRule("timeout", "duration", description="How long one call may take.", example="5s"),
                AttributeRule("memory", "size", description="How much memory it may use.", example="16MB", available=False),
                AttributeRule(
                    "capabilities",
                    "capabilities",
                    description="What its extension calls may use, separated by commas; else what the panel's extensions were granted.",
                    example="python:call",
                ),
                AttributeRule(
                    "atomic",
                    "boolean",
                    description="Whether the whole call is one transaction, which fails with CONFLICT when others changed what it used.",
                    default="false",
                    example="true",
                ),
            ),
            text=True,
            description="The body of an async JavaScript function, run in the sandbox. Each step of it is a transaction.",
            example="<Handler>$state.count += 1;</Handler>",
        ),
        # The lifecycle rule checks these values, so that INVALID_LIFECYCLE stands alone.
        ElementRule(
            "Lifecycle",
            (
                AttributeRule(
                    "on",
                    required=True,
                    choices=LIFECYCLES,
                    description=(
                        "The moment at which it runs: when the panel is made or ends (at most one hook of each), every so often, after a "
                        "commit of anybody else that changed what it watches, or when a tool or another hook has failed."
                    ),
                    example="interval",
                ),
                _text(
                    "every",
                    "Time between two runs of `interval`, at least 100ms; one that would begin while another goes on is left out.",
                    "5s",
                ),
                _text("of", "States and computed values whose `change` it waits for, separated by commas.", "count, total"),
                _text("debounce", "Quiet time before a `change` counts; changes in it come as one.", "250ms"),
                AttributeRule(
                    "whenHidden",
                    choices=("pause", "run"),
                    description="What `interval` does while no page shows the panel where a person can see it: pause, or run.",
                    default="run",
                    example="pause",
                ),
            ),
            ("Handler",),
            description=(
                "Something that happens by itself, once for `mount` and `unmount`. `change` finds `$args.changed`, the names; "
                "`error` finds `$args.source` and `$args.error`."
            ),
            example="""\
<Lifecycle on="interval" every="5s" whenHidden="pause">
  <Handler>$state.count += 1;</Handler>
</Lifecycle>""",
        ),
    )
}
