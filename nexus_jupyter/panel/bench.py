"""What a panel has in place of the kernel's own when it is under test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection

from ..sandbox.extensions import Extension
from .moment import Clock
from .permissions import Permissions


class Bench(ABC):
    """Its time, what it may do, and who answers its calls.

    A panel on a bench is none of the live panels of this kernel, belongs to no notebook and keeps nothing.
    """

    clock: Clock
    zone: str

    @abstractmethod
    def permissions(self, panel: str, functions: Collection[str]) -> Permissions:
        """What the panel of this id is permitted, the exposed ``functions`` apart."""

    @abstractmethod
    def extension_class(self, alias: str, name: str) -> type[Extension]:
        """The class of the extension ``name`` that the document declares as ``alias``.  Raises NexusError (``EXTENSION_UNAVAILABLE``)."""
