"""What a page would show: the view, what is being waited for, errors and toasts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue

from ..panel.wording import changed_by, formatted, to_text
from ..protocol import Closed, Confirm, Emitted, ErrorInfo, HookState, KernelMessage, Problem, Progress, Reject, Result, Snapshot, TreeNode
from .found import Found, walk

_LEVELS = ("info", "success", "warn", "error")


@dataclass(frozen=True)
class Toast:
    """A short message to the reader."""

    text: str
    level: str = "info"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class ScreenError:
    """An error as the page shows it: at a component, or above the view (``at`` is "" then).

    ``line`` and ``column`` point into the document, 0 when unknown.
    """

    message: str
    code: str = ""
    hint: str = ""
    at: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        place = f"{self.at}: " if self.at else ""
        return f"{place}{self.message}{f' {self.hint}' if self.hint else ''}"


@dataclass
class Doing:
    """Something a person did: event ``seq`` at ``node``; its errors are at the field if ``own``."""

    seq: int
    node: str
    at: str
    own: bool = False
    progress: str = ""


@dataclass
class Draft:
    """What was typed or ticked and not taken yet.  ``due``: when it is sent, in seconds of the test's clock; None when it was sent."""

    node: TreeNode
    value: str | bool
    due: float | None
    error: ErrorInfo | None = None
    seq: int = 0


@dataclass
class Screen:
    """One page's view of one panel.  On the test's thread only; ``take`` is given what the panel has said since."""

    zone: str
    snapshot: Snapshot
    doing: dict[int, Doing] = field(default_factory=dict)
    failed: dict[str, tuple[str, ErrorInfo]] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    folded: set[str] = field(default_factory=set)
    toasts: list[Toast] = field(default_factory=list)
    closed: str = ""
    questions: list[tuple[int, str]] = field(default_factory=list)
    unseen: list[ScreenError] = field(default_factory=list)

    # --- what the panel says ------------------------------------------------------------------------

    def take(self, message: KernelMessage, client: str) -> None:
        """Take note of a message."""
        if isinstance(message, (Result, Reject)) and message.client == client:
            self._ended(message.seq, message.error)
        elif isinstance(message, Progress) and message.client == client and message.seq in self.doing:
            share = f"{round(100 * message.done / message.total)}%" if message.total else ""
            self.doing[message.seq].progress = message.text or share
        elif isinstance(message, Emitted) and message.event in ("toast", "notify"):
            toast = _toast(message.payload)
            self.toasts += [] if toast is None else [toast]
        elif isinstance(message, Confirm) and message.client == client:
            self.questions.append((message.seq, message.question))
        elif isinstance(message, HookState) and message.error is not None:
            self.unseen.append(_told(message.error, message.hook))
        elif isinstance(message, Closed):
            self.closed = message.reason

    def _ended(self, seq: int, error: ErrorInfo | None) -> None:
        done = self.doing.pop(seq, None)
        self.questions = [each for each in self.questions if each[0] != seq]
        if done is None:
            return
        if error is not None:
            self.unseen.append(_told(error, done.at))
        draft = self.drafts.get(done.node)
        if done.own:
            if draft is not None and draft.seq == seq:
                draft.error = error
                if error is None and draft.due is None:
                    del self.drafts[done.node]
        elif error is not None:
            self.failed[done.node] = (done.at, error)

    def show(self, snapshot: Snapshot) -> None:
        """Show the view as it is now."""
        new = {f"{p.code} {p.message}" for p in self.snapshot.tree.problems}
        self.unseen += [_problem(p) for p in snapshot.tree.problems if f"{p.code} {p.message}" not in new]
        before = {each.node.id: each.value for each in self.components()}
        self.snapshot = snapshot
        for each in self.components():
            draft = self.drafts.get(each.node.id)
            if draft is not None and draft.error is not None and draft.due is None and before.get(each.node.id) != each.value:
                del self.drafts[each.node.id]  # a refused value stands only until its place gets another

    # --- what is there ------------------------------------------------------------------------------

    def components(self) -> Iterator[Found]:
        """All components, the hidden ones too, in the order of the document."""
        root = self.snapshot.tree.root
        if root is not None:
            yield from walk(root, frozenset(self.folded))

    def errors(self) -> list[ScreenError]:
        """The errors that can be seen now, from top to bottom."""
        found = [_problem(each) for each in self.snapshot.tree.problems]
        found += [_told(each.error, each.hook) for each in self.snapshot.hooks if each.error is not None]
        shown = {each.node.id for each in self.components() if each.shown}
        found += [_told(error, at) for node, (at, error) in self.failed.items() if node not in shown]
        for each in self.components():
            if each.shown and each.node.id in self.failed:
                found.append(_told(self.failed[each.node.id][1], str(each)))
            draft = self.drafts.get(each.node.id)
            if each.shown and draft is not None and draft.error is not None:
                found.append(_told(draft.error, str(each)))
        return found

    # --- as text ------------------------------------------------------------------------------------

    def text(self) -> str:
        """What a reader sees, a line for each thing, in order."""
        lines = [f"! {each.message}" for each in self.snapshot.tree.problems]
        if self.closed:
            lines.insert(0, f"This panel has ended: {self.closed}")
        lines += [f"! {_told(each.error, each.hook)}" for each in self.snapshot.hooks if each.error is not None]
        shown = {each.node.id for each in self.components() if each.shown}
        lines += [f"! {_told(error, '')}" for node, (_, error) in self.failed.items() if node not in shown]
        root = self.snapshot.tree.root
        if root is not None:
            lines += self._lines(Found(root), "")
        return "\n".join([*lines, *(f"? {text} [No] [Yes]" for _, text in self.questions[:1])])

    def _lines(self, found: Found, indent: str) -> list[str]:
        if found.flag("hidden"):
            return []
        node = found.node
        lines = [f"{indent}{line}" for line in self._own(found)]
        lines += [f"{indent}… {each.progress}".rstrip() for each in self.doing.values() if each.node == node.id]
        if node.id not in self.folded:
            deeper = f"{indent}  " if node.type == "Container" and found.text("title") else indent
            lines += [line for child in node.children for line in self._lines(Found(child), deeper)]
        if node.id in self.failed:
            lines.append(f"{indent}! {_told(self.failed[node.id][1], '')}")
        return lines

    def _own(self, found: Found) -> list[str]:
        if found.type == "Text":
            text = formatted(found.prop("content"), found.node.props, self.zone, group=False)
            return text.split("\n") if text else []
        if found.type == "Metric":
            return [self._metric(found)]
        if found.type in ("Button", "Action"):
            return [f"[{found.text('label') or found.name}]{_marks(found)}"]
        if found.type == "Input":
            return self._input(found)
        if found.type == "Checkbox":
            return [f"[{'x' if self.ticked(found) else ' '}] {found.name}{_marks(found)}", *self._field(found)]
        if found.type == "Container":
            title = found.text("title") or ("Details" if found.flag("collapsible") else "")
            return [f"{title}{' (folded)' if found.node.id in self.folded else ''}"] if title else []
        return [] if found.type == "Layout" else [f"<{found.type}> is not available in this version."]

    def _metric(self, found: Found) -> str:
        value = formatted(found.prop("value"), found.node.props, self.zone, group=True) or "–"
        unit, delta = found.text("unit"), changed_by(found.prop("delta"), found.node.props)
        trend = {"up": "up", "down": "down", "flat": "unchanged"}.get(found.text("trend"), "")
        change = ", ".join(part for part in (trend, delta) if part)
        label = found.text("label")
        return f"{f'{label}: ' if label else ''}{value}{f' {unit}' if unit else ''}{f' ({change})' if change else ''}"

    def _input(self, found: Found) -> list[str]:
        text = self.typed(found)
        shown = "•" * len(text) if found.text("inputType") == "password" else text
        placeholder = found.text("placeholder")
        value = shown or (f"({placeholder})" if placeholder else "")
        return [f"{found.name}: {value}".rstrip() + _marks(found), *self._field(found)]

    def _field(self, found: Found) -> list[str]:
        draft = self.drafts.get(found.node.id)
        wrong = str(_told(draft.error, "")) if draft is not None and draft.error is not None else found.text("error")
        return [line for line in (found.text("description"), f"! {wrong}" if wrong else "") if line]

    def typed(self, found: Found) -> str:
        """What stands in a text field."""
        draft = self.drafts.get(found.node.id)
        return to_text(found.value if draft is None else draft.value)

    def ticked(self, found: Found) -> bool:
        """Whether a box is ticked."""
        draft = self.drafts.get(found.node.id)
        return (found.value if draft is None else draft.value) is True

    def outline(self) -> str:
        """The components, hidden ones too, one a line, with what can be done with them."""
        root = self.snapshot.tree.root
        return "\n".join(_outline(root, "")) if root is not None else "(no view)"


