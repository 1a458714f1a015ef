"""Pages in a process of their own, each with the renderer's real store and a guest; what they send is the test's to deliver."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "nexus_jupyter" / "static"


def built(folder: Path) -> Path:
    """The script that plays the pages."""
    script = folder / "pages.mjs"
    subprocess.run(["node", ROOT / "js" / "test" / "sync" / "build.mjs", script], check=True, capture_output=True, cwd=ROOT)
    return script


class Pages:
    """Any number of pages by their numbers.  ``sent`` is called with what a page sends, in order."""

    def __init__(self, script: Path) -> None:
        self._process = subprocess.Popen(
            ["node", "--no-warnings", script, STATIC], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        self.sent: list[tuple[int, dict[str, Any]]] = []

    def ask(self, what: str, page: int = 0, **rest: Any) -> Any:
        """Have the pages do one thing; what came of it."""
        return self.ask_all({"do": what, "page": page, **rest})[0]

    def ask_all(self, *commands: dict[str, Any]) -> list[Any]:
        """Have the pages do several things at once, whatever is still under way of the one before; what came of each."""
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(commands) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, f"the pages' process ended: {process.poll()}"
        said = json.loads(line)
        for number, messages in said["sent"]:
            self.sent += [(number, message) for message in messages]
        return list(said["answers"])

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(60)
        process.stdout.close()
