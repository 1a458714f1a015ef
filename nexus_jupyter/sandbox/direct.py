"""Machines through wasmtime's C interface: one engine for all, memories from a pool, calls without type checks.

A guest begins and answers several times as fast as the public way (``bench/sandbox.py``).  All guests share an engine,
and an engine has one epoch: when it moves on, each guest that runs asks (``_on_epoch``) whether it was meant, and goes on
if not.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
import sys
import threading
import weakref
from ctypes import addressof, c_void_p
from typing import Any, Literal

import wasmtime

from . import capi
from .machine import STORE_MEMORY, GuestTrap, Image, Machine, ZoneOffset, answer_zone
from .public import Compiler, configuration

# Memories of the pool: each is 4 GiB of addresses and guards, and keeps what it once touched of its first 2 MiB.
POOL = 64
_ADDRESSES = 5 * 1024**3
_KEPT_MEMORY = 2 * 1024 * 1024
_KEPT_TABLE = 64 * 1024
_TABLE = 1_000
_STACK_OVERFLOW = 0
_IMPORTS = ("zone_offset", "memory")

# by the number that the callbacks get
_machines: weakref.WeakValueDictionary[int, DirectMachine] = weakref.WeakValueDictionary()
_numbers = itertools.count(1)


def _answer_zone(number: Any, _caller: Any, values: Any, _count: int) -> int:
    machine = _machines.get(number)
    values[0].i32 = 0 if machine is None else answer_zone(machine.zone_offset, values[0].i32, values[1].i32)
    return 0


def _answer_epoch(_context: Any, number: Any, further: Any, kind: Any) -> int:
    machine = _machines.get(number)
    if machine is None or machine.stopped:
        error: int = capi.error_new(b"interrupted")
        return error
    further[0] = 1
    kind[0] = 0  # go on
    return 0


_zone_offset = capi.HOST_CALL(_answer_zone)
_on_epoch = capi.EPOCH_CALL(_answer_epoch)


class _Made:
    """What machines are made from in one engine."""

    def __init__(self, engine: wasmtime.Engine, code: bytes) -> None:
        self.engine = engine
        self.engine_at = capi.address(engine.ptr())
        # a type becomes one engine's when it is first used, and wasmtime aborts the process when another one uses it
        i32 = wasmtime.ValType.i32
        self._zone_type = wasmtime.FuncType([i32(), i32()], [i32()])
        self.zone_type_at = capi.address(self._zone_type.ptr())
        self._code = wasmtime.Module.deserialize(engine, code)
        self.code_at = capi.address(self._code.ptr())
        self.order = tuple(str(wanted.name) for wanted in self._code.imports)
        if sorted(self.order) != sorted(_IMPORTS):
            raise wasmtime.WasmtimeError(f"the guest wants {', '.join(self.order)}")


class _Memory:
    """An image's modules, made for each engine when it is first used there."""

    def __init__(self, compiled: bytes) -> None:
        self._compiled = compiled
        self._lock = threading.Lock()
        # by what it was made for, not by an address: that of an engine that is gone may become another one's
        self._prepared: weakref.WeakKeyDictionary[_Made, tuple[wasmtime.InstancePre, int]] = weakref.WeakKeyDictionary()

    def at(self, made: _Made) -> int:
        """The address of the memory to instantiate."""
        found = self._prepared.get(made)
        if found is None:
            with self._lock:
                found = self._prepared.get(made)
                if found is None:
                    module = wasmtime.Module.deserialize(made.engine, self._compiled)
                    pre = wasmtime.Linker(made.engine).instantiate_pre(module)
                    found = self._prepared[made] = (pre, capi.address(pre.ptr()))
        return found[1]


