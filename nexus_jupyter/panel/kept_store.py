"""Where values of states are kept beyond a kernel: one file a panel in the user's data folder, outside of every notebook."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import json
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from ..sandbox.data_folder import data_folder
from .private_file import read_file, write_file

logger = logging.getLogger(__name__)

FORM = 1
# Bytes of the JSON text of one panel's values, and of all files together.
MOST_BYTES = 1 << 20
MOST_ALL = 64 << 20
# Seconds without a change after which values are written, and the longest time that changes can put it off.
REST = 0.3
LONGEST = 3.0

Tell = Callable[[str, str], None]
"""Is given what is wrong, as a word and as a sentence."""

Owner = tuple[str, str]
"""The path of a notebook and the id of a panel."""


@dataclass
class _Pending:
    values: Callable[[], Mapping[str, JsonValue]]
    tell: Tell
    first: float
    due: float


class KeptStore:
    """The kept values of this user.  Methods may be called from any thread; none raises for what it finds.

    Writing happens on a thread of its own, which is there while something waits to be written, and at the end of the
    process.  A file is replaced as a whole: of several kernels that keep one panel's values the last one wins.
    """

    def __init__(self, folder: Callable[[], Path] = data_folder) -> None:
        self._folder = folder
        self._changed = threading.Condition()
        self._pending: dict[Owner, _Pending] = {}
        self._thread: threading.Thread | None = None
        self._writing = threading.Lock()  # taken before what waits is looked at, so that no older values come later
        self._process = os.getpid()
        self._at_exit = False

    def read(self, owner: Owner) -> tuple[dict[str, JsonValue], str]:
        """The values that are kept for a panel, and what there is to say about them, "" if nothing.

        A file that is damaged is set aside.
        """
        path = self._path(owner)
        text = read_file(path, 2 * MOST_BYTES)
        if text is None:
            return ({}, self._set_aside(path)) if os.path.lexists(path) else ({}, "")
        try:
            found = json.loads(text)
            if found["form"] != FORM or not isinstance(found["values"], dict):
                raise ValueError
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}, self._set_aside(path)
        return (found["values"], "") if (found.get("notebook"), found.get("panel")) == owner else ({}, "")

    def keep(self, owner: Owner, values: Callable[[], Mapping[str, JsonValue]], tell: Tell) -> None:
        """Have ``values()``, asked when it is written, kept in place of what is kept for a panel; without any, nothing.

        Gives back at once.  ``tell`` is called when they cannot be kept.
        """
        now = time.monotonic()
        with self._changed:
            if self._process != os.getpid():  # a fork: the thread, and what waits for it, are the other process's
                self._process, self._thread, self._pending = os.getpid(), None, {}
            first = self._pending[owner].first if owner in self._pending else now
            self._pending[owner] = _Pending(values, tell, first, min(now + REST, first + LONGEST))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="nexus-kept", daemon=True)
                self._thread.start()
            if not self._at_exit:
                self._at_exit = True
                atexit.register(self.flush)

    def flush(self, owner: Owner | None = None) -> None:
        """Write what waits, of one panel or of all, now; it has been written when this returns."""
        if self._process != os.getpid():
            return  # what waits is the other process's
        with self._writing:
            with self._changed:
                ready = [each for each in self._pending if owner is None or each == owner]
                taken = {each: self._pending.pop(each) for each in ready}
                self._changed.notify_all()
            for each, pending in taken.items():
                self._write(each, pending)

    def drop(self, owner: Owner) -> None:
        """Keep nothing for a panel any more."""
        with self._writing:
            with self._changed:
                self._pending.pop(owner, None)
                self._changed.notify_all()
            with contextlib.suppress(OSError):
                self._path(owner).unlink(missing_ok=True)

    # --- inside -------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._pending:
                    self._thread = None
                    return
                wait = min(each.due for each in self._pending.values()) - time.monotonic()
                if wait > 0:
                    self._changed.wait(wait)
                    continue
            with self._writing:
                now = time.monotonic()
                with self._changed:
                    ready = [owner for owner, each in self._pending.items() if each.due <= now]
                    taken = {owner: self._pending.pop(owner) for owner in ready}
                for owner, pending in taken.items():
                    self._write(owner, pending)

    def _write(self, owner: Owner, pending: _Pending) -> None:
        path = self._path(owner)
        try:
            values = pending.values()
            if not values:
                path.unlink(missing_ok=True)
                return
            record = {"form": FORM, "notebook": owner[0], "panel": owner[1], "values": values}
            text = json.dumps(record, separators=(",", ":")).encode("ascii")
            if len(text) > MOST_BYTES:
                pending.tell(
                    "size",
                    f'the values of its states with persist="notebook" have {len(text):,} bytes, and at most {MOST_BYTES:,} are kept: '
                    "what was kept last stays. Keep less, or take persist from what is large.",
                )
                return
            if not path.exists() and self._size() + len(text) > MOST_ALL:
                pending.tell(
                    "full",
                    f"nothing is kept of its states, because the folder {path.parent} is full ({MOST_ALL:,} bytes). "
                    "Delete files of notebooks that you no longer have.",
                )
                return
            write_file(path, text)
        except OSError as error:
            pending.tell("disk", f"its states cannot be kept: {error.strerror or error}.")
        except Exception:
            # one panel's values must not keep those of others from being written
            logger.exception("the states of the panel %r could not be kept", owner[1])

    def _size(self) -> int:
        size = 0
        with contextlib.suppress(OSError), os.scandir(self._folder() / "kept") as found:
            for each in found:
                with contextlib.suppress(OSError):  # another kernel may just be replacing it
                    size += each.stat().st_size
        return size

    def _set_aside(self, path: Path) -> str:
        aside = path.with_suffix(".damaged")
        try:
            os.replace(path, aside)
        except OSError as error:
            return f"the file of its kept states is damaged and cannot be set aside: {error.strerror or error}."
        return f"the file of its kept states is damaged; it is set aside as {aside}, and the states begin anew."

    def _path(self, owner: Owner) -> Path:
        name = hashlib.sha256(json.dumps(owner).encode("ascii")).hexdigest()
        return self._folder() / "kept" / f"{name[:40]}.json"


kept_store = KeptStore()
