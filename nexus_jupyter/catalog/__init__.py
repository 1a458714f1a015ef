"""The catalog: the single source of what components and extensions exist and what they take.

Validation, completion, the renderer's TypeScript types and the reference page come from it.
"""

from .foreign import foreign_names
from .loader import catalog
from .model import (
    ApiEntry,
    ApiMember,
    CapabilityEntry,
    Catalog,
    ComponentEntry,
    EventEntry,
    ExtensionEntry,
    MethodEntry,
    OptionEntry,
    ParameterEntry,
    PropEntry,
)

__all__ = [
    "ApiEntry",
    "ApiMember",
    "CapabilityEntry",
    "Catalog",
    "ComponentEntry",
    "EventEntry",
    "ExtensionEntry",
    "MethodEntry",
    "OptionEntry",
    "ParameterEntry",
    "PropEntry",
    "catalog",
    "foreign_names",
]
