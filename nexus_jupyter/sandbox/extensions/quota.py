"""How much a panel has written: what of it is still there counts, for as long as the process lives."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ...errors import LimitError

MAX_FILE = 10 * 1024 * 1024
MAX_TOTAL = 100 * 1024 * 1024
MAX_FILES = 1_000


class Ledger:
    """The sizes of the files that one panel wrote beneath one root, by path.

    Writing over a file of one's own counts its new size only, deleting it gives its size back.  Files of others do not
    count: the quota bounds what a panel adds, not what a person keeps.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sizes: dict[str, int] = {}

    @contextmanager
    def writing(self, path: str, size: int) -> Iterator[None]:
        """Holds the ledger while ``size`` bytes are written; they count when the block ends well.

        One write at a time, so that two together cannot pass what each alone would not.  Raises LimitError.
        """
        with self._lock:
            sizes = self._sizes | {path: size}
            if len(sizes) > MAX_FILES:
                raise LimitError(
                    f"this panel has written {MAX_FILES:,} files, which is all it may.",
                    limit="fs_files",
                    allowed=MAX_FILES,
                    hint="Delete some of them, or write several things into one.",
                )
            if sum(sizes.values()) > MAX_TOTAL:
                raise LimitError(
                    f"this panel's files would have more than {MAX_TOTAL:,} bytes together.",
                    limit="fs_total",
                    allowed=MAX_TOTAL,
                    hint="Delete some of them, or write less.",
                )
            yield
            self._sizes = sizes

    @contextmanager
    def deleting(self, path: str) -> Iterator[None]:
        """Holds the ledger while a file is deleted, which then counts no longer."""
        with self._lock:
            yield
            self._sizes.pop(path, None)


_ledgers: dict[tuple[str, str, str], Ledger] = {}


def ledger(notebook: str, panel: str, root: str) -> Ledger:
    """The ledger of a panel's root: the same one when its cell runs again, which must not start the count anew."""
    return _ledgers.setdefault((notebook, panel, root), Ledger())
