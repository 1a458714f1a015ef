"""What a person names on the command line, read carefully and written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..diagnostics import visible
from ..errors import NexusError

_LARGEST = 256_000_000
# What is looked for in a folder, and folders that hold nobody's own documents; those with a dot are left out, too.
ENDINGS = (".nxml", ".ipynb")
_LEFT_OUT = frozenset(("node_modules", "__pycache__"))


class UsageError(NexusError):
    """A file that is not there, or not what it should be."""

    code = "USAGE"


def shown_name(file: str) -> str:
    """What messages call a file."""
    return "stdin" if file == "-" else visible(file)


def read_bytes(file: str) -> bytes:
    """The content of a file, or of stdin for ``-``; raises UsageError."""
    shown = shown_name(file)
    try:
        if file == "-":
            if sys.stdin is None:
                raise UsageError("stdin is closed")
            data = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            path = Path(file)
            if path.is_dir():
                raise UsageError(f"{shown} is a folder", hint="name a file in it")
            with path.open("rb") as stream:
                data = stream.read(_LARGEST + 1)
    except FileNotFoundError:
        raise UsageError(f"there is no file {shown}") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown} cannot be read: {_reason(error)}") from None
    if len(data) > _LARGEST:
        raise UsageError(f"{shown} is larger than {_LARGEST:,} bytes")
    return data


def decoded(file: str, data: bytes) -> str:
    """The text of a file, a byte order mark left out; raises UsageError."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown_name(file)} is no UTF-8 text (byte {error.start})") from None


def read_notebook(file: str, text: str | None = None) -> Any:
    """The notebook in a file, whose ``text`` may be known already; raises UsageError."""
    if text is None:
        text = decoded(file, read_bytes(file))
    import nbformat  # it costs more than reading a document

    try:
        with warnings.catch_warnings():
            # cells without ids, and what Jupyter itself only warns of: it keeps nobody from reading the cells
            warnings.simplefilter("ignore")
            notebook = nbformat.reads(text, as_version=4)
            nbformat.validate(notebook, relax_add_props=True)
    except RecursionError:
        raise UsageError(f"{visible(file)} is no notebook: it is nested too deeply") from None
    except (nbformat.ValidationError, ValueError) as error:  # NotJSONError is one
        reason = visible(str(error).strip().partition("\n")[0])[:200]
        raise UsageError(f"{visible(file)} is no notebook: {reason}") from None
    except Exception:
        # nbformat raises whatever a wrong type in the file leads to
        raise UsageError(f"{visible(file)} is no notebook: its JSON has another shape") from None
    return notebook


def named(arguments: Sequence[str]) -> Iterator[str]:
    """The files that the arguments name, each once; of a folder the documents and notebooks in it, in order."""
    seen: set[str] = set()
    for argument in arguments:
        for file in _in_folder(argument) if argument != "-" and os.path.isdir(argument) else (argument,):
            real = file if file == "-" else os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file


def _in_folder(folder: str) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
        for name in sorted(files):
            file = os.path.join(path, name)
            # no pipe, whose end nobody sees, and no link to nowhere
            if name.lower().endswith(ENDINGS) and not name.startswith(".") and os.path.isfile(file):
                yield file


def write_text(file: str, text: str, *, before: str) -> None:
    """Puts ``text`` in the place of a file's content: at once, so that nobody sees half of it, and with the file's mode.

    A link stays a link.  Raises UsageError, the file is then as it was: when it cannot be written, and when its content is
    no longer ``before``, because somebody else has changed it since it was read.
    """
    path = Path(file).resolve()
    temporary = ""
    try:
        known = path.stat()
        mode = stat.S_IMODE(known.st_mode)
        if not stat.S_ISREG(known.st_mode):
            raise UsageError(f"{visible(file)} is no file that can be replaced", hint="use - for stdin and stdout")
        if not mode & 0o222:
            raise UsageError(f"{visible(file)} is read-only")
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        if path.read_bytes() != before.encode("utf-8"):
            raise UsageError(f"{visible(file)} was changed by somebody else meanwhile and is left as it is", hint="run the command again")
        os.replace(temporary, path)
        temporary = ""
    except (OSError, ValueError) as error:
        raise UsageError(f"{visible(file)} cannot be written: {_reason(error)}") from None
    finally:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _reason(error: OSError | ValueError) -> str:
    return visible((error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__)
