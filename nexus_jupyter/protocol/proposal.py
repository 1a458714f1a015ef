"""A proposed change of one panel's document: frozen when it is made, decided once."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..diagnostics import Diagnostic
from .message import Message
from .panel import ErrorInfo, Operation, Problem, Revision, Tree

Instant = Annotated[str, Field(description="RFC 3339, UTC")]


class CapabilityChange(Message):
    """One difference in what the document demands.  ``before`` and ``after`` are sentences, "" for nothing."""

    kind: Literal["added", "removed", "changed"]
    alias: str
    extension: str
    before: str = ""
    after: str = ""
    dangerous: bool = False


class Trial(Message):
    """A tool of the new document, run once in the clone: what it would change, or why it failed."""

    tool: str
    ops: tuple[Operation, ...] = ()
    error: ErrorInfo | None = None


class DryRun(Message):
    """What came of the new document in a clone with the panel's current state (its revision ``rev``).

    ``tree`` is the view it shows; ``resets`` are sentences about state that would not be kept; ``trials`` are
    runs of new and changed tools that need no argument.
    """

    rev: Revision
    tree: Tree | None = None
    problems: tuple[Problem, ...] = ()
    resets: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()


class Proposal(Message):
    """Everything a reviewer decides about.  ``hash`` is over all other fields (``ai.proposal.proposal_hash``).

    ``panel`` is the panel's key in the workspace.  The change is from ``base_source`` to ``source``; ``diff`` is
    its unified diff.  ``author`` says who made it, e.g. ``model openai/gpt-x``.
    """

    id: str
    panel: str
    panel_id: str
    notebook: str
    title: str
    request: str
    reason: str
    author: str
    created: Instant
    base_hash: str
    base_edition: Revision
    base_source: str
    source: str
    diff: str
    capabilities: tuple[CapabilityChange, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    dry_run: DryRun | None = None
    rounds: int = 1
    hash: str


ProposalStatus = Literal["open", "applied", "rejected", "undone", "stale"]
DecisionAction = Literal["approve", "reject", "undo"]


class ProposalRecord(Message):
    """A proposal and what has become of it.

    ``edition`` and ``applied_hash`` are the panel's after it was applied.  ``notes`` are for the reader.
    """

    proposal: Proposal
    status: ProposalStatus = "open"
    decided: Instant | None = None
    decided_by: str | None = None
    edition: Revision | None = None
    applied_hash: str | None = None
    notes: tuple[str, ...] = ()
