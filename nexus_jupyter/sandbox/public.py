"""Machines through what wasmtime's Python package offers: the way that works with every version of it.

Each guest gets an engine of its own (7 µs) with the compiled modules loaded into it, so that its epoch stops it alone,
at once, wherever it is: in a loop, in a regular expression or in native code of the guest.
"""

from __future__ import annotations

import os
from typing import Any, Literal

import wasmtime

from .machine import STORE_MEMORY, GuestTrap, Host, Image, Machine, ZoneOffset, answer_zone
from .stack import WASM_STACK

_REASONS = {wasmtime.TrapCode.INTERRUPT: "interrupt", wasmtime.TrapCode.STACK_OVERFLOW: "stack"}


def configuration() -> wasmtime.Config:
    """The one configuration: wasmtime aborts the whole process for a stack above 2 MiB."""
    config = wasmtime.Config()
    config.epoch_interruption = True
    config.max_wasm_stack = WASM_STACK
    config.wasm_threads = False
    config.shared_memory = False
    config.memory_may_move = False
    return config


class _Code:
    """Compiled code as an engine loads it fastest: mapped from memory that has a file's name where there is such a thing.

    Never from a file of the disk: one that is cut while it is mapped ends the process.
    """

    def __init__(self, compiled: bytes) -> None:
        self._compiled = compiled
        self._file = -1
        if not hasattr(os, "memfd_create"):
            return
        try:
            self._file = os.memfd_create("nexus", os.MFD_CLOEXEC)
            with open(self._file, "wb", closefd=False) as file:
                file.write(compiled)
        except OSError:
            self._close()

    def module(self, engine: wasmtime.Engine) -> wasmtime.Module:
        """The module in ``engine``.  Raises ``wasmtime.WasmtimeError``."""
        if self._file >= 0:
            try:
                return wasmtime.Module.deserialize_file(engine, f"/proc/self/fd/{self._file}")
            except wasmtime.WasmtimeError:
                self._close()  # no /proc here
        return wasmtime.Module.deserialize(engine, self._compiled)

    def _close(self) -> None:
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def __del__(self) -> None:
        self._close()


class PublicMachine(Machine):
    """One guest in an engine of its own."""

    def __init__(self, engine: Any, code: Any, image: Any, memory_limit: int, zone_offset: ZoneOffset) -> None:
        self._engine = engine
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=min(memory_limit, STORE_MEMORY), instances=2, memories=1, tables=1)
        self._store = store
        i32 = wasmtime.ValType.i32
        offset = wasmtime.Func(store, wasmtime.FuncType([i32(), i32()], [i32()]), lambda high, low: answer_zone(zone_offset, high, low))
        self.arm()
        exports = wasmtime.Instance(store, image, []).exports(store)
        memory: Any = exports["memory"]
        self._memory = memory
        block: Any = exports["block"]
        self.block = int(block.value(store))
        imports = [offset if wanted.name == "zone_offset" else memory for wanted in code.imports]
        functions = wasmtime.Instance(store, code, imports).exports(store)
        self._step: Any = functions["step"]
        self._reserve: Any = functions["reserve"]

    def arm(self) -> None:
        self._store.set_epoch_deadline(1)

    def stop(self) -> None:
        self._engine.increment_epoch()

    def step(self, length: int) -> int:
        return self._call(self._step, self.block, length)

    def reserve(self, size: int) -> int:
        return self._call(self._reserve, self.block, size) & 0xFFFFFFFF

    def read(self, start: int, size: int) -> bytes:
        if start < 0 or size < 0 or start + size > self.memory_size:
            raise IndexError("outside the guest's memory")
        return bytes(self._memory.read(self._store, start, start + size))

    def write(self, start: int, content: bytes) -> None:
        if start < 0 or start + len(content) > self.memory_size:
            raise IndexError("outside the guest's memory")
        self._memory.write(self._store, content, start)

    @property
    def memory_size(self) -> int:
        return int(self._memory.data_len(self._store))

    def close(self) -> None:
        self._store.close()

    def _call(self, function: Any, *arguments: int) -> int:
        try:
            return int(function(self._store, *arguments))
        except wasmtime.Trap as trap:
            code = trap.trap_code
            raise GuestTrap("fault" if code is None else _REASONS.get(code, "fault"), trap.message) from None
        except wasmtime.WasmtimeError as error:
            raise GuestTrap("fault", str(error)) from None


class Compiler(Host):
    """What both ways have in common: code for one configuration of wasmtime."""

    error = wasmtime.WasmtimeError

    def __init__(self) -> None:
        self._compiler = wasmtime.Engine(configuration())

    def compile(self, wasm: bytes) -> bytes:
        return bytes(wasmtime.Module(self._compiler, wasm).serialize())

    def fits(self, compiled: bytes) -> bool:
        try:
            wasmtime.Module.deserialize(self._compiler, compiled)
        except wasmtime.WasmtimeError:
            return False
        return True


class PublicHost(Compiler):
    """Images are compiled code, loaded anew for each guest."""

    kind: Literal["public", "direct"] = "public"

    def __init__(self) -> None:
        super().__init__()
        self._code = _Code(b"")

    def code(self, compiled: bytes) -> None:
        self._code = _Code(compiled)

    def image(self, compiled: bytes) -> Image:
        return Image(block=0, modules=_Code(compiled))

    def machine(self, image: Image, memory_limit: int, zone_offset: ZoneOffset) -> Machine:
        engine = wasmtime.Engine(configuration())
        return PublicMachine(engine, self._code.module(engine), image.modules.module(engine), memory_limit, zone_offset)
