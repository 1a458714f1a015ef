"""``nexus.fs``: files of text beneath one granted folder.

Nothing outside the folder is reached: paths only lead down, links are not followed at any step, and only regular files
are read, written and deleted.  A file with several names (hard links) is read and deleted as any other, for what lies in
the folder is what was granted; it is not written, for the other names would silently keep the old text.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import ClassVar

from pydantic import JsonValue

from ...errors import CapabilityError, HandlerError, LimitError, NexusError
from . import quota
from .base import Extension, ExtensionContext, method
from .beneath import Opener, opened, system_opener
from .content import well_formed
from .filename import check_writable, is_named, read_path, shown
from .loop import in_thread
from .root import Root

MAX_LISTED = 10_000
_CHUNK = 1024 * 1024


class Files(Extension):
    """Files as one panel may use them.

    ``opener`` opens folders beneath a folder: the system's best unless given.
    """

    name: ClassVar[str] = "nexus.fs"

    def __init__(self, context: ExtensionContext, *, opener: Opener | None = None) -> None:
        super().__init__(context)
        self._opener = opener or system_opener()
        # the notebook's folder, which a cell may leave later
        self._root = Root(context.options.get("root"), os.getcwd(), self._opener)

    @method("fs:read")
    async def read(self, path: str) -> str:
        """Reads a file as text (UTF-8)."""
        found: str = await in_thread(lambda: self._read(path))
        return found

    @method("fs:list")
    async def list(self, path: str = "") -> JsonValue:
        """Lists a folder by name: what a panel can name, and of that files and folders, no links."""
        found: JsonValue = await in_thread(lambda: self._list(path))
        return found

    @method("fs:write")
    async def write(self, path: str, text: str) -> None:
        """Writes a file of text, whole or not at all, in place of what was there; its folder must be there."""
        await in_thread(lambda: self._write(path, text))

    @method("fs:delete")
    async def delete(self, path: str) -> None:
        """Deletes one file, never a folder."""
        await in_thread(lambda: self._delete(path))

    def _read(self, path: str) -> str:
        with self._folder_of(path) as (folder, name):
            _regular(folder, name, path)
            # the wait for the other end of a pipe that took the file's place just now would never end
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
            descriptor = os.open(name, flags, dir_fd=folder)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise _no_file(path)
                data = bytearray()
                while chunk := os.read(descriptor, _CHUNK):
                    data += chunk
                    if len(data) > quota.MAX_FILE:
                        raise _too_large(path, "read")
            finally:
                os.close(descriptor)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise HandlerError(f"{shown(path)} is no text in UTF-8.", name="TypeError", code="FS_NO_TEXT") from None

    def _list(self, path: str) -> JsonValue:
        found: list[tuple[str, os.stat_result]] = []
        with (
            self._told(path),
            self._root.open() as root,
            opened(self._opener, root, read_path(path)) as folder,
            os.scandir(folder) as entries,
        ):
            for number, entry in enumerate(entries):
                if number >= MAX_LISTED:
                    raise LimitError(
                        f"{shown(path)} has more than {MAX_LISTED:,} files and folders.", limit="fs_listed", allowed=MAX_LISTED
                    )
                with suppress(OSError):  # it may just have been deleted
                    if is_named(entry.name):
                        found.append((entry.name, entry.stat(follow_symlinks=False)))
        kinds = [(name, s, "file" if stat.S_ISREG(s.st_mode) else "folder" if stat.S_ISDIR(s.st_mode) else "") for name, s in found]
        return [
            {"name": name, "kind": kind, "size": s.st_size if kind == "file" else 0, "modified": _time(s.st_mtime)}
            for name, s, kind in sorted(kinds)
            if kind
        ]

    def _write(self, path: str, text: str) -> None:
        data = well_formed(text).encode()
        if len(data) > quota.MAX_FILE:
            raise _too_large(path, "written")
        with self._changing(path) as (folder, name), self._ledger.writing(path, len(data)):
            _replace(folder, name, path, data)

    def _delete(self, path: str) -> None:
        with self._changing(path) as (folder, name), self._ledger.deleting(path):
            _regular(folder, name, path)
            os.unlink(name, dir_fd=folder)

    @property
    def _ledger(self) -> quota.Ledger:
        return quota.ledger(self.context.notebook, self.context.panel, self._root.key)

    @contextmanager
    def _changing(self, path: str) -> Iterator[tuple[int, str]]:
        """As ``_folder_of``, for a file that is written or deleted."""
        if self.context.options.get("mode") != "write":
            raise CapabilityError("this panel may read files, not write or delete them.", hint='Declare mode="write" and grant it.')
        if self._root.hidden:
            raise CapabilityError("a panel writes nothing in a folder whose name begins with a dot.")
        with self._folder_of(path) as (folder, name):
            check_writable(read_path(path))
            yield folder, name

    @contextmanager
    def _folder_of(self, path: str) -> Iterator[tuple[int, str]]:
        """The open folder that the file at ``path`` lies in, and its name there."""
        names = read_path(path)
        if not names:
            raise _no_file(path)
        with self._told(path), self._root.open() as root, opened(self._opener, root, names[:-1]) as folder:
            yield folder, names[-1]

    @contextmanager
    def _told(self, path: str) -> Iterator[None]:
        """What a panel is told when the system refuses; its own text would name files outside."""
        try:
            yield
        except NexusError:
            raise
        except OSError as error:
            raise _refused(path, error) from None


def _replace(folder: int, name: str, path: str, data: bytes) -> None:
    """Write a file beside the one called ``name`` and put it in its place, once it is safely on the disk."""
    before = _regular(folder, name, path, missing_ok=True)
    if before is not None and before.st_nlink > 1:
        raise HandlerError(f"{shown(path)} has other names (hard links) and is not written.", name="NotAllowedError", code="FS_LINKED")
    if before is not None and not before.st_mode & 0o222:
        raise OSError(errno.EACCES, "")  # renaming over it would not ask
    beside = f".nexus-{secrets.token_hex(8)}.tmp"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder)
    try:
        try:
            if before is not None:
                os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & 0o777)
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside, dir_fd=folder)
        raise
    with suppress(OSError):  # not every file system has it for folders
        os.fsync(folder)


def _regular(folder: int, name: str, path: str, *, missing_ok: bool = False) -> os.stat_result | None:
    """What the system knows of a file; None when it is not there and need not be.

    Raises HandlerError for a folder, a link, a pipe, a socket or a device: to open such a thing may already do something.
    """
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        if missing_ok:
            return None
        raise
    if not stat.S_ISREG(found.st_mode):
        raise _no_file(path)
    return found


def _no_file(path: str) -> HandlerError:
    return HandlerError(f"{shown(path)} is no file (links are not followed).", name="TypeError", code="FS_NO_FILE")


def _too_large(path: str, done: str) -> LimitError:
    return LimitError(
        f"{shown(path)} is larger than the {quota.MAX_FILE:,} bytes that are {done}.", limit="fs_file", allowed=quota.MAX_FILE
    )


def _refused(path: str, error: OSError) -> HandlerError:
    number = error.errno
    if number == errno.ENOENT:
        return HandlerError(f"{shown(path)} is not there.", name="NotFoundError", code="FS_NOT_FOUND")
    if number in (errno.ENOTDIR, errno.ELOOP, errno.EXDEV):
        return HandlerError(
            f"{shown(path)} does not lead through folders (links are not followed).", name="NotFoundError", code="FS_NO_FOLDER"
        )
    if number in (errno.EACCES, errno.EPERM, errno.EROFS):
        return HandlerError(f"the system does not allow it for {shown(path)}.", name="NotAllowedError", code="FS_NOT_ALLOWED")
    if number in (errno.ENOSPC, errno.EDQUOT):
        return HandlerError(f"there is no room left to write {shown(path)}.", name="QuotaExceededError", code="FS_NO_ROOM")
    reason = os.strerror(number) if number else "it failed"
    return HandlerError(f"{shown(path)}: {reason[:1].lower()}{reason[1:]}.", name="NotReadableError", code="FS_FAILED")


def _time(seconds: float) -> str:
    try:
        moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (ValueError, OverflowError, OSError):
        moment = dt.datetime.fromtimestamp(0, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
