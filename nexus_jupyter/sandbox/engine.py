"""The WebAssembly engine: the only module that touches wasmtime.

Each guest gets an engine of its own (7 µs) with the compiled modules mapped in (0.2 ms), so that its epoch
stops it alone, at once, wherever it is: in a loop, in a regular expression or in native code of the guest.
The guest can call the host for one thing only, the offset of a time zone.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ..errors import EngineError
from .cache import CompiledCache
from .deadline import DeadlineKeeper
from .stack import WASM_STACK

_STORE_MEMORY = 96 * 1024 * 1024
_PAGE = 65_536
_CODE, _IMAGE, _PROVENANCE = "guest-code.wasm", "guest-image.wasm", "guest-provenance.json"

ZoneOffset = Callable[[int], int]


class GuestTrap(Exception):
    """The guest ended in a trap; ``reason`` is ``interrupt``, ``stack`` or ``fault``.  Its memory is not to be used again."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Machine:
    """One instantiated guest: its memory and two functions.  Not safe for several threads at a time, but for ``stop``."""

    def __init__(self, wasmtime: Any, engine: Any, code: Any, image: Any, memory_limit: int, zone_offset: ZoneOffset) -> None:
        self._wasmtime = wasmtime
        self._engine = engine
        store = wasmtime.Store(engine)
        store.set_limits(memory_size=min(memory_limit, _STORE_MEMORY), instances=2, memories=1, tables=1)
        self._store = store
        i32 = wasmtime.ValType.i32
        offset = wasmtime.Func(store, wasmtime.FuncType([i32(), i32()], [i32()]), _offset_callback(zone_offset))
        self.arm()
        exports = wasmtime.Instance(store, image, []).exports(store)
        memory = exports["memory"]
        self._memory = memory
        self.block: int = exports["block"].value(store)
        imports = [offset if wanted.name == "zone_offset" else memory for wanted in code.imports]
        functions = wasmtime.Instance(store, code, imports).exports(store)
        self._step = functions["step"]
        self._reserve = functions["reserve"]

    def arm(self) -> None:
        """Let the next ``stop`` interrupt what runs then."""
        self._store.set_epoch_deadline(1)

    def stop(self) -> None:
        """Interrupt the guest; callable from any thread at any time."""
        self._engine.increment_epoch()

    def step(self, length: int) -> int:
        """Run one step on the ``length`` bytes at the input; gives the status.  Raises ``GuestTrap``."""
        return self._call(self._step, self.block, length)

    def reserve(self, size: int) -> int:
        """Make room for a request of ``size`` bytes; its address, 0 when memory is short.  Raises ``GuestTrap``."""
        return self._call(self._reserve, self.block, size) & 0xFFFFFFFF

    def read(self, start: int, size: int) -> bytes:
        """Bytes of the guest's memory; ``IndexError`` outside of it."""
        if start < 0 or size < 0 or start + size > self._memory.data_len(self._store):
            raise IndexError("outside the guest's memory")
        return bytes(self._memory.read(self._store, start, start + size))

    def write(self, start: int, content: bytes) -> None:
        """Put bytes into the guest's memory; ``IndexError`` outside of it."""
        if start < 0 or start + len(content) > self._memory.data_len(self._store):
            raise IndexError("outside the guest's memory")
        self._memory.write(self._store, content, start)

    @property
    def memory_size(self) -> int:
        """Bytes of linear memory now."""
        return int(self._memory.data_len(self._store))

    def _call(self, function: Any, *arguments: int) -> int:
        try:
            return int(function(self._store, *arguments))
        except self._wasmtime.Trap as trap:
            raise GuestTrap(self._reason(trap), trap.message) from None
        except self._wasmtime.WasmtimeError as error:
            raise GuestTrap("fault", str(error)) from None

    def _reason(self, trap: Any) -> str:
        codes = self._wasmtime.TrapCode
        return {codes.INTERRUPT: "interrupt", codes.STACK_OVERFLOW: "stack"}.get(trap.trap_code, "fault")


def _offset_callback(zone_offset: ZoneOffset) -> Callable[[int, int], int]:
    def callback(high: int, low: int) -> int:
        try:
            return zone_offset((high << 32) | (low & 0xFFFFFFFF))
        except Exception:
            # An exception in here could surface in another thread's call: wasmtime keeps one slot for all.
            return 0

    return callback