def _outline(node: TreeNode, indent: str) -> Iterator[str]:
    found = Found(node)
    bound = f" = {json.dumps(node.value, ensure_ascii=False)}" if node.bound else ""
    marks = [name for name in ("hidden", "disabled", "loading", "readOnly") if found.flag(name)]
    known = ", ".join([*(f"#{found.id}" for _ in [0] if found.id), *node.events, *marks])
    yield f"{indent}{found}{bound}{f' ({known})' if known else ''}"
    for child in node.children:
        yield from _outline(child, f"{indent}  ")


def _marks(found: Found) -> str:
    marks = [word for word, prop in (("disabled", "disabled"), ("loading", "loading"), ("read only", "readOnly")) if found.flag(prop)]
    return f" ({', '.join(marks)})" if marks else ""


def _told(error: ErrorInfo, at: str) -> ScreenError:
    return ScreenError(error.message, error.code, error.hint, at, error.line, error.column)


def _problem(problem: Problem) -> ScreenError:
    return ScreenError(problem.message, problem.code, "", "", problem.line, problem.column)


def _toast(payload: JsonValue) -> Toast | None:
    """A toast of what was emitted (``js/host/toasts.ts``)."""
    raw = payload if isinstance(payload, dict) else {"text": payload}
    said = raw.get("text", raw.get("message"))
    if isinstance(said, bool) or not isinstance(said, (str, int, float)) or not to_text(said).strip():
        return None
    level = "warn" if raw.get("level") == "warning" else raw.get("level")
    return Toast(to_text(said), str(level) if level in _LEVELS else "info")
