"""The catalog: the single source of what components and extensions exist and what they take.

Validation, completion, the renderer's TypeScript types and the reference page come from it.
"""

from .loader import catalog
from .model import (
    CapabilityEntry,
    Catalog,
    ComponentEntry,
    EventEntry,
    ExtensionEntry,
    MethodEntry,
    OptionEntry,
    PropEntry,
)

__all__ = [
    "CapabilityEntry",
    "Catalog",
    "ComponentEntry",
    "EventEntry",
    "ExtensionEntry",
    "MethodEntry",
    "OptionEntry",
    "PropEntry",
    "catalog",
]
