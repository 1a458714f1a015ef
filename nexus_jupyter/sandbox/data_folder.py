"""Where this package keeps what belongs to a user and not to a notebook."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

VARIABLE = "NEXUS_DATA_DIR"


def data_folder() -> Path:
    """``NEXUS_DATA_DIR``, else the folder ``nexus`` in Jupyter's data folder of this user; it need not exist.

    Jupyter's own rule: ``JUPYTER_DATA_DIR``, else the platform's place.  It is written out here because panels must
    work where Jupyter is not installed.
    """
    own = os.environ.get(VARIABLE)
    if own:
        return Path(own)
    jupyter = os.environ.get("JUPYTER_DATA_DIR")
    if jupyter:
        return Path(jupyter) / "nexus"
    home = Path.home()
    if sys.platform == "darwin":
        return home / "Library" / "Jupyter" / "nexus"
    roaming = os.environ.get("APPDATA")
    if sys.platform == "win32" and roaming:
        return Path(roaming) / "jupyter" / "nexus"
    shared = os.environ.get("XDG_DATA_HOME")
    return (Path(shared) if shared else home / ".local" / "share") / "jupyter" / "nexus"


def private_data_folder() -> Path:
    """The data folder, made where it is missing, for this user alone.

    Raises OSError: it cannot be made, or is another user's.
    """
    folder = data_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform != "win32":
        info = folder.stat()
        if info.st_uid != os.getuid():
            raise PermissionError(f"{folder} belongs to another user")
        if stat.S_IMODE(info.st_mode) & 0o077:
            folder.chmod(0o700)
    return folder
