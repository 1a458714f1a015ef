"""Opens folders beneath a folder, through no link: by one call of the Linux kernel, or name by name."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

Opener = Callable[[int, Sequence[str]], int]

_OPENAT2 = 437  # the same number on every architecture that has it
_NO_MAGICLINKS, _NO_SYMLINKS, _BENEATH = 0x02, 0x04, 0x08
_TRIES = 16


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


@cache
def supported() -> bool:
    """Whether this system can open names relative to an open folder without following links."""
    needed = (os.open, os.stat, os.unlink, os.rename)
    return all(each in os.supports_dir_fd for each in needed) and os.scandir in os.supports_fd and hasattr(os, "O_NOFOLLOW")


def folder_flags() -> int:
    """How folders are opened."""
    return os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def walk(folder: int, names: Sequence[str]) -> int:
    """Open the folder at ``names`` beneath the open ``folder``, one name after the other; a descriptor for the caller to close.

    Raises OSError: ENOTDIR or ELOOP where a link or a file stands in place of a folder.
    """
    current = os.dup(folder)
    try:
        for name in names:
            following = os.open(name, folder_flags(), dir_fd=current)
            os.close(current)
            current = following
    except BaseException:
        os.close(current)
        raise
    return current


def openat2(folder: int, names: Sequence[str]) -> int:
    """As ``walk``, by Linux's openat2, which lets nobody come between two names.

    Raises OSError; ENOSYS or EPERM where the kernel or its guard has no openat2.
    """
    if not names:
        return os.dup(folder)
    how = _OpenHow(folder_flags(), 0, _BENEATH | _NO_SYMLINKS | _NO_MAGICLINKS)
    path = os.fsencode("/".join(names))
    for _ in range(_TRIES):
        descriptor = int(_syscall()(_OPENAT2, folder, path, ctypes.byref(how), ctypes.sizeof(how)))
        if descriptor >= 0:
            return descriptor
        number = ctypes.get_errno()
        if number not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(number, os.strerror(number))


@cache
def _syscall() -> Any:
    function = ctypes.CDLL(None, use_errno=True).syscall
    function.restype = ctypes.c_long
    function.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p, ctypes.c_size_t)
    return function


@cache
def system_opener() -> Opener:
    """The better of the two that works here."""
    if sys.platform == "linux" and os.uname().machine in ("x86_64", "aarch64"):
        folder = os.open("/", folder_flags())
        try:
            os.close(openat2(folder, (".",)))
        except OSError:
            pass
        else:
            return openat2
        finally:
            os.close(folder)
    return walk


@contextmanager
def opened(opener: Opener, folder: int, names: Sequence[str]) -> Iterator[int]:
    """The folder at ``names`` beneath ``folder``, open for the length of the block."""
    descriptor = opener(folder, names)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
