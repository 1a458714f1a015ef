"""A panel's state as Python sees it: ``panel.state.count``, observable and linkable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, cast

from traitlets import All, HasTraits, TraitError, TraitType
from traitlets.utils.sentinel import Sentinel

from ..errors import StateError
from ..nxml.program import Program, StateDeclaration
from ..sandbox.values import to_json
from .mailbox import mailbox
from .names import nearest

if TYPE_CHECKING:
    from .runtime import Runtime


class DeclaredState(TraitType[Any, Any]):
    """The trait of one declared state.  Its value lives in the panel, not in the trait."""

    def __init__(self, declaration: StateDeclaration) -> None:
        super().__init__(help=declaration.description or None, allow_none=True)
        self.declaration = declaration

    def get(self, obj: HasTraits, cls: Any = None) -> Any:
        """The committed value."""
        return cast(PanelState, obj)[self.declaration.name]

    def set(self, obj: HasTraits, value: Any) -> None:
        """Commit ``value``; observers are told by the commit."""
        cast(PanelState, obj)[self.declaration.name] = value


class PanelState(HasTraits):
    """The states of one panel, by attribute or by name; computed values can be read.

    Each declared state is a trait: ``panel.state.observe(f, "count")`` and
    ``traitlets.link((panel.state, "count"), (slider, "value"))`` work.  A name that collides with
    one of this object's own (``observe``, ``keys`` …) is reached as ``panel.state["observe"]``.
    What is read cannot be changed in place; assign a new value instead.

    Observers run on the main thread and hear of a state as it is by then: a value that was
    overwritten while the main thread was busy is not told.
    """

    _panel_runtime: Runtime
    _panel_untold: dict[str, Any]  # name → the value that observers know, for each state that has changed since

    @staticmethod
    def of(runtime: Runtime) -> PanelState:
        """The state object of ``runtime``, with a trait for each declared state."""
        state = _class_for(runtime.program)()
        object.__setattr__(state, "_panel_runtime", runtime)
        object.__setattr__(state, "_panel_untold", {})
        return state

    def _redeclare(self) -> None:
        """Have the traits of the document that the panel has now; observers and links stay."""
        self.__class__ = _class_for(self._panel_program)

    @property
    def _panel_program(self) -> Program:
        return self._panel_runtime.program

    def __getitem__(self, name: str) -> Any:
        runtime = self._panel_runtime
        state = runtime.state  # once: it may be another the next moment
        if name in state:
            return state[name]
        if any(c.name == name for c in self._panel_program.computed):
            return mailbox.wait(runtime.read(name))
        raise self._unknown(name)

    def __setitem__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def update(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> int:
        """Commit several states as one revision, all or none; gives the revision.

        Raises StateError: an unknown name, a computed value, or a value that breaks its declaration.
        """
        merged = {**(values or {}), **more}
        for name in merged:
            if self._panel_program.state(name) is None:
                raise self._unknown(name)
        converted = {name: to_json(value, name) for name, value in merged.items()}
        return mailbox.wait(self._panel_runtime.write(converted))

    def __iter__(self) -> Iterator[str]:
        return iter(self._panel_runtime.state)

    def __len__(self) -> int:
        return len(self._panel_runtime.state)

    def __contains__(self, name: object) -> bool:
        return name in self._panel_runtime.state

    def observe(
        self, handler: Callable[..., Any], names: Sentinel | str | Collection[Sentinel | str] = All, type: Sentinel | str = "change"
    ) -> None:
        """Have ``handler(change)`` called when one of ``names`` has changed, or any state; as in traitlets.

        Raises StateError: a name that is no declared state.
        """
        named = (names,) if isinstance(names, (str, Sentinel)) else tuple(names or ())
        for name in named:
            if isinstance(name, str) and self._panel_program.state(name) is None:
                raise self._unknown(name, "observed", "Observe")
        super().observe(handler, names, type)

    def keys(self) -> list[str]:
        """The names of the declared states, in their order."""
        return [s.name for s in self._panel_program.states]

    def __setattr__(self, name: str, value: Any) -> None:
        # HasTraits would take any attribute silently: a misspelt state must not vanish.
        # (notify_change is set by its own hold_trait_notifications)
        if name.startswith("_") or name == "notify_change" or self.has_trait(name):
            super().__setattr__(name, value)
            return
        raise self._unknown(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise AttributeError(str(self._unknown(name)))

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *(c.name for c in self._panel_program.computed)})

    def __repr__(self) -> str:
        values = ", ".join(f"{k}={brief(v)}" for k, v in self._panel_runtime.state.items())
        return f"PanelState({values})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("the state of a live panel cannot be copied or pickled; take dict(panel.state)")

    def _ipython_key_completions_(self) -> list[str]:
        return [*self.keys(), *(c.name for c in self._panel_program.computed)]

    def _unknown(self, name: str, done: str = "written", do: str = "Write") -> StateError:
        if any(c.name == name for c in self._panel_program.computed):
            return StateError(f"{name} is a computed value and cannot be {done}.", hint=f"{do} the states it is computed from.")
        if self._panel_program.state(name) is not None:
            return StateError(f"the name {name!r} belongs to this object itself.", hint=f"Use panel.state[{name!r}].")
        return StateError(f"the panel declares no state {name!r}.", hint=nearest(name, self._ipython_key_completions_()))

    def _changed(self, name: str, old: Any) -> None:
        """Have the observers of ``name`` told soon; on the panel's thread, after the commit."""
        if name not in self._panel_untold:
            self._panel_untold[name] = old
            mailbox.post(lambda: self._tell(name))

    def _tell(self, name: str) -> None:
        old = self._panel_untold.pop(name)
        new = self._panel_runtime.state.get(name, old)  # it may have gone with its document
        if new == old:
            return
        try:
            self._notify_trait(name, old, new)
        except TraitError:
            # a link complains when its source moved on meanwhile; it is told of that next
            if name not in self._panel_untold:
                raise


def _class_for(program: Program) -> type[PanelState]:
    own = {*dir(PanelState), *dir(type(PanelState)), *vars(PanelState()), *PanelState.__annotations__}

    def free(name: str) -> bool:
        return name not in own and not name.startswith("__")

    traits = {s.name: DeclaredState(s) for s in program.states if free(s.name)}
    computed = {c.name: _computed(c.name) for c in program.computed if free(c.name)}
    return type("PanelState", (PanelState,), {**traits, **computed, "__module__": __name__})


def _computed(name: str) -> property:
    def read(self: PanelState) -> Any:
        return self[name]

    return property(read, doc=f"The computed value {name}.")


def brief(value: Any, width: int = 40) -> str:
    """``value`` in one short line, the same every time."""
    if isinstance(value, list) and len(value) > 3:
        return f"[… {len(value)} items]"
    text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
