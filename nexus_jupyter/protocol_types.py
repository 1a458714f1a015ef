"""The JSON Schema of every message in ``protocol``, from which the TypeScript types are made.

``python -m nexus_jupyter.protocol_types`` prints it; ``wasm/build/protocol.mjs`` turns it into
``js/generated/protocol.ts``.  The schema describes messages as they travel: every field present.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, TypeAdapter

from . import protocol
from .nxml.program import Program
from .protocol import output, workspace

UNIONS: dict[str, Any] = {
    "ClientMessage": protocol.ClientMessage,
    "KernelMessage": protocol.KernelMessage,
    "GuestRequest": protocol.GuestRequest,
    "FromServer": workspace.FromServer,
    "FromClient": workspace.FromClient,
}
ROOTS: tuple[type[BaseModel], ...] = (
    protocol.Batch,
    protocol.GuestReply,
    protocol.Moment,
    Program,
    output.PanelOutput,
    workspace.Health,
    workspace.PanelList,
    workspace.PanelSource,
    workspace.ToolList,
    workspace.ToolResult,
    workspace.Neighbourhood,
    workspace.GraphPath,
    workspace.ProposalList,
    workspace.ReviewerList,
    workspace.Challenge,
    workspace.AiStatus,
    workspace.CallRequest,
    workspace.CompileRequest,
    workspace.CompiledPanel,
    workspace.AskRequest,
    workspace.ChallengeRequest,
    workspace.EnrolRequest,
    workspace.SignedDecision,
)


def schema() -> dict[str, Any]:
    """One schema whose ``$defs`` hold all messages and, by name, the unions of ``UNIONS``."""
    adapters = [TypeAdapter(kind) for kind in (*UNIONS.values(), *ROOTS)]
    mapping, definitions = TypeAdapter.json_schemas(
        [(index, "serialization", adapter) for index, adapter in enumerate(adapters)], ref_template="#/$defs/{model}"
    )
    defs: dict[str, Any] = dict(definitions["$defs"])
    for index, name in enumerate(UNIONS):
        defs[name] = {"oneOf": mapping[index, "serialization"]["oneOf"]}
    for definition in defs.values():
        if "properties" in definition:
            definition["required"] = sorted(definition["properties"])
    return {"title": "Protocol", "version": protocol.PROTOCOL_VERSION, "$defs": dict(sorted(defs.items()))}


def main() -> None:
    """Print the schema, the same bytes for the same protocol."""
    print(json.dumps(schema(), indent=1, sort_keys=True))


if __name__ == "__main__":
    main()
