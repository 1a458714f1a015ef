"""Run a notebook from top to bottom and keep its outputs, without anything that differs from run to run.

python notebooks/refresh.py notebooks/quickstart.ipynb
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

WIDGET_MIME = "application/vnd.jupyter.widget-view+json"


def refresh(path: Path) -> None:
    """Execute the notebook at ``path`` with its own kernel and write it back."""
    notebook: Any = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}, store_widget_state=False, coalesce_streams=True
    ).execute()
    # how Voila shows the notebook is its author's choice, all else the run's
    chosen = {key: notebook.metadata[key] for key in ("title", "voila") if key in notebook.metadata}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python (Nexus)", "language": "python", "name": "nexus"},
        "language_info": {"name": "python"},
        **chosen,
    }
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = f"cell-{number:02}"
        cell.metadata = {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
        for output in cell.get("outputs", []):
            # a view of a kernel that is gone shows nothing: the sentence beside it does
            output.get("data", {}).pop(WIDGET_MIME, None)
            if output.output_type in ("display_data", "execute_result"):
                output.metadata = {}
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        refresh(Path(name))
