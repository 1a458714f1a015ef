"""Members that JavaScript gives to lists and texts, and the sandbox to frames: those that panels use most."""

from __future__ import annotations

from typing import NamedTuple


class ValueMember(NamedTuple):
    """A member of a value; ``writes``: it changes the value, so that only handlers may call it."""

    name: str
    signature: str
    description: str
    writes: bool = False


MEMBERS: dict[str, tuple[ValueMember, ...]] = {
    "list": (
        ValueMember("length", "number", "How many items there are."),
        ValueMember("map", "map(item => value)", "A new list with each item's value."),
        ValueMember("filter", "filter(item => condition)", "A new list of the items for which the condition holds."),
        ValueMember("find", "find(item => condition)", "The first item for which the condition holds, or undefined."),
        ValueMember("findIndex", "findIndex(item => condition)", "The position of that item, or -1."),
        ValueMember("some", "some(item => condition)", "Whether the condition holds for any item."),
        ValueMember("every", "every(item => condition)", "Whether the condition holds for all items."),
        ValueMember("includes", "includes(value)", "Whether the value is among the items."),
        ValueMember("indexOf", "indexOf(value)", "The value's first position, or -1."),
        ValueMember("reduce", "reduce((sum, item) => sum, first)", "One value made from all items."),
        ValueMember("slice", "slice(from, to)", "A new list of the items from one position up to another."),
        ValueMember("concat", "concat(list)", "A new list with another one behind."),
        ValueMember("join", "join(separator)", "The items as one text."),
        ValueMember("at", "at(position)", "The item at a position; -1 is the last."),
        ValueMember("toSorted", "toSorted((a, b) => number)", "A new list in order."),
        ValueMember("toReversed", "toReversed()", "A new list in reverse order."),
        ValueMember("push", "push(item)", "Puts an item at the end.", writes=True),
        ValueMember("pop", "pop()", "Takes the last item away.", writes=True),
        ValueMember("unshift", "unshift(item)", "Puts an item at the start.", writes=True),
        ValueMember("shift", "shift()", "Takes the first item away.", writes=True),
        ValueMember("splice", "splice(position, count, …items)", "Takes items away and puts others in their place.", writes=True),
        ValueMember("sort", "sort((a, b) => number)", "Puts the list itself in order.", writes=True),
        ValueMember("forEach", "forEach(item => …)", "Does something with each item.", writes=True),
    ),
    "string": (
        ValueMember("length", "number", "How many characters there are."),
        ValueMember("trim", "trim()", "The text without white space around it."),
        ValueMember("toUpperCase", "toUpperCase()", "The text in capitals."),
        ValueMember("toLowerCase", "toLowerCase()", "The text in small letters."),
        ValueMember("includes", "includes(text)", "Whether another text is in it."),
        ValueMember("startsWith", "startsWith(text)", "Whether it starts with another text."),
        ValueMember("endsWith", "endsWith(text)", "Whether it ends with another text."),
        ValueMember("slice", "slice(from, to)", "The part from one position up to another."),
        ValueMember("split", "split(separator)", "The parts between separators, as a list."),
        ValueMember("replaceAll", "replaceAll(text, other)", "The text with all of one part replaced."),
        ValueMember("padStart", "padStart(length, filler)", "The text, filled up at the start."),
    ),
    "number": (ValueMember("toFixed", "toFixed(digits)", "The number as text with so many decimals."),),
    "frame": (
        ValueMember("length", "number", "How many rows there are."),
        ValueMember("columns", "list", "The names of the columns."),
        ValueMember("slice", "slice(from, to)", "The rows from one position up to another, as a list of records."),
        ValueMember("column", "column(name)", "The values of one column, as a list."),
    ),
}
