"""Where grants are kept: one file each in the user's data folder, outside of every notebook."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from ..sandbox.data_folder import data_folder
from .grant import Grant
from .private_file import read_file, write_file

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
            text = read_file(self._path(notebook, panel), MOST_BYTES) if notebook and key is not None else None
            grant = Grant.read(text, key) if text is not None and key is not None else None
            return grant if grant is not None and grant.is_for(notebook, panel) else None

    def keep(self, grant: Grant) -> None:
        """Keep a grant in place of the panel's former one."""
        with self._lock:
            try:
                if not grant.notebook:
                    raise OSError("the kernel was not told the path of its notebook")
                write_file(self._path(grant.notebook, grant.panel), grant.signed(self._key() or self._new_key()).encode())
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
        key = read_file(self._key_path, MOST_BYTES, private=True)
        return key if key is not None and len(key) == KEY_BYTES else None

    def _new_key(self) -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        try:
            # by a name that must not exist: of two kernels at once one makes the key and the other takes it
            write_file(self._key_path, key, anew=True)
        except FileExistsError:
            if (found := self._key()) is not None:
                return found
            write_file(self._key_path, key)  # one that others may have read signs nothing any more
        return key


grant_store = GrantStore()
