"""Where this user's data live that panels keep beyond a kernel."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

VARIABLE = "NEXUS_DATA_DIR"


def data_folder() -> Path:
    """``nexus`` in Jupyter's data directory, by the same rules as Jupyter's own; ``NEXUS_DATA_DIR`` overrides it.

    The folder is made where it is missing, for this user alone.

    Raises OSError: it cannot be made, or is another user's.
    """
    folder = _chosen()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32":
        info = folder.stat()
        if info.st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to another user")
        if stat.S_IMODE(info.st_mode) & 0o077:
            folder.chmod(0o700)
    return folder


def _chosen() -> Path:
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    jupyter = os.environ.get("JUPYTER_DATA_DIR")
    if jupyter:
        return Path(jupyter) / "nexus"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Jupyter" / "nexus"
    if sys.platform == "win32":
        base = os.environ.get("APPDATA")
        return (Path(base) / "jupyter" if base else Path.home() / ".jupyter" / "data") / "nexus"
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "jupyter" / "nexus"
