"""A grant: what a person allowed one document of one panel, and the signature that makes it count."""

from __future__ import annotations

import getpass
import hashlib
import hmac
import os
from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, ValidationError

from ..protocol.identity import document_hash
from .demand import Demand, canonical

_PURPOSE = b"nexus-jupyter grant 1\n"


class Grant(BaseModel):
    """Who allowed what to whom.  ``source`` is the document's text, so that a later one can be compared with it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str
    notebook: str
    panel: str
    source_hash: str
    demands: tuple[Demand, ...]
    source: str

    @classmethod
    def of(cls, notebook: str, panel: str, source: str, demands: Iterable[Demand]) -> Grant:
        """The grant of this user for a document."""
        return cls(
            user=user_name(), notebook=notebook, panel=panel, source_hash=document_hash(source), demands=tuple(demands), source=source
        )

    def is_for(self, notebook: str, panel: str) -> bool:
        """Whether it is this user's for this panel of this notebook, and whole."""
        mine = (self.user, self.notebook, self.panel) == (user_name(), notebook, panel)
        return mine and self.source_hash == document_hash(self.source)

    def covers(self, source_hash: str, demands: Iterable[Demand]) -> bool:
        """Whether the document of this hash may have all of ``demands``."""
        mine = {each.identity for each in self.demands}
        return self.source_hash == source_hash and all(each.identity in mine or self._wider(each) for each in demands)

    def asks_no_more(self, demands: Iterable[Demand]) -> bool:
        """Whether another document with these demands wants nothing beyond what was allowed."""
        return all(any(mine.covers(each) for mine in self.demands) for each in demands)

    def signed(self, key: bytes) -> str:
        """The record as it is kept."""
        return canonical({"grant": self.model_dump(), "signature": self._signature(key)})

    @classmethod
    def read(cls, text: bytes, key: bytes) -> Grant | None:
        """The grant of a record that was signed with ``key``; None of any other."""
        try:
            record = _Record.model_validate_json(text)
        except (ValidationError, RecursionError):
            return None
        return record.grant if hmac.compare_digest(record.signature.encode(), record.grant._signature(key).encode()) else None

    def _signature(self, key: bytes) -> str:
        return hmac.new(key, _PURPOSE + canonical(self.model_dump()).encode(), hashlib.sha256).hexdigest()

    def _wider(self, demand: Demand) -> bool:
        # what the code was seen to use was added to what the analysis found: the record may have more capabilities
        return any(mine.options == demand.options and mine.covers(demand) for mine in self.demands)


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    grant: Grant
    signature: str


def user_name() -> str:
    """Who runs this process: the account, and where JupyterHub runs it, whose server it is."""
    account = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    hub = os.environ.get("JUPYTERHUB_USER", "")
    return f"{hub}@{account}" if hub else account
