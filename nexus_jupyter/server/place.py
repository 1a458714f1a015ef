"""Where a workspace is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir


def database_path(root: Path) -> Path:
    """The file that keeps the workspace of the server's root folder ``root``."""
    name = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(jupyter_data_dir()) / "nexus" / f"{name}.sqlite"