class Engine:
    """Compiled modules, once a process.  Thread-safe; ``Engine.shared()`` is the one to use."""

    _shared: Engine | None = None
    _shared_lock = threading.Lock()

    def __init__(self, cache: CompiledCache | None = None, static: Path | None = None) -> None:
        self._cache = cache or CompiledCache()
        self._static = static
        self._lock = threading.Lock()
        self._compiled: dict[str, Path | bytes] = {}
        self._failure: EngineError | None = None
        self._wasmtime: Any = None
        self._warming: threading.Thread | None = None
        self.deadlines = DeadlineKeeper()

    @classmethod
    def shared(cls) -> Engine:
        """The process's engine; making it compiles nothing."""
        with cls._shared_lock:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    @property
    def ready(self) -> bool:
        """Whether ``machine`` would not have to compile."""
        return len(self._compiled) == 2

    def warm(self) -> None:
        """Compile in the background when that is still to be done; a failure is told by ``machine``."""
        if self.ready or self._warming is not None:
            return
        self._warming = threading.Thread(target=self._warm, name="nexus-warm", daemon=True)
        self._warming.start()

    def _warm(self) -> None:
        try:
            self._prepare()
        except EngineError:
            return

    def machine(self, memory_limit: int, zone_offset: ZoneOffset) -> Machine:
        """A new guest from the image.  Raises ``EngineError`` when the engine cannot run here."""
        self._prepare()
        engine = self._new_engine()
        try:
            code, image = self._module(engine, _CODE), self._module(engine, _IMAGE)
            return Machine(self._wasmtime, engine, code, image, memory_limit, zone_offset)
        except self._wasmtime.WasmtimeError as error:
            raise EngineError(f"the sandbox could not start: {error}", hint="Reinstall nexus-jupyter.") from None

    def _new_engine(self) -> Any:
        # One constant configuration: wasmtime aborts the process for a stack above 2 MiB.
        config = self._wasmtime.Config()
        config.epoch_interruption = True
        config.max_wasm_stack = WASM_STACK
        config.wasm_threads = False
        config.shared_memory = False
        config.memory_may_move = False
        return self._wasmtime.Engine(config)

    def _prepare(self) -> None:
        if self.ready:
            return
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if self.ready:
                return
            try:
                self._compile_all()
            except EngineError as error:
                self._failure = error
                raise

    def _compile_all(self) -> None:
        try:
            import wasmtime
        except (ImportError, OSError) as error:
            raise EngineError(f"the package wasmtime cannot be used here: {error}", hint="Install wasmtime>=50.0.1.") from None
        self._wasmtime = wasmtime
        sources = {name: self._source(name) for name in (_CODE, _IMAGE)}
        self._verify(sources)
        engine = self._new_engine()
        for name, wasm in sources.items():
            self._compiled[name] = self._compile(engine, wasm)

    def _compile(self, engine: Any, wasm: bytes) -> Path | bytes:
        """The compiled module, from the cache when it is there: as a file to map, else as bytes."""
        path = self._cache.path(wasm, f"wasmtime {version('wasmtime')} python {sys.version_info[:2]} stack {WASM_STACK}")
        if path is not None and self._cache.fit_to_read(path):
            try:
                self._wasmtime.Module.deserialize_file(engine, str(path))
                return path
            except self._wasmtime.WasmtimeError:
                self._cache.discard(path)
        try:
            compiled = bytes(self._wasmtime.Module(engine, wasm).serialize())
        except self._wasmtime.WasmtimeError as error:
            raise EngineError(f"the sandbox could not be compiled: {error}", hint="Reinstall nexus-jupyter.") from None
        return path if path is not None and self._cache.store(path, compiled) else compiled

    def _module(self, engine: Any, name: str) -> Any:
        compiled = self._compiled[name]
        if isinstance(compiled, bytes):
            return self._wasmtime.Module.deserialize(engine, compiled)
        try:
            if self._cache.fit_to_read(compiled):
                return self._wasmtime.Module.deserialize_file(engine, str(compiled))
        except self._wasmtime.WasmtimeError:
            pass
        # The file went away or changed since: compile again, and keep the result in memory.
        wasm = self._source(name)
        module = self._wasmtime.Module(engine, wasm)
        self._compiled[name] = bytes(module.serialize())
        return module

    def _source(self, name: str) -> bytes:
        try:
            if self._static is not None:
                return (self._static / name).read_bytes()
            return resources.files("nexus_jupyter").joinpath("static", name).read_bytes()
        except (OSError, ModuleNotFoundError):
            raise EngineError(f"the sandbox's file {name} is missing", hint="Reinstall nexus-jupyter.") from None

    def _verify(self, sources: dict[str, bytes]) -> None:
        import hashlib

        try:
            outputs = json.loads(self._source(_PROVENANCE))["outputs"]
            intact = all(hashlib.sha256(wasm).hexdigest() == outputs[name]["sha256"] for name, wasm in sources.items())
        except (ValueError, KeyError, TypeError):
            intact = False
        if not intact:
            raise EngineError("the sandbox's files are damaged", hint="Reinstall nexus-jupyter.")


def warm() -> None:
    """Compile the process's engine in the background, when that is still to be done."""
    Engine.shared().warm()
