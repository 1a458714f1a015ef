"""Reads the catalog's files, once a process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from .model import ApiEntry, Catalog, ComponentEntry, ExtensionEntry, PropEntry

_lock = threading.Lock()
_loaded: Catalog | None = None


def catalog() -> Catalog:
    """The catalog; read at the first call and shared by all threads afterwards.

    Raises ``ValueError`` (``pydantic.ValidationError``) when a shipped file is damaged.
    """
    global _loaded
    if _loaded is None:
        with _lock:
            if _loaded is None:
                _loaded = _read()
    return _loaded


def _documents(folder: str) -> Iterator[tuple[str, Any]]:
    import yaml

    # libyaml's loader reads the catalog several times faster; both build plain data only.
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    for path in sorted((files(__package__) / folder).iterdir(), key=lambda p: p.name):
        if path.name.endswith(".yaml"):
            yield path.name, yaml.load(path.read_text(encoding="utf-8"), Loader=loader)


def _read() -> Catalog:
    components: dict[str, ComponentEntry] = {}
    common: dict[str, PropEntry] = {}
    styles: tuple[str, ...] = ()
    for name, data in _documents("components"):
        if name == "common.yaml":
            common = {p.name: p for p in map(PropEntry.model_validate, data["props"])}
            styles = tuple(data["styles"])
            continue
        for entry in map(ComponentEntry.model_validate, data):
            if entry.name in components:
                raise ValueError(f"the catalog describes the component {entry.name!r} twice")
            components[entry.name] = entry
    extensions = [ExtensionEntry.model_validate(data) for _, data in _documents("extensions")]
    language = {name.removesuffix(".yaml"): data for name, data in _documents("language")}
    return Catalog(
        components=components,
        extensions={e.name: e for e in extensions},
        common=common,
        styles=styles,
        api={e.name: e for e in map(ApiEntry.model_validate, language["api"])},
        globals=tuple(language["globals"]["standard"]),
        forbidden=language["globals"]["forbidden"],
    )
