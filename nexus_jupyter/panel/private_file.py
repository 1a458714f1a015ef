"""Files in the user's data folder that nobody else may read, put in place as a whole."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from pathlib import Path


def read_file(path: Path, most: int, *, private: bool = False) -> bytes | None:
    """The bytes of an ordinary file of at most ``most`` bytes; ``private``: if it is this user's alone.  None of any other."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return None
        if private and sys.platform != "win32" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
            return None
        try:
            return file.read(most + 1)
        except OSError:
            return None


def write_file(path: Path, text: bytes, *, anew: bool = False) -> None:
    """Put a whole file in place, on the disk when this returns.  Raises OSError; FileExistsError with ``anew``."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.parent.chmod(0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")  # for this user alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if anew:
            os.link(temporary, path)
        else:
            os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    if sys.platform != "win32":  # there a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
