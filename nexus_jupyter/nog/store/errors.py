"""What can be wrong with a store."""

from __future__ import annotations

from ...errors import NexusError


class StoreError(NexusError):
    """The store cannot be opened, read or written."""

    code = "STORE_UNAVAILABLE"
    status = 503


class NewerStoreError(StoreError):
    """The store was written by a newer version, whose tables are not known here."""

    code = "STORE_NEWER"


class GapError(StoreError):
    """A revision that does not follow the last stored one."""

    code = "STORE_GAP"
