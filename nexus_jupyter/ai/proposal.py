"""Proposals: frozen when they are made, named by a hash over everything a reviewer decides about."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from ..diagnostics import Diagnostic
from ..nxml import load_program
from ..panel.difference import unified_diff
from ..protocol.identity import document_hash
from ..protocol.proposal import DryRun, Proposal, ProposalRecord
from ..protocol.workspace import PanelSource
from .canonical import canonical
from .demands import capability_changes


def proposal_hash(proposal: Proposal) -> str:
    """SHA-256 in hexadecimal over the canonical JSON (RFC 8785) of all fields of ``proposal`` but ``hash``.

    A page can compute the same: take the proposal as JSON, drop ``hash``, write it with sorted keys,
    no space and ECMAScript's own numbers, hash the UTF-8 bytes.
    """
    return hashlib.sha256(canonical(proposal.model_dump(mode="json", exclude={"hash"}))).hexdigest()


def make_proposal(
    *,
    base: PanelSource,
    source: str,
    request: str,
    reason: str,
    author: str,
    diagnostics: Sequence[Diagnostic] = (),
    dry_run: DryRun | None = None,
    rounds: int = 1,
    created: datetime | None = None,
) -> Proposal:
    """The proposal to change the panel and document ``base`` to ``source``.

    ``diagnostics`` and ``dry_run`` are what the kernel said when it tried ``source``.

    Raises DocumentError: one of the two documents has errors.
    """
    present, _ = load_program(base.source)
    proposed, _ = load_program(source)
    info = base.panel.panel
    unsealed = Proposal(
        id=secrets.token_hex(16),
        panel=base.panel.key,
        panel_id=info.id,
        notebook=base.panel.notebook,
        title=info.title,
        request=request,
        reason=reason,
        author=author,
        created=instant(created or datetime.now(UTC)),
        base_hash=document_hash(base.source),
        base_edition=info.edition,
        base_source=base.source,
        source=source,
        diff=unified_diff(base.source, source),
        capabilities=capability_changes(present, proposed),
        diagnostics=tuple(diagnostics),
        dry_run=dry_run,
        rounds=rounds,
        hash="",
    )
    return unsealed.model_copy(update={"hash": proposal_hash(unsealed)})


def intact(record: ProposalRecord) -> bool:
    """Whether the proposal still is what its hash names, and its base what ``base_hash`` names."""
    proposal = record.proposal
    try:
        return proposal_hash(proposal) == proposal.hash and document_hash(proposal.base_source) == proposal.base_hash
    except ValueError:
        return False


def instant(moment: datetime) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
