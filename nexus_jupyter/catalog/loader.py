"""The catalog as the program uses it: ``catalog.json``, which is generated from the YAML files, read once a process."""

from __future__ import annotations

import threading
from importlib.resources import files

from .model import Catalog

FILE = "catalog.json"

_lock = threading.Lock()
_loaded: Catalog | None = None


def catalog() -> Catalog:
    """The catalog; read at the first call and shared by all threads afterwards.

    Raises ``ValueError`` (``pydantic.ValidationError``) when the shipped file is damaged.
    """
    global _loaded
    with _lock:  # costs less than a microsecond once it is loaded
        if _loaded is None:
            _loaded = Catalog.model_validate_json((files(__package__) / FILE).read_bytes())
        return _loaded
