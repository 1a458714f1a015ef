"""One live panel, and all live panels."""

from .panel import Panel, load
from .registry import panels

__all__ = ["Panel", "load", "panels"]
