"""``python -m nexus_jupyter.catalog.data [FILE]``: the catalog as JSON, for the program and for other tools.

Prints ``nexus_jupyter/catalog/catalog.json``: the whole catalog as the model of ``catalog.model`` writes it,
without fields that have their default.  With a file name it writes that file instead.
"""

from __future__ import annotations

import json
import sys

from .generated import run
from .model import Catalog
from .source import read_source


def catalog_json(source: Catalog | None = None) -> str:
    """The text of ``catalog.json``; from the YAML files unless ``source`` is given.

    Raises ``CatalogError`` when those are damaged.
    """
    known = source or read_source()
    return json.dumps(known.model_dump(mode="json", exclude_defaults=True), ensure_ascii=False, indent=1) + "\n"


def main(arguments: list[str]) -> int:
    """Print the file, or write it where ``arguments`` says; the exit status."""
    return run("nexus_jupyter.catalog.data", catalog_json, arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
