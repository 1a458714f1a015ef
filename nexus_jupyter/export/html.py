"""One HTML file that holds a panel, its guest and its renderer, and lives without kernel and network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import json
from functools import cache
from os import PathLike
from pathlib import Path

from ..diagnostics import visible
from ..errors import EngineError, OptionError
from ..panel.local import local_program
from ..panel.panel import Panel
from ..protocol import Snapshot
from ..sandbox.values import thaw

_STATIC = Path(__file__).parent.parent / "static"

# The page around the panel; the panel brings its own style.
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{margin:0;font-family:system-ui,sans-serif}"
    "main{box-sizing:border-box;max-width:75rem;margin:0 auto;padding:1.5rem 1rem}"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="nexus-jupyter">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main id="nexus-panel"><p>{notice}</p></main>
<script type="application/json" id="nexus-document">{document}</script>
<script type="text/plain" id="nexus-guest-code">{code}</script>
<script type="text/plain" id="nexus-guest-image">{image}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def html_of(panel: Panel) -> str:
    """The panel as it is now, as the text of an HTML file.

    The file asks nothing of any network.  What its view does and tools that use no extension work in it as in the notebook;
    controls that need a kernel are disabled and say so.  It holds the panel's program and its whole state: whoever gets the
    file can read both.

    Raises OptionError: the panel has no view.  EngineError: the front end is not built.  PanelClosedError: the panel has ended.
    """
    runtime = panel.runtime
    if runtime.program.view is None:
        raise OptionError(f"the panel {panel.id!r} has no view, so a file of it would show nothing.", hint="Give it a <View>.")
    snapshot, state = runtime.saved().result()
    document = {
        "panel": panel.id,
        "title": panel.title,
        "program": local_program(panel.source, runtime.program),
        "state": thaw(state),
        "snapshot": Snapshot(panel=snapshot.panel, title=snapshot.title, rev=0, tree=snapshot.tree).model_dump(mode="json"),
    }
    script, code, image = _parts()
    title = html.escape(visible(panel.title))
    return _PAGE.format(
        policy=_policy(script),
        title=title,
        style=_STYLE,
        notice=f"{title} is an interactive panel; it needs a browser in which JavaScript runs.",
        # within a script element only "<" could mean anything to HTML
        document=json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c"),
        code=code,
        image=image,
        script=script,
    )


def write_html(panel: Panel, file: str | PathLike[str]) -> Path:
    """Write ``html_of(panel)`` to ``file``; gives its path.  Raises what ``html_of`` raises, and OSError."""
    path = Path(file)
    text = html_of(panel)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def _policy(script: str) -> str:
    """What the file may do: run its own script and the guest, in a Worker, and nothing else."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(script)} 'wasm-unsafe-eval'",
            "style-src 'unsafe-inline'",  # a library of the renderer writes some; no style can run anything
            "worker-src blob: data:",
            "child-src blob: data:",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


@cache
def _parts() -> tuple[str, str, str]:
    """The script, and the guest's two modules, packed."""
    try:
        script = (_STATIC / "file.js").read_text(encoding="ascii")
        modules = [(_STATIC / name).read_bytes() for name in ("guest-code.wasm", "guest-image.wasm")]
    except OSError as error:
        raise EngineError(
            f"the front end of nexus-jupyter is not built ({Path(error.filename or '').name} is missing).",
            hint="Install a wheel, or run `make build` in a clone.",
        ) from None
    # without a time in it: the same panel gives the same file
    code, image = (base64.b64encode(gzip.compress(module, 9, mtime=0)).decode("ascii") for module in modules)
    return script, code, image
