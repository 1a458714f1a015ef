"""One live panel, and all live panels."""

from .exposing import expose, unexpose
from .files import load
from .panel import Panel
from .registry import panels
from .replaying import replay

__all__ = ["Panel", "expose", "load", "panels", "replay", "unexpose"]
