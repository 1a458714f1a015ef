"""Extensions of the tests' own under names that the catalog knows, and somebody who answers a panel's question."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from nexus_jupyter import CapabilityError, Panel
from nexus_jupyter.protocol import Consent, ConsentAnswer, ConsentEnded, KernelMessage
from nexus_jupyter.sandbox.extensions import Extension, ExtensionContext, method, registry

_others = registry.extension_class


class Notes(Extension):
    """Files that are none: it says what was asked of it."""

    name: ClassVar[str] = "nexus.fs"
    made: ClassVar[list[Notes]] = []

    def __init__(self, context: ExtensionContext) -> None:
        super().__init__(context)
        self.closed = 0
        Notes.made.append(self)

    @method("fs:read")
    async def read(self, path: str) -> str:
        return f"{self.context.options.get('root')}/{path} by {','.join(sorted(self.context.granted()))}"

    @method("fs:write")
    async def write(self, path: str, text: str) -> None:
        self.context.publish("toast", f"wrote {path}")

    @method("fs:delete")
    async def delete(self, path: str) -> None:
        raise RuntimeError("/secret/place")

    async def close(self) -> None:
        self.closed += 1


class Web(Extension):
    """Requests that are none."""

    name: ClassVar[str] = "nexus.http"

    @method("http:request")
    async def get(self, url: str) -> str:
        return f"answer of {url}"


def classes(name: str) -> type[Extension]:
    """In place of ``registry.extension_class``, whose answer is given for all others."""
    return {"nexus.fs": Notes, "nexus.http": Web}.get(name) or _others(name)


FS = '<Extension name="nexus.fs" alias="fs" root="data" reason="Keeps notes"/>'
HTTP = '<Extension name="nexus.http" alias="http" hosts="https://api.example.org"/>'
READ = "return await $ext.fs.read('a')"


def document(*tools: str, extensions: str = FS, id: str = "p", view: str = "<View><Text>hello</Text></View>") -> str:
    """A panel whose tools are handlers ``go``, ``go2``, … with these bodies."""
    names = ["go", *(f"go{n}" for n in range(2, len(tools) + 1))]
    written = "".join(f'<Tool name="{n}" description="d"><Handler>{body}</Handler></Tool>' for n, body in zip(names, tools, strict=True))
    return f'<NexusPanel id="{id}" title="P"><Logic>{extensions}{written}</Logic>{view}</NexusPanel>'


class Person:
    """Sees what a panel's pages are told, and answers."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.heard: list[KernelMessage] = []
        panel.runtime.subscribe(self.heard.extend)

    def questions(self) -> list[Consent]:
        """All that came."""
        self.panel.runtime.ask(lambda: None).result()
        return [m for m in self.heard if isinstance(m, Consent)]

    def endings(self) -> list[tuple[str, str]]:
        """How they ended: id and outcome."""
        self.panel.runtime.ask(lambda: None).result()
        return [(m.id, m.outcome) for m in self.heard if isinstance(m, ConsentEnded)]

    def decide(self, decision: Any, id: str | None = None) -> str:
        """Answer the last question, or the one of ``id``; gives the id."""
        id = id or self.questions()[-1].id
        self.panel.decide(ConsentAnswer(client="me", id=id, decision=decision))
        self.panel.runtime.ask(lambda: None).result()
        return id


def granted(source: str) -> tuple[Panel, Person]:
    """A panel that is allowed for good what it asks for, and the person who did it."""
    panel = Panel(source)
    person = Person(panel)
    with pytest.raises(CapabilityError):
        panel.call("go")
    person.decide("panel")
    assert panel.call("go")
    return panel, person


def records(data: Path) -> list[Path]:
    """The grants that are kept."""
    return sorted((data / "grants").glob("*.json"))
