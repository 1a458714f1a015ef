"""WebAssembly runs on the native stack of the thread that calls it; here is a thread with enough of it."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

WASM_STACK = 2 * 1024 * 1024
_NEEDED = WASM_STACK + 1024 * 1024
_GENEROUS = 16 * 1024 * 1024

Result = TypeVar("Result")
_local = threading.local()


def has_enough_stack() -> bool:
    """Whether the calling thread's stack holds the guest's besides Python's own frames."""
    enough: bool | None = getattr(_local, "enough", None)
    if enough is None:
        enough = (_stack_size() or 0) >= _NEEDED
        _local.enough = enough
    return enough


def with_enough_stack(function: Callable[[], Result]) -> Result:
    """``function()`` here, or on a thread of its own when this one's stack is too small."""
    if has_enough_stack():
        return function()
    outcome: Future[Result] = Future()

    def run() -> None:
        _local.enough = True
        try:
            outcome.set_result(function())
        except BaseException as error:  # the caller's thread raises it
            outcome.set_exception(error)

    thread = _roomy_thread(run)
    thread.join()
    return outcome.result()


_size_lock = threading.Lock()


def _roomy_thread(run: Callable[[], None]) -> threading.Thread:
    # The size is a setting of the whole process, read when a thread starts.
    with _size_lock:
        before = threading.stack_size(_GENEROUS)
        try:
            thread = threading.Thread(target=run, name="nexus-guest", daemon=True)
            thread.start()
        finally:
            threading.stack_size(before)
    return thread


def _stack_size() -> int | None:
    """Bytes of the calling thread's stack, None when the platform does not tell."""
    try:
        if sys.platform == "darwin":
            library: Any = ctypes.CDLL(None)
            library.pthread_self.restype = ctypes.c_void_p
            library.pthread_get_stacksize_np.restype = ctypes.c_size_t
            library.pthread_get_stacksize_np.argtypes = [ctypes.c_void_p]
            return int(library.pthread_get_stacksize_np(library.pthread_self()))
        if sys.platform.startswith("linux"):
            return _linux_stack_size()
    except (AttributeError, OSError):
        return None
    return None


def _linux_stack_size() -> int | None:
    library: Any = ctypes.CDLL(None)
    library.pthread_self.restype = ctypes.c_void_p
    library.pthread_getattr_np.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.pthread_attr_getstack.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    attributes = ctypes.create_string_buffer(256)
    if library.pthread_getattr_np(library.pthread_self(), attributes) != 0:
        return None
    address, size = ctypes.c_void_p(), ctypes.c_size_t()
    failed = library.pthread_attr_getstack(attributes, ctypes.byref(address), ctypes.byref(size)) != 0
    library.pthread_attr_destroy(attributes)
    return None if failed else size.value
