"""Reads the catalog's YAML files, the source of everything generated, and refuses damaged ones.

The program itself reads ``catalog.json`` (``loader``); this is for ``make generate`` and for tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from .checking import CatalogError, Problem, check_catalog
from .model import ApiEntry, Catalog, ComponentEntry, ExtensionEntry, PropEntry

if TYPE_CHECKING:
    import yaml

_Model = TypeVar("_Model", bound=BaseModel)
COMMON = "components/common.yaml"
API = "language/api.yaml"
GLOBALS = "language/globals.yaml"


def read_source(folder: Traversable | None = None) -> Catalog:
    """The catalog that the YAML files say; ``folder`` holds ``components``, ``extensions`` and ``language``.

    Raises ``CatalogError`` with every problem found, each with its file, entry and field.
    """
    return _Source(folder or files(__package__)).catalog()


class _Source:
    """One reading of the files: what each entry came from, and what is wrong with them."""

    def __init__(self, folder: Traversable) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.unreadable: set[str] = set()
        self.files: dict[str, str] = {}

    def catalog(self) -> Catalog:
        components: list[ComponentEntry] = []
        for file in self._names("components"):
            if file != COMMON:
                components += self._entries(file, self._list(file, self._document(file)), ComponentEntry)
        extensions: list[ExtensionEntry] = []
        for file in self._names("extensions"):
            extensions += self._entries(file, [self._document(file)], ExtensionEntry)
        shared = self._mapping(COMMON, ("props", "styles"))
        common = self._entries(COMMON, self._list(COMMON, shared.get("props"), "props"), PropEntry)
        api = self._entries(API, self._list(API, self._document(API)), ApiEntry)
        names = self._mapping(GLOBALS, ("standard", "forbidden"))
        made = Catalog(
            components={c.name: c for c in components},
            extensions={e.name: e for e in extensions},
            common={p.name: p for p in common},
            styles=self._texts(COMMON, shared.get("styles"), "styles"),
            api={a.name: a for a in api},
            globals=self._texts(GLOBALS, names.get("standard"), "standard"),
            forbidden=self._described(GLOBALS, names.get("forbidden"), "forbidden"),
        )
        if not self.problems:  # else what is missing would be reported once more wherever it is named
            self.problems += check_catalog(made, self.files)
        if self.problems:
            raise CatalogError(self.problems)
        return made

    def _names(self, folder: str) -> list[str]:
        return sorted(f"{folder}/{path.name}" for path in (self.folder / folder).iterdir() if path.name.endswith(".yaml"))

    def _document(self, file: str) -> Any:
        import yaml

        try:
            return yaml.load((self.folder / file).read_text(encoding="utf-8"), Loader=_loader())
        except yaml.MarkedYAMLError as error:
            place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
            self._report(file, "", "", f"is not readable: {error.problem}{place}")
            self.unreadable.add(file)
        return None

    def _report(self, file: str, entry: str, field: str, message: str) -> None:
        if file not in self.unreadable:
            self.problems.append(Problem(file, entry, field, message))

    def _list(self, file: str, data: Any, field: str = "") -> list[Any]:
        if isinstance(data, list):
            return data
        self._report(file, "", field, "must be a list")
        return []

    def _texts(self, file: str, data: Any, field: str) -> tuple[str, ...]:
        texts = tuple(self._list(file, data, field))
        if all(isinstance(each, str) for each in texts):
            return texts
        self._report(file, "", field, "must be a list of texts")
        return ()

    def _mapping(self, file: str, names: Iterable[str]) -> Mapping[str, Any]:
        data = self._document(file)
        if not isinstance(data, dict):
            self._report(file, "", "", f"must have the members {' and '.join(names)}")
            return {}
        for name in data.keys() - set(names):
            self._report(file, "", str(name), "is no member of this file")
        return data

    def _described(self, file: str, data: Any, field: str) -> dict[str, str]:
        if isinstance(data, dict) and all(isinstance(each, str) for pair in data.items() for each in pair):
            return data
        self._report(file, "", field, "must give a text for each name")
        return {}

    def _entries(self, file: str, data: list[Any], model: type[_Model]) -> list[_Model]:
        """The entries of a file that are well formed; a name that was there before is a problem."""
        made: list[_Model] = []
        for number, each in enumerate(data, 1):
            name = str(each["name"]) if isinstance(each, dict) and "name" in each else f"entry {number}"
            try:
                entry = model.model_validate(each)
            except ValidationError as error:
                for detail in error.errors(include_url=False, include_context=False, include_input=False):
                    self._report(file, name, _field(detail["loc"], each), _message(detail["type"], detail["msg"]))
                continue
            if name in self.files:
                self._report(file, name, "name", f"is there twice; first in {self.files[name]}")
                continue
            self.files[name] = file
            made.append(entry)
        return made


def _field(place: tuple[int | str, ...], data: Any) -> str:
    """``props.rows.default``: names instead of positions, where what is there has one."""
    parts: list[str] = []
    for step in place:
        if isinstance(step, int):
            data = data[step]
            parts.append(str(data["name"]) if isinstance(data, dict) and "name" in data else str(step))
        else:
            data = data.get(step) if isinstance(data, dict) else None
            parts.append(step)
    return ".".join(parts)


def _message(kind: str, text: str) -> str:
    if kind == "extra_forbidden":
        return "is no field of such an entry"
    if kind == "missing":
        return "is missing"
    return f"is wrong: {text[:1].lower()}{text[1:]}"


def _loader() -> type[yaml.SafeLoader]:
    """A loader of plain data that refuses what YAML itself lets pass: a name given twice in one mapping."""
    import yaml

    class Once(yaml.SafeLoader):
        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is given twice", key.start_mark)
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return Once
