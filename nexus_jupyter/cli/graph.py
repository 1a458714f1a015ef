"""``jupyter nexus graph``: the graph of a notebook's panels, after a run of its own."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Literal

from ..diagnostics import visible
from ..errors import NexusError
from ..nog import NOGSerializer
from .files import UsageError, read_notebook
from .mermaid import mermaid


def graph(file: str, *, form: Literal["json", "mermaid"], output: str | None, timeout: float, allow_errors: bool) -> int:
    """Print or write the graph; gives the exit status."""
    from .headless import run, to_stderr

    try:
        if file == "-":
            raise UsageError("a notebook is run where its file is", hint="name the file")
        notebook = read_notebook(file)
        path = Path(file).resolve()
        if output is not None and Path(output).resolve() == path:
            raise UsageError("the output would replace the notebook", hint="name another file")
        found = run(notebook, path.parent, timeout=timeout, allow_errors=allow_errors, note=to_stderr)
        text = mermaid(found.state()) if form == "mermaid" else NOGSerializer.dumps(found) + "\n"
        if output is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            _write(output, text)
    except UsageError as error:
        to_stderr(str(error))
        return 2
    except NexusError as error:
        to_stderr(str(error))
        return 1
    except asyncio.CancelledError:
        to_stderr("ended")
        return 143  # by SIGTERM
    return 0


def _write(output: str, text: str) -> None:
    try:
        Path(output).write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{visible(output)} cannot be written: {visible(reason or '')}") from None
