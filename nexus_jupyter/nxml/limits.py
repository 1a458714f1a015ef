"""How large a document may be; each limit has its own ``LIMIT_*`` diagnostic."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one document (NXML 1.0, section 2); lengths are in code points.

    ``source``: the whole document (``LIMIT_SOURCE``).
    ``depth``: open elements at one place, the root included (``LIMIT_DEPTH``).
    ``nodes``: elements, texts and comments (``LIMIT_NODES``).
    ``attributes``: of one element (``LIMIT_ATTRIBUTES``).
    ``handler``: one handler body (``LIMIT_HANDLER``).
    ``expression``: one expression (``LIMIT_EXPRESSION``).
    ``diagnostics``: problems listed; the rest is summed up in one (``LIMIT_DIAGNOSTICS``), because a
    hostile document could have one problem for every few characters.
    """

    source: int = 1_000_000
    depth: int = 200
    nodes: int = 20_000
    attributes: int = 500
    handler: int = 100_000
    expression: int = 4_000
    diagnostics: int = 1_000


DEFAULT_LIMITS = Limits()
