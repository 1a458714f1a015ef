"""A panel's history as Python sees it: its last revisions, and why a value is as it is."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

from ..diagnostics import visible
from ..errors import StateError
from .mailbox import mailbox
from .names import nearest
from .patch import parse_pointer
from .paths import back
from .revisions import Action, Entry, Revisions
from .state import brief

if TYPE_CHECKING:
    from ..nxml.analysis import Analysis
    from .runtime import Runtime

# So many lines are shown of a long history.
_SHOWN = 50


class History(Sequence[Entry]):
    """The last revisions of a panel, the oldest first; ``history[-1]`` is the present one.

    How many are kept is limited (``history`` and ``history_bytes`` of the limits).  It goes on while it is read: take
    ``tuple(panel.history)`` of what it is now.
    """

    def __init__(self, runtime: Runtime, revisions: Revisions, analysis: Callable[[], Analysis]) -> None:
        self._runtime = runtime
        self._revisions = revisions
        self._analysis = analysis

    @overload
    def __getitem__(self, index: int) -> Entry: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...

    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        return self._revisions.entries[index]

    def __len__(self) -> int:
        return len(self._revisions)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._revisions.entries)

    def why(self, path: str) -> Explanation:
        """The revisions that made a value what it is, the newest first, back to the one that set all of it.

        ``path`` is a state or a computed value, or the way to a part of a state: ``"count"``, ``"rows/3/done"`` (a key
        that has a slash in it is written with ``~1``, as in a JSON Pointer).  A part of a list is followed to where it stood
        before.  What was undone is left out.

        Raises StateError: there is no such value now.
        """
        tokens = parse_pointer(path if path.startswith("/") else f"/{path}")
        runtime = self._runtime
        name = tokens[0]
        if name in runtime.state:
            value, lists = _find(runtime.state, tokens, path)
            entries, begun = self._made(tokens, lists)
            return Explanation(path, value, (), entries, "" if begun else self._before())
        if len(tokens) == 1 and any(c.name == name for c in runtime.program.computed):
            return self._computed(name)
        known = [*runtime.state, *(c.name for c in runtime.program.computed)]
        raise StateError(f"the panel has no state or computed value {name!r}.", hint=nearest(name, known))

    def _computed(self, name: str) -> Explanation:
        value = mailbox.wait(self._runtime.read(name))
        reads = self._reads(name)
        found: dict[int, Entry] = {}
        begun = True
        for state in reads:
            entries, set_by_one = self._made((state,), (False,))
            begun = begun and set_by_one
            found.update((entry.rev, entry) for entry in entries)
        entries = tuple(found[rev] for rev in sorted(found, reverse=True))
        return Explanation(name, value, reads, entries, "" if begun else self._before())

    def _reads(self, name: str) -> tuple[str, ...]:
        """The states that a computed value is made of, by way of others, too."""
        analysis = self._analysis()
        states = self._runtime.state
        reads: dict[str, None] = {}
        todo, seen = [name], {name}
        while todo:
            facts = analysis.computed.get(todo.pop())
            if facts is None:
                continue
            for read in states if facts.reads_all else facts.reads:
                if read in states:
                    reads[read] = None
                elif read not in seen:
                    seen.add(read)
                    todo.append(read)
        return tuple(reads)

    def _made(self, place: tuple[str, ...], lists: tuple[bool, ...]) -> tuple[tuple[Entry, ...], bool]:
        """The revisions that made the value at ``place``, and whether the last of them set all of it."""
        found: list[Entry] = []
        for entry, action in reversed(list(self._revisions)):
            force = _force(entry, action)
            if force == "none":
                continue
            effects, before = _effects(entry, place, lists)
            if effects:
                found.append(entry)
            if force == "undone":
                continue  # what it took back is left out, so the value stood there before that
            if "sets" in effects:
                return tuple(found), True
            place = before
        return tuple(found), False

    def _before(self) -> str:
        entries = self._revisions.entries
        oldest = entries[0].rev if entries else self._runtime.rev + 1
        return "before that it is as the panel began" if oldest <= 1 else f"what came before revision {oldest} is no longer kept"

    def _lines(self) -> tuple[str, Iterable[Entry]]:
        entries = self._revisions.entries
        shown = entries[-_SHOWN:]
        more = f", the last {len(shown)}" if len(shown) < len(entries) else ""
        return f"{len(entries)} revision{'' if len(entries) == 1 else 's'}{more}:" if entries else "nothing has changed yet", shown

    def __repr__(self) -> str:
        head, entries = self._lines()
        return "\n".join([head, *(f"  {entry!r}" for entry in entries)])

    def _repr_html_(self) -> str:
        head, entries = self._lines()
        return _table(head, entries, "")


@dataclass(frozen=True, repr=False)
class Explanation(Sequence[Entry]):
    """Why a value is as it is: ``entries`` made it so, the newest first.

    ``reads`` are the states that a computed value is made of.  ``before`` says what was before the oldest of the entries,
    "" when that one set all of the value.
    """

    path: str
    value: Any
    reads: tuple[str, ...]
    entries: tuple[Entry, ...]
    before: str

    @overload
    def __getitem__(self, index: int) -> Entry: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Entry, ...]: ...

    def __getitem__(self, index: int | slice) -> Entry | tuple[Entry, ...]:
        return self.entries[index]

    def __len__(self) -> int:
        return len(self.entries)

    def _head(self) -> str:
        made = f", computed from {', '.join(self.reads)}" if self.reads else ""
        return visible(f"{self.path} is {brief(self.value)}{made}")

    def __repr__(self) -> str:
        return "\n".join([self._head(), *(f"  {entry!r}" for entry in self.entries), *([f"  {self.before}"] if self.before else [])])

    def _repr_html_(self) -> str:
        return _table(self._head(), self.entries, self.before)


def _force(entry: Entry, action: Action) -> str:
    """How a revision counts: ``full``, ``undone`` (it took something back), or ``none``: it was taken back."""
    if entry not in action.changes:
        return "none"
    return "undone" if action.undone else "full"


def _effects(entry: Entry, place: tuple[str, ...], lists: tuple[bool, ...]) -> tuple[set[str], tuple[str, ...]]:
    """What the operations of ``entry`` did to the value at ``place``, and where it stood before them."""
    effects: set[str] = set()
    for operation in reversed(entry.ops):
        effect, place = back(place, lists, operation)
        if effect != "none":
            effects.add(effect)
        if effect == "sets":
            break
    return effects, place


def _find(state: Any, tokens: tuple[str, ...], path: str) -> tuple[Any, tuple[bool, ...]]:
    """The value at ``tokens``, and which of them are indexes of lists."""
    value, lists = state, []
    for token in tokens:
        lists.append(isinstance(value, list))
        try:
            value = value[int(token)] if lists[-1] and token.isdigit() else value[token]
        except (KeyError, IndexError, TypeError, ValueError):
            raise StateError(f"there is no {path!r} in the panel's state now.", hint="Write it like 'rows/3/done'.") from None
    return value, tuple(lists)


def _table(head: str, entries: Iterable[Entry], foot: str) -> str:
    left = ' style="text-align:left"'
    names = "".join(f"<th{left}>{name}</th>" for name in ("revision", "what", "by", "when", "changed"))
    rows = [
        "<tr>" + "".join(f"<td{left}>{html.escape(visible(cell))}</td>" for cell in _cells(entry)) + "</tr>" for entry in entries
    ]  # fmt: skip
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{''.join(rows)}</tbody></table>" if rows else ""
    below = f"<div>{html.escape(foot)}</div>" if foot else ""
    return f'<div class="nexus-history"><div>{html.escape(head)}</div>{table}{below}</div>'


def _cells(entry: Entry) -> tuple[str, ...]:
    return str(entry.rev), entry.what, entry.who, f"{entry.when:%Y-%m-%d %H:%M:%S}", ", ".join(entry.states)
