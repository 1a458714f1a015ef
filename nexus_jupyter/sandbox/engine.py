"""The WebAssembly engine: the guest's modules, compiled once, and the machines that are made of them.

How wasmtime is used is chosen once a process: directly (``direct.py``) where the installed version offers what that
needs, else by its public interface (``public.py``).  The guest can call the host for one thing only, the offset of a
time zone.
"""

from __future__ import annotations

import json
import sys
import threading
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ..errors import EngineError
from .cache import CompiledCache
from .deadline import DeadlineKeeper
from .memory_image import memory_image
from .stack import WASM_STACK

if TYPE_CHECKING:
    from .machine import Host, Image, Machine, ZoneOffset

_CODE, _IMAGE, _PROVENANCE = "guest-code.wasm", "guest-image.wasm", "guest-provenance.json"

Way = Literal["direct", "public"]


def host(way: Way | None = None) -> Host:
    """How guests are run: directly where the installed wasmtime offers what it needs, unless ``way`` says otherwise.

    Raises ImportError, AttributeError or OSError: this wasmtime cannot be used that way.
    """
    if way != "public":
        try:
            from .direct import DirectHost

            return DirectHost()
        except (ImportError, AttributeError):
            if way is not None:
                raise
    from .public import PublicHost

    return PublicHost()


class Engine:
    """Compiled modules, once a process.  Thread-safe; ``Engine.shared()`` is the one to use."""

    _shared: Engine | None = None
    _shared_lock = threading.Lock()

    def __init__(self, cache: CompiledCache | None = None, static: Path | None = None, way: Way | None = None) -> None:
        self._cache = cache or CompiledCache()
        self._static = static
        self._way = way
        self._lock = threading.Lock()
        self._failure: EngineError | None = None
        self._host: Host | None = None
        self._image: Image | None = None
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
        return self._image is not None

    def warm(self) -> None:
        """Compile in the background when that is still to be done; a failure is told by ``machine``."""
        if self.ready or self._warming is not None:
            return
        self._warming = threading.Thread(target=self._warm, name="nexus-warm", daemon=True)
        self._warming.start()

    def _warm(self) -> None:
        try:
            self.prepare()
        except EngineError:
            return

    @property
    def way(self) -> str:
        """``direct`` or ``public``: how guests are run here.  Raises ``EngineError``."""
        return self._ready()[0].kind

    def machine(self, memory_limit: int, zone_offset: ZoneOffset, image: Image | None = None) -> Machine:
        """A new guest from ``image``, ours if None.  Raises ``EngineError`` when the engine cannot run here."""
        host, ours = self._ready()
        try:
            return host.machine(image or ours, memory_limit, zone_offset)
        except host.error as error:
            raise _no_room(error) from None

    def keep(self, machine: Machine) -> Image:
        """The memory of ``machine`` as it is now as an image, for guests to begin with.  Raises ``EngineError``.

        It takes some milliseconds.  Between two steps only: nothing is on the guest's stack then.
        """
        host, _ = self._ready()
        try:
            return host.image(host.compile(memory_image(machine.read(0, machine.memory_size), machine.block)))
        except host.error as error:
            raise EngineError(f"the sandbox's memory could not be kept: {error}") from None

    def _ready(self) -> tuple[Host, Image]:
        self.prepare()
        assert self._host is not None
        assert self._image is not None
        return self._host, self._image

    def prepare(self) -> None:
        """Compile now if that is still to be done; up to seconds.  Raises ``EngineError``."""
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
            made = host(self._way)
        except (ImportError, AttributeError, OSError) as error:
            raise EngineError(f"the package wasmtime cannot be used here: {error}", hint="Install wasmtime>=50.0.1.") from None
        sources = {name: self._source(name) for name in (_CODE, _IMAGE)}
        self._verify(sources)
        code, image = (self._compile(made, sources[name]) for name in (_CODE, _IMAGE))
        try:
            made.code(code)
            self._host, self._image = made, made.image(image)
        except made.error as error:
            raise _no_room(error) from None

    def _compile(self, host: Host, wasm: bytes) -> bytes:
        """The compiled module, from the cache when it is there.

        Its file is read, once, and not mapped: a mapped file that is cut would end the process.
        """
        path = self._cache.path(wasm, f"wasmtime {version('wasmtime')} python {sys.version_info[:2]} stack {WASM_STACK}")
        kept = None if path is None else self._cache.read(path)
        if path is not None and kept is not None:
            if host.fits(kept):
                return kept
            self._cache.discard(path)
        try:
            compiled = host.compile(wasm)
        except host.error as error:
            raise EngineError(f"the sandbox could not be compiled: {error}", hint="Reinstall nexus-jupyter.") from None
        if path is not None:
            self._cache.store(path, compiled)
        return compiled

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


def _no_room(error: Exception) -> EngineError:
    # the code was sound when it was loaded: what is missing is memory, or addresses of it
    hint = "Free memory, or raise the limit that is too low: `memory` of the panel's limits, or a program's addresses (ulimit -v)."
    return EngineError(f"the sandbox could not start: {str(error).splitlines()[0]}", hint=hint)


def warm() -> None:
    """Compile the process's engine in the background, when that is still to be done."""
    Engine.shared().warm()
