"""What one panel may do beyond computing on its own state.  Nothing, unless it stands here.

A grant belongs to one panel object in the host; nothing the guest sends can name, widen or reach
another panel's grants.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ..errors import CapabilityError

PYTHON = "nexus.python"


@dataclass(frozen=True)
class Grants:
    """The grants of one panel at one moment.

    ``functions`` are the names of the Python functions that Python handed to this panel: handing a
    function over is the grant to call that function, and nothing else.  ``extensions`` are, by the alias
    in the document, the name of the extension that was granted and the capabilities of it.
    """

    functions: Collection[str] = frozenset()
    extensions: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def holds(self, extension: str, alias: str, capability: str) -> bool:
        """Whether ``capability`` of ``extension`` is granted under this alias."""
        name, capabilities = self.extensions.get(alias, ("", frozenset()))
        return name == extension and capability in capabilities

    def check_function(self, name: str) -> None:
        """Let a call of the Python function ``name`` pass.  Raises CapabilityError: it was not handed over."""
        if name not in self.functions:
            known = ", ".join(sorted(self.functions)) or "none"
            raise CapabilityError(
                f"the Python function {name!r} was not handed to this panel (handed over: {known}).",
                hint=f"Pass it: Panel(source, functions=[{name}]) or %%nxml --functions {name}.",
            )


def check_declared(capability: str, declared: tuple[str, ...] | None) -> None:
    """Hold a handler to its own ``capabilities`` list; None leaves it what the panel was granted.

    Raises CapabilityError: the list is without ``capability``.
    """
    if declared is None or capability in declared:
        return
    listed = ", ".join(declared) or "none"
    what = "call Python" if capability == "python:call" else f"use {capability}"
    raise CapabilityError(
        f"this handler may not {what}: its capabilities are {listed}.",
        hint=f'Add "{capability}" to the handler\'s capabilities, or leave the attribute out.',
    )
