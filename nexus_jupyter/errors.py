"""Errors a user can meet.  Each has a stable ``code`` and says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from .diagnostics import Diagnostic, errors_of, render_html, render_text


class NexusError(Exception):
    """Base of every error that nexus-jupyter raises on purpose.

    ``code`` is stable and meant for programs; ``hint`` says what to do, empty if the message does.
    """

    code = "NEXUS_ERROR"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        if self.message.endswith((".", "!", "?")) or self.hint.startswith("("):
            return f"{self.message} {self.hint}"
        return f"{self.message}{';' if self.hint[0].islower() else '.'} {self.hint}"


class DocumentError(NexusError):
    """A panel document has errors; ``diagnostics`` lists all problems, warnings included."""

    code = "INVALID_DOCUMENT"

    def __init__(self, source: str, diagnostics: Sequence[Diagnostic], *, name: str = "") -> None:
        self.source = source
        self.diagnostics = tuple(diagnostics)
        self.name = name
        count = len(errors_of(diagnostics))
        super().__init__(f"the panel document has {count} error{'' if count == 1 else 's'}")

    def __str__(self) -> str:
        return f"{self.message}\n\n{render_text(self.source, self.diagnostics, name=self.name)}"

    def _repr_html_(self) -> str:
        return render_html(self.source, self.diagnostics, name=self.name)


class OptionError(NexusError):
    """A wrong option of a magic, function or setting."""

    code = "INVALID_OPTION"


class StateError(NexusError):
    """A write that breaks a state's declaration (type, enum, min, max, pattern, unknown name)."""

    code = "INVALID_STATE"


class ArgumentError(NexusError):
    """Arguments that do not fit a tool's ``Arg`` declarations, or an unknown tool."""

    code = "ARGUMENT_MISMATCH"


class HandlerError(NexusError):
    """A handler or expression threw.  ``line`` and ``column`` point into the document, 0 if unknown."""

    code = "HANDLER_ERROR"

    def __init__(
        self, message: str, *, name: str = "Error", line: int = 0, column: int = 0, stack: str = "", hint: str = "", code: str | None = None
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.name = name
        self.line = line
        self.column = column
        self.stack = stack


class CapabilityError(NexusError):
    """An extension call that nobody granted."""

    code = "CAPABILITY_DENIED"


class LimitError(NexusError):
    """A limit of the sandbox was passed.

    ``limit`` names it, ``allowed`` is its value and ``used`` what was used or asked for, both in the limit's own unit;
    None where that is not known.
    """

    code = "LIMIT_EXCEEDED"

    def __init__(
        self, message: str, *, limit: str, allowed: float | int | None = None, used: float | int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint, code=f"LIMIT_{limit.upper()}")
        self.limit = limit
        self.allowed = allowed
        self.used = used


class CancelledError(NexusError):
    """The call was cancelled before it ended; steps committed before stay."""

    code = "CANCELLED"


class PanelClosedError(NexusError):
    """The panel was closed or replaced by a newer run of its cell."""

    code = "PANEL_CLOSED"


class StaleError(NexusError):
    """What was to be changed has changed since; nothing was done."""

    code = "STALE"


class EngineError(NexusError):
    """The sandbox engine cannot run here (missing or damaged build, unsupported wasmtime)."""

    code = "ENGINE_UNAVAILABLE"