class DirectMachine(Machine):
    """One guest."""

    def __init__(self, made: _Made, image_at: int, block: int, memory_limit: int, zone_offset: ZoneOffset) -> None:
        self.block = block
        self.zone_offset = zone_offset
        self.stopped = False
        self._engine_at = made.engine_at
        self._number = number = next(_numbers)
        self._trap = c_void_p()
        self._trap_at = addressof(self._trap)
        self._values = (capi.Value * 2)()
        self._values_at = addressof(self._values)
        self._instance = capi.Instance()
        self._memory_extern = capi.Extern()
        self._memory_at = addressof(self._memory_extern.of)
        self._made = made  # its code outlives us
        self._store: int | None = capi.store_new(made.engine_at, None, None)
        self._context = capi.store_context(self._store)
        _machines[number] = self
        try:
            capi.store_limiter(self._store, min(memory_limit, STORE_MEMORY), -1, 2, 1, 1)
            capi.store_on_epoch(self._store, _on_epoch, number, None)
            self.arm()
            self._begin(made, image_at)
        except BaseException:
            self.close()
            raise

    def _begin(self, made: _Made, image_at: int) -> None:
        context = self._context
        image = capi.Instance()
        self._checked(capi.instantiate_pre(image_at, context, addressof(image), self._trap_at))
        self._export(image, b"memory", self._memory_extern)
        imports = (capi.Extern * 2)()
        for i, name in enumerate(made.order):
            if name == "memory":
                ctypes.memmove(addressof(imports[i]), addressof(self._memory_extern), ctypes.sizeof(capi.Extern))
            else:
                imports[i].kind = capi.FUNCTION  # type: ignore[assignment]
                capi.function_new(context, made.zone_type_at, _zone_offset, self._number, None, addressof(imports[i].of))
        self._checked(capi.instantiate(context, made.code_at, addressof(imports), 2, addressof(self._instance), self._trap_at))
        self._step = self._function(b"step")
        self._reserve = self._function(b"reserve")

    def _export(self, instance: Any, name: bytes, into: Any) -> None:
        if not capi.export(self._context, addressof(instance), name, len(name), addressof(into)):
            raise wasmtime.WasmtimeError(f"the guest has no {name.decode()}")

    def _function(self, name: bytes) -> Any:
        found = capi.Extern()
        self._export(self._instance, name, found)
        function = capi.Function()
        ctypes.memmove(addressof(function), addressof(found.of), ctypes.sizeof(function))
        return function

    def arm(self) -> None:
        self.stopped = False
        capi.set_epoch_deadline(self._context, 1)

    def stop(self) -> None:
        self.stopped = True
        capi.increment_epoch(self._engine_at)

    def step(self, length: int) -> int:
        return self._call(self._step, length)

    def reserve(self, size: int) -> int:
        return self._call(self._reserve, size) & 0xFFFFFFFF

    def read(self, start: int, size: int) -> bytes:
        if start < 0 or size < 0 or start + size > capi.memory_size(self._context, self._memory_at):
            raise IndexError("outside the guest's memory")
        return ctypes.string_at(capi.memory_data(self._context, self._memory_at) + start, size)

    def write(self, start: int, content: bytes) -> None:
        if start < 0 or start + len(content) > capi.memory_size(self._context, self._memory_at):
            raise IndexError("outside the guest's memory")
        ctypes.memmove(capi.memory_data(self._context, self._memory_at) + start, content, len(content))

    @property
    def memory_size(self) -> int:
        size: int = capi.memory_size(self._context, self._memory_at)
        return size

    def close(self) -> None:
        store, self._store = getattr(self, "_store", None), None
        if store is not None:
            capi.store_delete(store)

    def __del__(self) -> None:
        self.close()

    def _call(self, function: Any, argument: int) -> int:
        values = self._values
        values[0].i64 = self.block
        values[1].i64 = argument
        error = capi.call(self._context, addressof(function), self._values_at, 2, self._trap_at)
        if error or self._trap.value:
            self._fail(error)
        result: int = values[0].i32
        return result

    def _fail(self, error: int | None) -> None:
        if error:
            message = capi.take_message(error)
            raise GuestTrap("interrupt" if self.stopped else "fault", message)
        code = ctypes.c_uint8(255)
        known = capi.trap_code(self._trap.value, addressof(code))
        capi.trap_delete(self._trap.value)
        self._trap.value = None
        stack = known and code.value == _STACK_OVERFLOW
        raise GuestTrap("stack" if stack else "fault", f"trap {code.value}" if known else "trap")

    def _checked(self, error: int | None) -> None:
        if error:
            raise wasmtime.WasmtimeError(capi.take_message(error))
        if self._trap.value:
            capi.trap_delete(self._trap.value)
            self._trap.value = None
            raise wasmtime.WasmtimeError("the guest trapped as it began")


class DirectHost(Compiler):
    """Two engines: one whose memories come from a pool, and one for those that find it empty, made when it is needed."""

    kind: Literal["public", "direct"] = "direct"

    def __init__(self, pool: int = POOL) -> None:
        super().__init__()
        self._pool = pool
        self._lock = threading.Lock()
        self._code = b""
        self._pooled: _Made | None = None
        self._plain: _Made | None = None

    def code(self, compiled: bytes) -> None:
        self._code = compiled
        self._pooled = self._pool_of(self._pool) if self._pool else None
        self._plain = None

    def image(self, compiled: bytes) -> Image:
        store = wasmtime.Store(self._compiler)
        module = wasmtime.Module.deserialize(self._compiler, compiled)
        block: Any = wasmtime.Instance(store, module, []).exports(store)["block"]
        return Image(block=int(block.value(store)), modules=_Memory(compiled))

    def machine(self, image: Image, memory_limit: int, zone_offset: ZoneOffset) -> Machine:
        pooled = self._pooled
        if pooled is not None:
            try:
                return DirectMachine(pooled, image.modules.at(pooled), image.block, memory_limit, zone_offset)
            except wasmtime.WasmtimeError:
                pass  # all of the pool is in use
        plain = self._unpooled()
        return DirectMachine(plain, image.modules.at(plain), image.block, memory_limit, zone_offset)

    def _unpooled(self) -> _Made:
        with self._lock:
            if self._plain is None:
                self._plain = _Made(wasmtime.Engine(configuration()), self._code)
            return self._plain

    def _pool_of(self, size: int) -> _Made | None:
        if not _has_addresses(size * _ADDRESSES):
            return None
        config = configuration()
        capi.use_pool(
            config, total_memories=size, total_tables=size, total_core_instances=2 * size,
            max_memory_size=STORE_MEMORY, table_elements=_TABLE,
            linear_memory_keep_resident=_KEPT_MEMORY, table_keep_resident=_KEPT_TABLE,
        )  # fmt: skip
        try:
            return _Made(wasmtime.Engine(config), self._code)
        except wasmtime.WasmtimeError:
            return None


def _has_addresses(size: int) -> bool:
    """Whether so many bytes of addresses can be had, e.g. below a limit of the shell.

    Asked beforehand: wasmtime aborts the process when it makes a pool that does not fit.
    """
    if sys.platform == "win32":
        return True  # nothing limits them there
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)
    try:
        mmap.mmap(-1, size, flags=flags, prot=0).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True
