"""``jupyter nexus reviewers``: the way back in for somebody whose browser lost its key."""

from __future__ import annotations

import sys
from pathlib import Path

from ..diagnostics import visible
from ..errors import NexusError


def reviewers(root: str, *, forget: str | None) -> int:
    """List the reviewers of the server whose root folder is ``root``; with ``forget`` forget one by its id, or ``all``.

    Whoever can run this can write the user's files, so it opens no way that was closed.
    """
    from ..nog.store import WorkspaceStore
    from ..server.place import database_path

    path = database_path(Path(root))
    if not path.exists():
        print(f"no Jupyter server with the root folder {visible(str(Path(root).resolve()))} has kept anything yet", file=sys.stderr)
        return 1
    try:
        store = WorkspaceStore(path)
    except NexusError as error:
        print(f"{visible(str(error))} Stop the Jupyter server first: it keeps its store to itself.", file=sys.stderr)
        return 1
    try:
        if forget is not None:
            count = store.forget_reviewers(None if forget == "all" else forget)
            if count == 0 and forget != "all":
                print(f"there is no reviewer {visible(forget)}", file=sys.stderr)
                return 1
            print(f"{count} reviewer{'' if count == 1 else 's'} forgotten")
            return 0
        for reviewer, _ in store.reviewers():
            print(f"{reviewer.id}  {reviewer.status:8}{reviewer.enrolled}  {visible(reviewer.label)}")
    finally:
        store.close()
    return 0
