"""``jupyter nexus``: check documents, print the graph of a notebook, say who may review."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__

_STATUS = "exit status: 0 no errors (warnings allowed), 1 errors, 2 usage"


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter nexus", description=__doc__, epilog=_STATUS)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="say what is wrong with panel documents", epilog=_STATUS)
    check.add_argument(
        "files", nargs="+", metavar="FILE", help="a document (.nxml), a notebook (.ipynb: its %%%%nxml cells), or - for stdin"
    )
    check.add_argument("--json", action="store_true", help="print the diagnostics as JSON")

    graph = commands.add_parser("graph", help="run a notebook and print the graph of its panels", epilog=_STATUS)
    graph.add_argument("notebook", metavar="NOTEBOOK", help="it is run in a kernel of its own; the file is not changed")
    graph.add_argument("--format", choices=("json", "mermaid"), default="json", help="json (default) or a Mermaid flowchart")
    graph.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    graph.add_argument("--timeout", type=_seconds, default=600.0, metavar="S", help="seconds that the whole run may take (default 600)")
    graph.add_argument("--allow-errors", action="store_true", help="go on after a cell that fails")

    reviewers = commands.add_parser("reviewers", help="list the browsers that may approve changes, or forget them", epilog=_STATUS)
    reviewers.add_argument("--root", default=".", metavar="FOLDER", help="the root folder of the Jupyter server (default: this folder)")
    reviewers.add_argument("--forget", metavar="ID", help="forget one, or `all`: the next browser that opens the review list may approve")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives its exit status.  stdout carries only the result."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "check":
            from .check import check

            return check(options.files, as_json=options.json)
        if options.command == "reviewers":
            from .reviewers import reviewers

            return reviewers(options.root, forget=options.forget)
        from .graph import graph

        return graph(
            options.notebook, form=options.format, output=options.output, timeout=options.timeout, allow_errors=options.allow_errors
        )
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read the result has enough; nothing is to be said at exit either
        sys.stdout = None
        return 0
