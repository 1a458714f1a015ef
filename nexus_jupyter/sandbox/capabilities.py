"""What one panel may do beyond computing on its own state.  Nothing, unless it stands here.

A grant belongs to one panel object in the host; nothing the guest sends can name, widen or reach
another panel's grants.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..errors import CapabilityError


@dataclass(frozen=True)
class Grants:
    """The grants of one panel.

    ``functions`` are the names of the Python functions that Python handed to this panel: handing a
    function over is the grant to call that function, and nothing else.
    """

    functions: Collection[str] = frozenset()

    def check(self, extension: str, method: str, *, declared: tuple[str, ...] | None = None) -> None:
        """Let the call pass, or raise.

        ``declared`` is the handler's own ``capabilities`` list; when given it narrows what the call
        may use.

        Raises CapabilityError: the call is not granted.
        """
        if extension != "nexus.python":
            raise CapabilityError(
                f"{extension}.{method} is not granted to this panel.",
                hint="This version grants only Python functions that the cell hands to its panel (functions=[…]).",
            )
        if declared is not None and "python:call" not in declared:
            raise CapabilityError(
                f"this handler may not call Python: its capabilities are {', '.join(declared) or 'none'}.",
                hint='Add "python:call" to the handler\'s capabilities, or leave the attribute out.',
            )
        if method not in self.functions:
            known = ", ".join(sorted(self.functions)) or "none"
            raise CapabilityError(
                f"the Python function {method!r} was not handed to this panel (handed over: {known}).",
                hint=f"Pass it: Panel(source, functions=[{method}]) or %%nxml --functions {method}.",
            )
