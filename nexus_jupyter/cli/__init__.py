"""``jupyter nexus``: check, format and export panel documents, print the graph of a notebook, say who may review."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__

_STATUS = "exit status: 0 no errors (warnings allowed), 1 errors, 2 usage"
_FORMAT_STATUS = "exit status: 0 done, 1 a document cannot be formatted or (--check, --diff) something would change, 2 usage"
_FILES = "a document (.nxml), a notebook (.ipynb: its %%%%nxml cells), a folder with such files, or - for stdin"


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

    check = commands.add_parser("check", help="say what is wrong with panel documents, and correct what can be", epilog=_STATUS)
    check.add_argument("files", nargs="+", metavar="FILE", help=_FILES)
    check.add_argument("--fix", action="store_true", help="correct the files as far as the problems found have a fix")
    form = check.add_mutually_exclusive_group()
    form.add_argument("--output", choices=("text", "json", "sarif"), default="text", help="text (default), json, or sarif 2.1.0 for CI")
    form.add_argument("--json", action="store_const", dest="output", const="json", help="the same as --output json")

    formatting = commands.add_parser("format", help="write panel documents in canonical form", epilog=_FORMAT_STATUS)
    formatting.add_argument("files", nargs="+", metavar="FILE", help=_FILES)
    formatting.add_argument("--check", action="store_true", help="change nothing; say which files would change")
    formatting.add_argument("--diff", action="store_true", help="change nothing; print what would change as a unified diff")

    graph = commands.add_parser("graph", help="run a notebook and print the graph of its panels", epilog=_STATUS)
    graph.add_argument("notebook", metavar="NOTEBOOK", help="it is run in a kernel of its own; the file is not changed")
    graph.add_argument("--format", choices=("json", "mermaid"), default="json", help="json (default) or a Mermaid flowchart")
    graph.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    graph.add_argument("--timeout", type=_seconds, default=600.0, metavar="S", help="seconds that the whole run may take (default 600)")
    graph.add_argument("--allow-errors", action="store_true", help="go on after a cell that fails")

    export = commands.add_parser("export", help="write a panel as one HTML file that needs no kernel", epilog=_STATUS)
    export.add_argument("file", metavar="FILE", help="a document (.nxml), or a notebook (.ipynb: a file for each %%%%nxml cell)")
    export.add_argument("-o", "--output", metavar="FILE", help="the file to write, or a folder for several (default: beside FILE)")

    reviewers = commands.add_parser("reviewers", help="list the browsers that may approve changes, or forget them", epilog=_STATUS)
    reviewers.add_argument("--root", default=".", metavar="FOLDER", help="the root folder of the Jupyter server (default: this folder)")
    reviewers.add_argument("--forget", metavar="ID", help="forget one, or `all`: the next browser that opens the review list may approve")
    return parser


def _with_ids(arguments: Sequence[str]) -> list[str]:
    """The arguments with what follows ``--forget`` joined to it: an id may begin with a hyphen, which would make it an option."""
    out: list[str] = []
    for argument in arguments:
        if out and out[-1] == "--forget":
            out[-1] = f"--forget={argument}"
        else:
            out.append(argument)
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; gives its exit status.  stdout carries only the result."""
    options = _parser().parse_args(_with_ids(sys.argv[1:] if arguments is None else arguments))
    try:
        status = _run(options)
        if sys.stdout is not None:
            sys.stdout.flush()  # what cannot be written is to be known now, not after the end
        return status
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # whoever read the result has enough; nothing is to be said at exit either
        sys.stdout = None
        return 0
    except OSError as error:
        # files are looked after where they are read and written: this is stdout, whose device is full
        sys.stdout = None
        print(f"jupyter nexus {options.command}: the result cannot be written: {error.strerror or error}", file=sys.stderr)
        return 2


def _run(options: argparse.Namespace) -> int:
    if options.command == "check":
        from .check import check

        return check(options.files, form=options.output, fix=options.fix)
    if options.command == "format":
        from .formatting import format_files

        return format_files(options.files, check=options.check, difference=options.diff)
    if options.command == "export":
        from .export import export

        return export(options.file, output=options.output)
    if options.command == "reviewers":
        from .reviewers import reviewers

        return reviewers(options.root, forget=options.forget)
    from .graph import graph

    return graph(options.notebook, form=options.format, output=options.output, timeout=options.timeout, allow_errors=options.allow_errors)
