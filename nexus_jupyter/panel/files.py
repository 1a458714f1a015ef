"""Panels from files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import OptionError
from .panel import Panel


def load(path: str | os.PathLike[str], **options: Any) -> Panel:
    """The panel of an ``.nxml`` file; ``options`` as for ``Panel``.

    Raises OptionError: the file cannot be read.  Else as ``Panel``.
    """
    file = Path(path)
    try:
        source = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise OptionError(f"there is no file {str(file)!r}.", hint=_nearby(file)) from None
    except IsADirectoryError:
        raise OptionError(f"{str(file)!r} is a folder.", hint="Name an .nxml file in it.") from None
    except UnicodeDecodeError as error:
        raise OptionError(f"{str(file)!r} is not UTF-8 text (byte {error.start}).", hint="Save it as UTF-8.") from None
    except OSError as error:
        raise OptionError(f"{str(file)!r} cannot be read: {error.strerror}.") from None
    options.setdefault("name", file.stem)
    return Panel(source, **options)


def _nearby(file: Path) -> str:
    try:
        found = sorted(p.name for p in file.parent.glob("*.nxml"))[:5]
    except OSError:
        found = []
    return f"In that folder: {', '.join(found)}." if found else f"The current folder is {Path.cwd().name!r}."
