"""The folder that a document declares for its panel's files: where it lies, and whether it may be one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from pydantic import JsonValue

from ...errors import CapabilityError, HandlerError
from .beneath import Opener, folder_flags, supported

# Not files, though they look like it: memory, devices and settings of the running system.
_NO_FILES = ("/proc", "/sys", "/dev")


class Root:
    """One granted folder.

    A relative ``text`` starts at ``base``, the folder that the kernel ran in when the panel was made, and leads
    through no link: a link that came with a notebook must not widen what was granted.  An absolute path, or one that
    goes up by ``..``, is what the person who grants it sees, so it is taken as the system takes it.
    """

    def __init__(self, option: JsonValue, base: str, opener: Opener) -> None:
        self._text = option if isinstance(option, str) else ""
        self._base = base
        self._opener = opener

    @property
    def hidden(self) -> bool:
        """Whether the folder, as declared, lies in one whose name begins with a dot: a panel writes nothing there."""
        parts = [*PurePath(self._text).parts, *(PurePath(os.path.realpath(self._text)).parts if os.path.isabs(self._text) else ())]
        return any(part.startswith(".") and part not in (".", "..") for part in parts)

    @property
    def key(self) -> str:
        """Tells two folders apart."""
        return os.path.realpath(os.path.join(self._base, self._text))

    @contextmanager
    def open(self) -> Iterator[int]:
        """Its descriptor, for the length of the block.

        Raises CapabilityError: no folder is declared, or one that no panel gets.  HandlerError: it is not there.
        """
        if not supported():
            raise HandlerError(
                "nexus.fs does not work on this system, which cannot keep a path beneath a folder.",
                name="NotSupportedError",
                code="FS_NOT_SUPPORTED",
            )
        if not self._text.strip():
            raise CapabilityError(
                "this panel may use no folder.", hint='Declare one, <Extension name="nexus.fs" root="data" />, and grant it.'
            )
        descriptor = self._descriptor()
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _descriptor(self) -> int:
        parts = [part for part in self._text.split("/") if part not in ("", ".")]
        try:
            real = self.key
            if real == os.path.dirname(real) or any(real == each or real.startswith(f"{each}/") for each in _NO_FILES):
                raise CapabilityError(f"the root {self._text!r} is no folder for a panel.", hint="Name a folder of your own.")
            if os.path.isabs(self._text) or ".." in parts:
                return os.open(real, folder_flags())
            base = os.open(self._base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                return self._opener(base, parts)
            finally:
                os.close(base)
        except (OSError, ValueError):
            raise self._missing() from None

    def _missing(self) -> HandlerError:
        return HandlerError(
            f"the root {self._text!r} is no folder here, or leads through a link.",
            name="NotFoundError",
            hint="Create it beside the notebook; instead of a link, name the folder that it leads to.",
            code="FS_NO_ROOT",
        )
