"""Where grants are kept: one file each in the user's data folder, outside of every notebook."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import stat
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from ..sandbox.data_folder import data_folder
from .grant import Grant

logger = logging.getLogger(__name__)

KEY_BYTES = 32
# A record holds a document, which has at most a mebibyte; JSON may write one byte of it as six.
MOST_BYTES = 8 << 20


class GrantStore:
    """The grants of this user.  Methods may be called from any thread; none of them raises for what it finds.

    A record counts only if it is whole, signed with the key beside it, and of the same user, notebook and panel.  The key
    counts only if it belongs to this user and nobody else may read it.  What cannot be written, and what belongs to no
    notebook, is kept in this process alone.
    """

    def __init__(self, folder: Callable[[], Path] = data_folder) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._session: dict[tuple[str, str], Grant] = {}

    def find(self, notebook: str, panel: str) -> Grant | None:
        """The grant for a panel, whatever the document it was given for."""
        with self._lock:
            if (kept := self._session.get((notebook, panel))) is not None:
                return kept
            key = self._key()
            text = _read(self._path(notebook, panel)) if notebook and key is not None else None
            grant = Grant.read(text, key) if text is not None and key is not None else None
            return grant if grant is not None and grant.is_for(notebook, panel) else None

    def keep(self, grant: Grant) -> None:
        """Keep a grant in place of the panel's former one."""
        with self._lock:
            try:
                if not grant.notebook:
                    raise OSError("the kernel was not told the path of its notebook")
                _write(self._path(grant.notebook, grant.panel), grant.signed(self._key() or self._new_key()).encode())
                self._session.pop((grant.notebook, grant.panel), None)
            except OSError as error:
                logger.info("what the panel %r was allowed is kept until this kernel ends: %s", grant.panel, error)
                self._session[grant.notebook, grant.panel] = grant

    def drop(self, notebook: str, panel: str) -> None:
        """Keep no grant for a panel any more."""
        with self._lock:
            self._session.pop((notebook, panel), None)
            with contextlib.suppress(OSError):
                self._path(notebook, panel).unlink(missing_ok=True)

    def _path(self, notebook: str, panel: str) -> Path:
        name = hashlib.sha256(f"{notebook}\n{panel}".encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder() / "grants" / f"{name[:40]}.json"

    @property
    def _key_path(self) -> Path:
        return self._folder() / "grants" / "key"

    def _key(self) -> bytes | None:
        key = _read(self._key_path, private=True)
        return key if key is not None and len(key) == KEY_BYTES else None

    def _new_key(self) -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        try:
            # by a name that must not exist: of two kernels at once one makes the key and the other takes it
            _write(self._key_path, key, anew=True)
        except FileExistsError:
            if (found := self._key()) is not None:
                return found
            _write(self._key_path, key)  # one that others may have read signs nothing any more
        return key


def _read(path: Path, *, private: bool = False) -> bytes | None:
    """The bytes of an ordinary file; ``private``: if it is this user's alone.  None of any other."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST_BYTES:
            return None
        if private and sys.platform != "win32" and (found.st_uid != os.geteuid() or found.st_mode & 0o077):
            return None
        try:
            return file.read(MOST_BYTES + 1)
        except OSError:
            return None


def _write(path: Path, text: bytes, *, anew: bool = False) -> None:
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


grant_store = GrantStore()
