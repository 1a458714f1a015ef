"""One live panel, and all live panels."""

from .exposing import expose, unexpose
from .panel import Panel, load
from .registry import panels
from .replaying import replay

__all__ = ["Panel", "expose", "load", "panels", "replay", "unexpose"]
