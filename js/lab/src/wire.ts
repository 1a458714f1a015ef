/**
 * What the server says, checked.  Names, titles and sources in it come from documents and models: they are
 * texts and nothing else, and what does not look like a message is none.
 */
import type {
  AiStatus,
  Ask,
  Challenge,
  CompiledPanel,
  FromServer,
  NOGEntity,
  NOGRelationship,
  PanelOutput,
  ProposalList,
  ProposalRecord,
  Reviewer,
  ReviewerList,
  ToolResult,
  WorkspacePanel,
} from "../../generated/protocol";
import { any, fields, flag, isObject, list, nullable, number, oneOf, type Shape, text } from "./shape";

/** Characters of one message; a graph of 100,000 entities stays below. */
export const MESSAGE_LIMIT = 64_000_000;
const MANY = 200_000;
const SOURCE = 4_000_000;

const name = text(4_096);
const words = text(100_000);
const source = text(SOURCE);

/** POST proposals/{id}/preview: widget models of the panel's kernel. */
export interface Preview {
  id: string;
  present: string;
  preview: string;
}

const tool = fields({
  name,
  description: words,
  input_schema: isObject as Shape<object>,
  confirm: nullable(words),
  ai: name,
});
const panelInfo = fields({
  id: name,
  title: words,
  description: words,
  python_name: name,
  cell: name,
  hash: name,
  edition: number,
  rev: number,
  has_view: flag,
  tools: list(tool, 10_000),
});
export const isPanel: Shape<WorkspacePanel> = fields({
  key: text(16),
  notebook: name,
  kernel: name,
  entity: name,
  panel: panelInfo,
});
const panels = list(isPanel, MANY);

const properties = isObject as Shape<object>;
const isEntity: Shape<NOGEntity> = fields({ id: name, type: name, name, properties });
const isRelationship: Shape<NOGRelationship> = fields({
  id: name,
  type: name,
  source: name,
  target: name,
  properties,
});
const entities = list(isEntity, MANY);
const relationships = list(isRelationship, MANY * 5);
const graph = fields({ revision: number, entities, relationships });
const patch = fields({
  put_entities: entities,
  put_relationships: relationships,
  delete_entities: list(name, MANY),
  delete_relationships: list(name, MANY * 5),
});

const problem = fields({ severity: name, code: name, message: words, line: number, column: number });
const operation = fields({ op: name, path: name, value: any });
const errorInfo = fields({ code: name, message: words, hint: words });
const trial = fields({ tool: name, ops: list(operation, MANY), error: nullable(errorInfo) });
const dryRun = fields({
  rev: number,
  problems: list(problem, 10_000),
  resets: list(words, 10_000),
  trials: list(trial, 10_000),
});
const capability = fields({
  kind: oneOf("added", "removed", "changed"),
  alias: name,
  extension: name,
  before: words,
  after: words,
  dangerous: flag,
});
const span = fields({ line: number, column: number });
const diagnostic = fields({ code: name, severity: name, message: words, hint: words, span });
const proposal = fields({
  id: name,
  panel: name,
  panel_id: name,
  notebook: name,
  title: words,
  request: words,
  reason: words,
  author: words,
  created: name,
  base_hash: name,
  base_edition: number,
  base_source: source,
  source,
  diff: text(SOURCE * 3),
  capabilities: list(capability, 1_000),
  diagnostics: list(diagnostic, 10_000),
  dry_run: nullable(dryRun),
  rounds: number,
  hash: name,
});
export const isRecord: Shape<ProposalRecord> = fields({
  proposal,
  status: oneOf("open", "applied", "rejected", "undone", "stale"),
  decided: nullable(name),
  decided_by: nullable(name),
  edition: nullable(number),
  applied_hash: nullable(name),
  notes: list(words, 10_000),
});
export const isProposalList: Shape<ProposalList> = fields({ proposals: list(isRecord, 10_000) });

const apiError = fields({ code: name, message: words, hint: words });
export const isAsk: Shape<Ask> = fields({
  id: name,
  panel: name,
  request: words,
  status: oneOf("running", "done", "failed", "cancelled"),
  phase: words,
  round: number,
  proposal: nullable(name),
  error: nullable(apiError),
});
export const isApiError = apiError as Shape<{ code: string; message: string; hint: string }>;
export const isReviewer: Shape<Reviewer> = fields({
  id: name,
  label: words,
  status: oneOf("active", "pending"),
  enrolled: name,
});
export const isReviewerList: Shape<ReviewerList> = fields({ reviewers: list(isReviewer, 10_000) });
export const isChallenge: Shape<Challenge> = fields({ nonce: text(64), statement: name, expires: name });
export const isPreview: Shape<Preview> = fields({ id: name, present: name, preview: name });
export const isAiStatus: Shape<AiStatus> = fields({ available: flag, model: words, reason: words });
export const isToolResult: Shape<ToolResult> = fields({ value: any });
/** POST programs: the bundle looks at the program. */
export const isCompiled: Shape<CompiledPanel> = fields({
  hash: text(64),
  title: words,
  program: isObject as Shape<object>,
});
/** What a notebook keeps of a panel (`nexus_jupyter/protocol/output.py`). */
export const isPanelOutput: Shape<PanelOutput> = fields({
  version: (value): value is 1 => value === 1,
  panel: name,
  title: words,
  hash: text(64),
  state: nullable(isObject as Shape<object>),
});

const messages: { [kind: string]: Shape<unknown> } = {
  hello: fields({ epoch: name, revision: number, version: number, workspace: name }),
  snapshot: fields({ graph, panels }),
  revision: fields({ revision: number, patch, panels, ended: list(name, MANY) }),
  commit: fields({ panel: name, rev: number, cause: name, paths: list(words, 10_000) }),
  proposal: fields({ record: isRecord }),
  ask: fields({ ask: isAsk }),
  reviewers: isReviewerList,
  pong: fields({ id: number }),
  error: fields({ error: apiError }),
};

/** The message in a frame, or null for what is none or of a kind that is not known here. */
export function readMessage(frame: unknown): FromServer | null {
  if (typeof frame !== "string" || frame.length > MESSAGE_LIMIT) return null;
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return null;
  }
  if (!isObject(value) || typeof value.kind !== "string" || !Object.hasOwn(messages, value.kind)) return null;
  return messages[value.kind]?.(value) ? (value as unknown as FromServer) : null;
}
