"""``nexus.notify``: short plain text, not too often."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

import pytest

from nexus_jupyter.errors import HandlerError, LimitError
from nexus_jupyter.sandbox.extensions import ExtensionContext
from nexus_jupyter.sandbox.extensions.notify import MAX_TEXT, MINUTE, Notifications


class Page:
    """What a page would be told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, Any]] = []
        self.extension = Notifications(ExtensionContext(panel="p", publish=lambda event, payload: self.told.append((event, payload))))

    def show(self, *args: Any) -> Any:
        return asyncio.run(self.extension.call("show", args))


def test_a_note_is_published_as_text() -> None:
    page = Page()
    assert page.show("<b>Done</b>") is None
    page.show("Oh", {"level": "error", "autoClose": False})
    assert page.told == [
        ("notify", {"text": "<b>Done</b>", "level": "info", "autoClose": True}),
        ("notify", {"text": "Oh", "level": "error", "autoClose": False}),
    ]


@pytest.mark.parametrize(
    "args", [(), (1,), ("x", {"level": "loud"}), ("x", {"auto_close": True}), ("x", {"html": True}), ("",), (" \n ",), ("\U000e0041",)]
)
def test_anything_else_is_refused(args: tuple[Any, ...]) -> None:
    page = Page()
    with pytest.raises(HandlerError) as caught:
        page.show(*args)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert page.told == []


@pytest.mark.parametrize(
    ("message", "without"),
    [
        ("a\x1b[31mb", "\x1b"),
        ("a\u202eb", "\u202e"),
        ("a\u2066b\u2069", "\u2066\u2069"),
        ("a\U000e0041b", "\U000e0041"),
        ("a\u200bb", "\u200b"),
    ],
)
def test_nothing_in_it_hides_or_reorders_text(message: str, without: str) -> None:
    page = Page()
    page.show(message)
    text = page.told[0][1]["text"]
    assert not set(text) & set(without)
    assert text.startswith("a")
    assert "b" in text


def test_it_is_one_line_of_500_characters() -> None:
    page = Page()
    page.show("a\r\n\tb")
    page.show("x" * MAX_TEXT)
    page.show("x" * 1_000_000)
    texts = [payload["text"] for _, payload in page.told]
    assert texts == ["a b", "x" * MAX_TEXT, "x" * (MAX_TEXT - 1) + "…"]


def test_ten_a_minute_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    page = Page()

    async def ask(count: int) -> None:
        for _ in range(count):
            await page.extension.show("x")

    def run(count: int) -> None:
        coroutine = ask(count)  # without a loop, whose clock would stand still; it never waits for anything
        with contextlib.suppress(StopIteration):
            coroutine.send(None)

    run(10)
    with pytest.raises(LimitError) as caught:
        run(1)
    assert caught.value.code == "LIMIT_NOTIFICATIONS"
    assert len(page.told) == 10
    now += MINUTE - 1
    with pytest.raises(LimitError):
        run(1)
    now += 1
    run(10)
    assert len(page.told) == 20
