"""Where a workspace outlives its server."""

from .errors import GapError, NewerStoreError, StoreError
from .interface import ReviewStore, RevisionStore, StoredRevision, StoredWorkspace
from .store import WorkspaceStore

__all__ = [
    "GapError",
    "NewerStoreError",
    "ReviewStore",
    "RevisionStore",
    "StoreError",
    "StoredRevision",
    "StoredWorkspace",
    "WorkspaceStore",
]
