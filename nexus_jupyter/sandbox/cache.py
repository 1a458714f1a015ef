"""Compiled WebAssembly on disk.  It is native code, so it is read only from a directory that nobody else can write."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import sys
import tempfile
from pathlib import Path

DIRECTORY_VARIABLE = "NEXUS_CACHE_DIR"


def default_directory() -> Path:
    """Where this user's caches live, by the platform's convention; ``NEXUS_CACHE_DIR`` overrides it."""
    chosen = os.environ.get(DIRECTORY_VARIABLE)
    if chosen:
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "nexus" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "nexus"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base and os.path.isabs(base) else Path.home() / ".cache") / "nexus"


def is_private(info: os.stat_result) -> bool:
    """Whether only this user can change what ``info`` describes.  Windows keeps profiles private by itself."""
    if sys.platform == "win32":
        return True
    return info.st_uid == os.getuid() and not info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


class CompiledCache:
    """Files of one directory, keyed by what was compiled and by what.

    Nothing here raises for the state of the disk: a directory that cannot be made, is not private or is full
    only means that there is no cache.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory

    def path(self, wasm: bytes, compiler: str) -> Path | None:
        """The file for ``wasm`` compiled by ``compiler`` on this machine; None when the directory is unfit."""
        directory = self._directory()
        if directory is None:
            return None
        key = f"{compiler}\n{platform.machine()}\n{sys.platform}\n{hashlib.sha256(wasm).hexdigest()}"
        return directory / f"{hashlib.sha256(key.encode()).hexdigest()[:40]}.compiled"

    def fit_to_read(self, path: Path) -> bool:
        """Whether ``path`` is a plain file that only this user can change."""
        try:
            info = os.lstat(path)
        except OSError:
            return False
        return stat.S_ISREG(info.st_mode) and is_private(info)

    def read(self, path: Path) -> bytes | None:
        """What ``path`` holds; None when it is not fit to read."""
        if not self.fit_to_read(path):
            return None
        try:
            return path.read_bytes()
        except OSError:
            return None

    def store(self, path: Path, compiled: bytes) -> bool:
        """Put ``compiled`` at ``path`` at once or not at all."""
        draft: str | None = None
        try:
            handle, draft = tempfile.mkstemp(dir=path.parent, prefix=".draft-")
            with os.fdopen(handle, "wb") as file:
                file.write(compiled)
            os.replace(draft, path)
        except OSError:
            if draft is not None:
                with contextlib.suppress(OSError):
                    os.unlink(draft)
            return False
        return True

    def discard(self, path: Path) -> None:
        """Remove a file that turned out to be unusable."""
        with contextlib.suppress(OSError):
            path.unlink()

    def _directory(self) -> Path | None:
        try:
            directory = (self.directory or default_directory()) / "sandbox"
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            info = os.lstat(directory)
        except (OSError, RuntimeError):
            return None
        return directory if stat.S_ISDIR(info.st_mode) and is_private(info) else None
