"""The part of wasmtime's C interface that its Python package binds but does not offer: calls without type checks,
memory without copies, one engine for many guests.

Importing this fails with an ``AttributeError`` or ``ImportError`` where the installed wasmtime lacks any of it or declares
it otherwise than it is used here; then the public interface does (``public.py``).  Every function takes plain addresses,
and no call is checked: ``direct.py`` is the only user.
"""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, c_bool, c_char_p, c_int64, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any

from wasmtime import _ffi as ffi

_library: Any = ffi.dll


def _function(name: str, result: Any, *arguments: Any) -> Any:
    # a prototype of our own: the package's takes typed pointers, which cost more than the call
    declared = getattr(_library, name)
    _compare(name, (declared.restype, *declared.argtypes), (result, *arguments))
    return CFUNCTYPE(result, *arguments)((name, _library))


def _compare(name: str, declared: tuple[Any, ...], used: tuple[Any, ...]) -> None:
    """Refuse a function whose parameters another version declares otherwise: a wrong call would corrupt memory.

    Raises AttributeError.
    """
    same = len(declared) == len(used)
    for theirs, ours in zip(declared, used, strict=False):
        same = same and (0 if theirs is None else ctypes.sizeof(theirs)) == (0 if ours is None else ctypes.sizeof(ours))
        if same and hasattr(theirs, "_argtypes_") and hasattr(ours, "_argtypes_"):
            _compare(f"{name}'s callback", (theirs._restype_, *theirs._argtypes_), (ours._restype_, *ours._argtypes_))
    if not same:
        raise AttributeError(f"this wasmtime declares {name} otherwise")


class Value(ctypes.Union):
    """``wasmtime_val_raw_t``."""

    _fields_ = (("i32", ctypes.c_int32), ("u32", c_uint32), ("i64", c_int64), ("bytes", c_uint8 * 16))


Extern = ffi.wasmtime_extern_t
Instance = ffi.wasmtime_instance_t
Function = ffi.wasmtime_func_t

FUNCTION = 0
"""The kind of an extern that is a function."""

HOST_CALL = CFUNCTYPE(c_size_t, c_void_p, c_void_p, ctypes.POINTER(Value), c_size_t)
"""``wasmtime_func_unchecked_callback_t``: env, caller, arguments and results, how many; gives a trap or 0."""
EPOCH_CALL = CFUNCTYPE(c_size_t, c_void_p, c_void_p, ctypes.POINTER(c_uint64), ctypes.POINTER(c_uint8))
"""Context, data, further ticks, kind of the update; gives an error or 0."""

store_new = _function("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _function("wasmtime_store_context", c_void_p, c_void_p)
store_delete = _function("wasmtime_store_delete", None, c_void_p)
store_limiter = _function("wasmtime_store_limiter", None, c_void_p, c_int64, c_int64, c_int64, c_int64, c_int64)
store_on_epoch = _function("wasmtime_store_epoch_deadline_callback", None, c_void_p, EPOCH_CALL, c_void_p, c_void_p)
set_epoch_deadline = _function("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
increment_epoch = _function("wasmtime_engine_increment_epoch", None, c_void_p)
instantiate_pre = _function("wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
instantiate = _function("wasmtime_instance_new", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p)
export = _function("wasmtime_instance_export_get", c_bool, c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
function_new = _function("wasmtime_func_new_unchecked", None, c_void_p, c_void_p, HOST_CALL, c_void_p, c_void_p, c_void_p)
call = _function("wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
memory_data = _function("wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
memory_size = _function("wasmtime_memory_data_size", c_size_t, c_void_p, c_void_p)
trap_code = _function("wasmtime_trap_code", c_bool, c_void_p, c_void_p)
trap_delete = _function("wasm_trap_delete", None, c_void_p)
error_new = _function("wasmtime_error_new", c_void_p, c_char_p)
error_delete = _function("wasmtime_error_delete", None, c_void_p)
error_message = _function("wasmtime_error_message", None, c_void_p, c_void_p)

_POOL = (
    "total_memories", "total_tables", "total_core_instances", "max_memory_size", "table_elements",
    "linear_memory_keep_resident", "table_keep_resident",
)  # fmt: skip
_pool_new = ffi.wasmtime_pooling_allocation_config_new
_pool_delete = ffi.wasmtime_pooling_allocation_config_delete
_pool_use = ffi.wasmtime_pooling_allocation_strategy_set
_pool_setters = {name: getattr(ffi, f"wasmtime_pooling_allocation_config_{name}_set") for name in _POOL}


def address(pointer: Any) -> int:
    """The address that a pointer of the package holds."""
    value = ctypes.cast(pointer, c_void_p).value
    assert value is not None
    return value


def use_pool(config: Any, **sizes: int) -> None:
    """Have engines of ``config`` (a ``wasmtime.Config``) take memories from a pool; ``sizes`` as wasmtime names them."""
    pool = _pool_new()
    try:
        for name, size in sizes.items():
            _pool_setters[name](pool, size)
        _pool_use(config.ptr(), pool)
    finally:
        _pool_delete(pool)


def take_message(error: int) -> str:
    """The text of an error, which is freed."""
    text = ffi.wasm_name_t()
    error_message(error, ctypes.addressof(text))
    try:
        return ctypes.string_at(text.data, text.size).decode("utf-8", "replace")
    finally:
        ffi.wasm_byte_vec_delete(ctypes.byref(text))
        error_delete(error)
