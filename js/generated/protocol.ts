// Generated from nexus_jupyter/protocol/ and nexus_jupyter/nxml/program.py by wasm/build/protocol.mjs.
// Do not edit: change the Python and run `node wasm/build/protocol.mjs`.

export type JsonValue = null | boolean | number | string | JsonValue[] | {[key: string]: JsonValue};
export type ClientMessage =
  | Hello
  | AskBundle
  | AskGuest
  | AskKept
  | AskProgram
  | Event
  | Skip
  | Cancel
  | Undo
  | Redo
  | ConfirmAnswer
  | Sight
  | ConsentAnswer;
/**
 * How much a diagnostic matters: an error keeps the panel from being made.
 */
export type Severity = "error" | "warning" | "info";
export type FromClient = Subscribe | Ping;
export type FromServer =
  | ServerHello
  | WorkspaceSnapshot
  | WorkspaceRevision
  | WorkspaceCommit
  | ProposalNews
  | AskNews
  | ReviewerNews
  | Pong
  | SocketError;
export type GuestRequest =
  | GuestLoad
  | GuestInvoke
  | GuestEvent
  | GuestResume
  | GuestCancel
  | GuestEdit
  | GuestPatch
  | GuestView
  | GuestRead;
export type KernelMessage =
  | Snapshot
  | Commit
  | Started
  | Confirm
  | Result
  | Reject
  | Missed
  | Progress
  | Emitted
  | HookState
  | Consent
  | ConsentEnded
  | Closed
  | BundleReply
  | ModulesReply
  | KeptReply
  | ProgramReply;

/**
 * GET ai: whether an AI can be asked, and how that is configured.
 */
export interface AiStatus {
  available: boolean;
  model: string;
  reason: string;
}
/**
 * Every answer that is not 2xx.  ``message`` and ``hint`` are for people, ``code`` for programs.
 */
export interface ApiError {
  code: string;
  hint: string;
  message: string;
}
/**
 * One argument of a tool; not required when it has a default.
 *
 * ``defaulted``: a default is written.  Then ``default``, which may be null, stands for an absent value; else an absent
 * value stays absent.
 */
export interface ArgDeclaration {
  default: JsonValue;
  defaulted: boolean;
  description: string;
  enum: JsonValue[] | null;
  max: number | null;
  min: number | null;
  name: string;
  required: boolean;
  type: "string" | "number" | "boolean" | "list" | "object" | "any" | "frame";
}
/**
 * A proposal in the making (POST proposals).  ``phase`` is a sentence for the person who waits.
 */
export interface Ask {
  error: ApiError | null;
  id: string;
  /**
   * document_key(notebook path, panel id)
   */
  panel: string;
  phase: string;
  proposal: string | null;
  request: string;
  round: number;
  status: "running" | "done" | "failed" | "cancelled";
}
/**
 * The page has no bundle of this address: the kernel answers with ``BundleReply`` and its bytes.
 */
export interface AskBundle {
  kind: "bundle";
}
/**
 * The page has no bytes of the guest and wants to run one: the kernel answers with ``ModulesReply``.
 */
export interface AskGuest {
  kind: "guest";
}
/**
 * From a page that may be about to save the notebook: what is it to keep of the panel as it is now?
 */
export interface AskKept {
  kind: "kept";
}
/**
 * How a request to the AI is getting on.
 */
export interface AskNews {
  ask: Ask;
  kind: "ask";
}
/**
 * The page wants to run the panel's program beside the kernel: the kernel answers with ``ProgramReply``, or not at all.
 *
 * ``Hello`` asks for it, too; this is for when no answer came.
 */
export interface AskProgram {
  client: string;
  kind: "program";
}
/**
 * POST proposals: ask the AI for a change of one panel.
 */
export interface AskRequest {
  /**
   * document_key(notebook path, panel id)
   */
  panel: string;
  request: string;
}
/**
 * What one turn of a panel brought, in order, as one comm message: several would be several frames.
 */
export interface Batch {
  kind: "batch";
  messages: (
    | Snapshot
    | Commit
    | Started
    | Confirm
    | Result
    | Reject
    | Missed
    | Progress
    | Emitted
    | HookState
    | Consent
    | ConsentEnded
    | Closed
    | BundleReply
    | ModulesReply
    | KeptReply
    | ProgramReply
  )[];
}
/**
 * Everything a view needs to show the panel as it is.
 *
 * ``consent`` is the open request; a snapshot that is saved with a notebook has none, and a page takes none from it.
 * ``hooks`` are the lifecycle hooks that failed last.  ``sight``: the page should tell whether it shows the panel
 * (``Sight``).  ``visitor``: who looks is told of an error what happened, and no more.
 * ``can_undo`` and ``can_redo``: whether there is something to undo or redo.
 * ``document`` is the revision that the present document began with.
 * ``shown``: the page shows this view already, so ``tree`` has nothing of it.
 * ``displayed``: the revision that a cell's output was made of last, None without one.
 */
export interface Snapshot {
  can_redo: boolean;
  can_undo: boolean;
  consent: Consent | null;
  displayed: number | null;
  document: number;
  hooks: HookState[];
  kind: "snapshot";
  panel: string;
  rev: number;
  shown: boolean;
  sight: boolean;
  title: string;
  tree: Tree;
  visitor: boolean;
}
/**
 * The panel asks for permission.  There is at most one request a panel; another takes the place of the one before.
 *
 * ``id`` stands for exactly these demands of exactly this document, asked this time.  ``tool`` is the one whose run was
 * denied.  ``renewal``: the same was allowed for an earlier text of the document, and ``diff`` is the difference.
 */
export interface Consent {
  demands: ConsentDemand[];
  diff: string;
  id: string;
  kind: "consent";
  renewal: boolean;
  tool: string;
}
/**
 * One extension that the panel wants to use.
 *
 * ``description`` says what it is, ``abilities`` what the panel may do with it and ``scope`` within which bounds: all of
 * it the host's words about what the host holds the panel to.  ``reason`` is the panel's own word and only that.
 */
export interface ConsentDemand {
  abilities: ConsentLine[];
  alias: string;
  description: string;
  extension: string;
  reason: string;
  scope: ConsentLine[];
}
/**
 * One thing that is asked for, as plain words; ``dangerous`` ones are worth a second look.
 */
export interface ConsentLine {
  dangerous: boolean;
  label: string;
  text: string;
}
/**
 * The last run of a lifecycle hook failed; with ``error`` None it went well after one that had failed.
 */
export interface HookState {
  error: ErrorInfo | null;
  hook: string;
  kind: "hook";
}
/**
 * An error as data.  ``line`` and ``column`` point into the document, 0 when unknown.
 *
 * ``allowed`` and ``used`` are those of a limit that was passed, in its own unit; None when unknown.
 */
export interface ErrorInfo {
  allowed: number | null;
  code: string;
  column: number;
  hint: string;
  line: number;
  message: string;
  name: string;
  stack: string;
  used: number | null;
}
/**
 * The resolved view; ``root`` is None for a panel without one.
 */
export interface Tree {
  problems: Problem[];
  root: TreeNode | null;
}
/**
 * Something a reader of the panel should know, e.g. a binding that threw.
 */
export interface Problem {
  code: string;
  column: number;
  line: number;
  message: string;
  severity: "error" | "warning" | "info";
}
/**
 * One resolved component: plain values only.
 *
 * ``id`` is stable across revisions for the same element and loop item and unique in the tree.
 * ``value`` is the present value of the place the component is bound to; ``bound`` says whether
 * there is one, ``writable`` whether it takes edits.  ``events`` lists the events that do something.
 */
export interface TreeNode {
  bound: boolean;
  children: TreeNode[];
  events: string[];
  id: string;
  props: {
    [k: string]: JsonValue;
  };
  type: string;
  value: JsonValue;
  writable: boolean;
}
/**
 * A revision: what changed, why, and the view after it.
 *
 * ``patch`` leads from the view of the revision before to that of this one; ``tree``, when it is there, is the whole view
 * instead.  Neither: the view did not change.
 * ``clock`` and ``seed`` are what the view of this revision reads of the world.
 * ``can_undo`` and ``can_redo``: whether there is something to undo or redo now.
 */
export interface Commit {
  can_redo: boolean;
  can_undo: boolean;
  cause: Cause;
  clock: number;
  kind: "commit";
  ops: Operation[];
  patch: TreePatch | null;
  rev: number;
  seed: number;
  tree: Tree | null;
}
/**
 * Why a commit happened.  ``tool`` is the tool that ran, of kind ``lifecycle`` the hook (``lifecycle interval``).
 *
 * ``undo`` and ``redo`` take back and make again what an earlier revision changed, and ``restore`` goes back to a
 * checkpoint; ``tool`` is then the tool of that revision, if any, ``client`` and ``seq`` those of whoever asked.
 */
export interface Cause {
  client: string | null;
  kind: "tool" | "edit" | "python" | "lifecycle" | "undo" | "redo" | "restore" | "reset";
  seq: number | null;
  tool: string | null;
}
/**
 * A JSON Patch (RFC 6902) operation on the state object; ``path`` is a JSON Pointer (RFC 6901).
 *
 * ``reorder`` is not of that standard, which can only move one item after the other: item i of the list at ``path`` becomes
 * what item ``value[i]`` was; ``value`` names each item once.
 */
export interface Operation {
  op: "add" | "remove" | "replace" | "reorder";
  path: string;
  value: JsonValue;
}
/**
 * The difference between two trees of a panel, from the later one's point of view.
 *
 * ``added``: nodes with all that is in them, which stand where ``children`` says; one that is there already is replaced.
 * A node that no list of children names any more is gone, with all that is in it.  ``problems`` None: unchanged.
 */
export interface TreePatch {
  added: TreeNode[];
  changed: NodeChange[];
  children: ChildrenChange[];
  problems: Problem[] | null;
}
/**
 * What differs in the node ``id`` of a tree, its children apart; what is empty or None is unchanged.
 *
 * ``props``: properties that are new or have another value; ``edits``: operations on the values of others, each with paths
 * from the value itself; ``gone``: properties that are no longer there.
 */
export interface NodeChange {
  edits: {
    [k: string]: Operation[];
  };
  gone: string[];
  id: string;
  place: BoundValue | null;
  props: {
    [k: string]: JsonValue;
  };
}
/**
 * What a node is bound to now; see ``TreeNode``.
 */
export interface BoundValue {
  bound: boolean;
  events: string[];
  value: JsonValue;
  writable: boolean;
}
/**
 * What differs in the children of the node ``id``: splices, each applied to what the one before it left.
 */
export interface ChildrenChange {
  id: string;
  splices: ChildrenSplice[];
}
/**
 * At position ``at`` of the children, ``remove`` go and those of ``ids`` come: from elsewhere in the list, or new.
 */
export interface ChildrenSplice {
  at: number;
  ids: string[];
  remove: number;
}
/**
 * The call of event ``seq`` runs ``tool`` and has not ended; the page may show it as pending.
 *
 * ``queued``: it does not run yet, for others of the tool come before it.
 */
export interface Started {
  client: string;
  kind: "started";
  queued: boolean;
  seq: number;
  tool: string;
}
/**
 * The call of event ``seq`` runs ``tool`` when the person answers ``question``, the panel's own words, with yes.
 */
export interface Confirm {
  client: string;
  kind: "confirm";
  question: string;
  seq: number;
  tool: string;
}
/**
 * The call of event ``seq`` ended; ``error`` is None when it went well.  All that it changed is in revisions up to ``rev``.
 */
export interface Result {
  client: string;
  error: ErrorInfo | null;
  kind: "result";
  rev: number;
  seq: number;
}
/**
 * Event ``seq`` was not taken at all, and why.
 */
export interface Reject {
  client: string;
  error: ErrorInfo;
  kind: "reject";
  rev: number;
  seq: number;
}
/**
 * Something of this client came before its event ``seq``, which has not come: it is to send again from there on.
 */
export interface Missed {
  client: string;
  kind: "missed";
  seq: number;
}
/**
 * Progress of the call of event ``seq``; ``total`` None when unknown.
 */
export interface Progress {
  client: string;
  done: number;
  kind: "progress";
  seq: number;
  text: string;
  total: number | null;
}
/**
 * An event that is for the page, of ``$emit`` (``toast`` or ``notify``) or of an extension (``notify``).
 */
export interface Emitted {
  event: string;
  kind: "emitted";
  payload: JsonValue;
}
/**
 * Request ``id`` is no longer open: how it was answered, or ``void`` when it no longer applies.
 */
export interface ConsentEnded {
  id: string;
  kind: "consent_ended";
  outcome: ("once" | "panel" | "deny") | "void";
}
/**
 * The panel ended; the view stays as it was, disabled, with the reason.
 */
export interface Closed {
  kind: "closed";
  reason: string;
}
/**
 * The bundle's bytes travel in the message's one buffer.
 */
export interface BundleReply {
  address: string;
  kind: "bundle";
}
/**
 * The guest's code and image travel in the message's two buffers, in this order.
 *
 * ``address`` is the content address of both, the one after the other: a page takes no other than its bundle was built with.
 */
export interface ModulesReply {
  address: string;
  kind: "guest";
}
/**
 * The answer, by MIME type.
 */
export interface KeptReply {
  data: {
    [k: string]: JsonValue;
  };
  kind: "kept";
}
/**
 * The panel's program and committed state at revision ``rev``, for the page ``client`` to run beside the kernel.
 *
 * ``document``: the revision that this document began with.  ``clock``, ``seed`` and ``zone`` are what its view reads.
 * ``near``: while the state, with the detail of an event, has no more characters of JSON, all code takes so little time
 * that the page's own thread may run it; 0: never.
 */
export interface ProgramReply {
  client: string;
  clock: number;
  document: number;
  kind: "program";
  near: number;
  program: {
    [k: string]: JsonValue;
  };
  rev: number;
  seed: number;
  state: {
    [k: string]: JsonValue;
  };
  zone: string;
}
/**
 * One expression whose own value, type kept, is the property.
 */
export interface BindingProp {
  code: number;
  kind: "binding";
}
/**
 * POST tools/call.
 */
export interface CallRequest {
  args:
    | {
        [k: string]: JsonValue;
      }
    | JsonValue[]
    | null;
  /**
   * document_key(notebook path, panel id)
   */
  panel: string;
  tool: string;
}
/**
 * Stop the call that this client's event ``seq`` started.
 */
export interface Cancel {
  client: string;
  kind: "cancel";
  seq: number;
}
/**
 * One difference in what the document demands.  ``before`` and ``after`` are sentences, "" for nothing.
 */
export interface CapabilityChange {
  after: string;
  alias: string;
  before: string;
  dangerous: boolean;
  extension: string;
  kind: "added" | "removed" | "changed";
}
/**
 * POST proposals/{id}/challenge, reviewers/{id}/challenge.
 *
 * ``statement`` is the exact text to sign (UTF-8, ECDSA P-256 with SHA-256, signature as raw r‖s); it names the
 * action, the proposal's hash, the base and ``nonce``, which works once and until ``expires``.
 */
export interface Challenge {
  expires: string;
  nonce: string;
  statement: string;
}
/**
 * POST proposals/{id}/challenge.
 */
export interface ChallengeRequest {
  action: "approve" | "reject" | "undo";
}
/**
 * A view opened: the kernel answers with a ``Snapshot``, and with a ``ProgramReply`` after it if the page wants the ``program``.
 *
 * ``rev`` and ``document`` are those of the view that the page shows already, None for none: if they are still the present
 * ones, the snapshot leaves the tree out.
 */
export interface Hello {
  client: string;
  document: number;
  kind: "hello";
  program: boolean;
  protocol: number;
  rev: number | null;
}
/**
 * A component's event, by the node of the tree it happened on.
 *
 * ``seq`` counts what a client sends, ``Undo`` and ``Redo`` too, from 1: each is taken once, in this order, however often it comes.
 * ``name`` is ``press`` or an event of the component's catalog entry; ``change`` on a bound
 * component carries the new value in ``detail["value"]`` and is an edit.
 * ``clock`` is milliseconds since 1970, ``seed`` 32 random bits, ``zone`` an IANA time zone name;
 * ``base`` is the revision the client was showing.
 */
export interface Event {
  base: number;
  client: string;
  clock: number;
  detail: {
    [k: string]: JsonValue;
  };
  kind: "event";
  name: string;
  node: string;
  seed: number;
  seq: number;
  zone: string;
}
/**
 * Of this client's events up to ``seq``, those that the kernel has not got will not come: nobody waits for them any more.
 */
export interface Skip {
  client: string;
  kind: "skip";
  seq: number;
}
/**
 * Take back what a person did last in this panel, whatever page it was; answered as an ``Event`` is.
 */
export interface Undo {
  client: string;
  kind: "undo";
  seq: number;
}
/**
 * Make again what was taken back last; answered as an ``Event`` is.
 */
export interface Redo {
  client: string;
  kind: "redo";
  seq: number;
}
/**
 * What the person said to the ``Confirm`` of this client's event ``seq``.
 */
export interface ConfirmAnswer {
  client: string;
  kind: "confirm_answer";
  seq: number;
  yes: boolean;
}
/**
 * Whether this page shows the panel where a person can see it.
 *
 * Only for a panel whose snapshot asks for it, when it changes, and again within ``SIGHT_SECONDS`` while it does.
 */
export interface Sight {
  client: string;
  kind: "sight";
  shown: boolean;
}
/**
 * What the person decided about the ``Consent`` of this id; an answer to any but the open request is refused.
 *
 * ``once``: for the first run that begins after this and uses it.  ``panel``: for this document, until it is changed.
 * ``deny``: and do not ask again before the cell is run again.
 */
export interface ConsentAnswer {
  client: string;
  decision: "once" | "panel" | "deny";
  id: string;
  kind: "consent_answer";
}
/**
 * One piece of panel code.
 *
 * ``expression``: one JavaScript expression over ``$state``, ``$scope``, ``$event``.
 * ``args``: the text of an ``args`` attribute, braces included; the guest's host applies the rule
 * of NXML.md section 3 (object literal if it parses as one that is not a lone shorthand name, else
 * the outer braces are interpolation).
 * ``body``: the body of an async function (a handler).
 * ``span`` is where ``source`` stands in the document, so that line *n* of ``source`` is line
 * ``span.line + n - 1`` there.
 */
export interface Code {
  kind: "expression" | "args" | "body";
  source: string;
  span: Span;
}
/**
 * A half-open piece ``[start, end)`` of the source with the place of its first character.
 */
export interface Span {
  column: number;
  end: number;
  line: number;
  start: number;
}
/**
 * POST programs: the text of a document.
 */
export interface CompileRequest {
  source: string;
}
/**
 * The answer: what a page needs to run the document without a kernel.
 *
 * ``hash`` is its ``document_hash``.  In ``program`` the controls of tools that need a kernel are disabled and say so,
 * and each lifecycle hook has ``local``: whether it runs without one.
 */
export interface CompiledPanel {
  hash: string;
  program: {
    [k: string]: JsonValue;
  };
  title: string;
}
/**
 * A derived value: an expression over other states and computed values.
 */
export interface ComputedDeclaration {
  code: number;
  description: string;
  name: string;
  span: Span;
  type: ("string" | "number" | "boolean" | "list" | "object" | "any" | "frame") | null;
}
/**
 * One problem: stable ``code``, the place, the reason and the remedy.
 *
 * ``path`` names the element in the document (``NexusPanel/Data/State[2]``), empty if unknown.
 */
export interface Diagnostic {
  code: string;
  fix: Fix | null;
  hint: string;
  message: string;
  path: string;
  severity: Severity;
  span: Span;
}
/**
 * A text edit that removes the problem: replace ``span`` by ``replacement``.
 */
export interface Fix {
  replacement: string;
  span: Span;
  title: string;
}
/**
 * What came of the new document in a clone with the panel's current state (its revision ``rev``).
 *
 * ``tree`` is the view it shows; ``resets`` are sentences about state that would not be kept; ``trials`` are
 * runs of new and changed tools that need no argument.
 */
export interface DryRun {
  problems: Problem[];
  resets: string[];
  rev: number;
  tree: Tree | null;
  trials: Trial[];
}
/**
 * A tool of the new document, run once in the clone: what it would change, or why it failed.
 */
export interface Trial {
  error: ErrorInfo | null;
  ops: Operation[];
  tool: string;
}
/**
 * One ``$emit``.
 */
export interface Emission {
  event: string;
  payload: JsonValue;
}
/**
 * POST reviewers.  ``public_key`` is a JSON Web Key (EC, P-256), public part only.
 */
export interface EnrolRequest {
  label: string;
  public_key: {
    [k: string]: JsonValue;
  };
}
/**
 * A suspended handler's wish: call ``method`` of the extension declared as ``alias``.
 */
export interface ExtensionCall {
  alias: string;
  args: JsonValue[];
  id: number;
  method: string;
}
/**
 * A declared use of an extension; grants nothing by itself.
 */
export interface ExtensionDeclaration {
  alias: string;
  name: string;
  options: {
    [k: string]: JsonValue;
  };
  reason: string;
  span: Span;
}
/**
 * What to be told of.  With ``epoch`` and ``revision`` of what it has, missed revisions follow; else a snapshot.
 *
 * A later one replaces it.
 */
export interface Subscribe {
  epoch: string | null;
  kind: "subscribe";
  revision: number | null;
  topics: ("graph" | "commits" | "proposals")[];
}
/**
 * Answered by ``Pong``.
 */
export interface Ping {
  id: number;
  kind: "ping";
}
/**
 * First message.  ``epoch`` changes when revisions start anew: then a client resumes from nothing.
 */
export interface ServerHello {
  epoch: string;
  kind: "hello";
  revision: number;
  version: number;
  workspace: string;
}
/**
 * Everything, for a client that cannot resume.
 */
export interface WorkspaceSnapshot {
  graph: GraphState;
  kind: "snapshot";
  panels: WorkspacePanel[];
}
/**
 * A whole graph at a revision.
 */
export interface GraphState {
  entities: NOGEntity[];
  relationships: NOGRelationship[];
  revision: number;
}
/**
 * A thing that has a name.  ``properties`` are plain JSON; fields that are not known here are kept.
 */
export interface NOGEntity {
  id: string;
  name: string;
  properties: {
    [k: string]: JsonValue;
  };
  type:
    | "panel"
    | "state"
    | "computed"
    | "tool"
    | "lifecycle"
    | "component"
    | "extension"
    | "notebook"
    | "cell"
    | "python_name";
  [k: string]: unknown;
}
/**
 * ``source`` *type* ``target``.  Without an ``id`` it is named after what it says, so that the same is the same.
 */
export interface NOGRelationship {
  id: string;
  properties: {
    [k: string]: JsonValue;
  };
  source: string;
  target: string;
  type: "contains" | "reads" | "writes" | "computes" | "binds" | "triggers" | "calls" | "uses";
  [k: string]: unknown;
}
/**
 * A live panel and where it lives.  ``entity`` is its id in the workspace graph.
 */
export interface WorkspacePanel {
  entity: string;
  kernel: string;
  /**
   * document_key(notebook path, panel id)
   */
  key: string;
  notebook: string;
  panel: PanelInfo;
}
/**
 * A live panel of one kernel.
 *
 * ``cell`` is the id of the cell whose text is the panel's document, "" if a program made the panel: then
 * there is no text that a change could be written to.  ``hash`` is ``document_hash`` of its source;
 * ``edition`` counts how often the document was replaced in place, ``rev`` the commits of its state.
 */
export interface PanelInfo {
  cell: string;
  description: string;
  edition: number;
  has_view: boolean;
  hash: string;
  id: string;
  python_name: string;
  rev: number;
  title: string;
  tools: ToolInfo[];
}
/**
 * A tool as others may call it; ``input_schema`` is the JSON Schema of its arguments by name.
 */
export interface ToolInfo {
  ai: "ask" | "allow" | "deny";
  confirm: string | null;
  description: string;
  input_schema: {
    [k: string]: JsonValue;
  };
  name: string;
}
/**
 * From revision ``revision - 1`` to ``revision``.
 */
export interface WorkspaceRevision {
  /**
   * Items: document_key(notebook path, panel id)
   */
  ended: string[];
  kind: "revision";
  panels: WorkspacePanel[];
  patch: NOGPatch;
  revision: number;
}
/**
 * What leads from one revision to the next.  Deleting an entity deletes its relationships, named or not.
 *
 * Applied in the order: relationships deleted, entities deleted, entities put (added or replaced),
 * relationships put.
 */
export interface NOGPatch {
  delete_entities: string[];
  delete_relationships: string[];
  put_entities: NOGEntity[];
  put_relationships: NOGRelationship[];
}
/**
 * A panel's state has a new revision; not part of the graph's revisions, and not resumed.
 */
export interface WorkspaceCommit {
  cause: "tool" | "edit" | "python" | "lifecycle" | "undo" | "redo" | "restore" | "reset";
  kind: "commit";
  /**
   * document_key(notebook path, panel id)
   */
  panel: string;
  paths: string[];
  rev: number;
  tool: string | null;
}
/**
 * A proposal was made or decided.
 */
export interface ProposalNews {
  kind: "proposal";
  record: ProposalRecord;
}
/**
 * A proposal and what has become of it.
 *
 * ``edition`` and ``applied_hash`` are the panel's after it was applied.  ``notes`` are for the reader.
 */
export interface ProposalRecord {
  applied_hash: string | null;
  decided: string | null;
  decided_by: string | null;
  edition: number | null;
  notes: string[];
  proposal: Proposal;
  status: "open" | "applied" | "rejected" | "undone" | "stale";
}
/**
 * Everything a reviewer decides about.  ``hash`` is over all other fields (``ai.proposal.proposal_hash``).
 *
 * ``panel`` is the panel's key in the workspace.  The change is from ``base_source`` to ``source``; ``diff`` is
 * its unified diff.  ``author`` says who made it, e.g. ``model openai/gpt-x``.
 */
export interface Proposal {
  author: string;
  base_edition: number;
  base_hash: string;
  base_source: string;
  capabilities: CapabilityChange[];
  /**
   * RFC 3339, UTC
   */
  created: string;
  diagnostics: Diagnostic[];
  diff: string;
  dry_run: DryRun | null;
  hash: string;
  id: string;
  notebook: string;
  panel: string;
  panel_id: string;
  reason: string;
  request: string;
  rounds: number;
  source: string;
  title: string;
}
/**
 * Somebody enrolled or was confirmed: all reviewers as they are now.
 */
export interface ReviewerNews {
  kind: "reviewers";
  reviewers: Reviewer[];
}
/**
 * A page whose key may sign.  ``pending``: another one has to confirm it first.
 */
export interface Reviewer {
  enrolled: string;
  id: string;
  label: string;
  status: "active" | "pending";
}
/**
 * The answer to ``Ping``.
 */
export interface Pong {
  id: number;
  kind: "pong";
}
/**
 * A message of the client's that was not understood, and why; the connection stays.
 */
export interface SocketError {
  error: ApiError;
  kind: "error";
}
/**
 * GET graph/path: the entities on a shortest path in order and the relationships between them; empty if none.
 */
export interface GraphPath {
  entities: NOGEntity[];
  relationships: NOGRelationship[];
  revision: number;
}
/**
 * The limits that the guest itself keeps.
 *
 * ``state_bytes``: the whole state as JSON.  ``calls``: extension calls of one call of a tool; ``tool_depth``: tools that
 * call each other.  ``log_lines``, ``log_bytes``: of one call.
 */
export interface GuestBounds {
  calls: number;
  log_bytes: number;
  log_lines: number;
  state_bytes: number;
  tool_depth: number;
}
/**
 * Forget call ``call``; its unfinished promises never settle.
 */
export interface GuestCancel {
  call: number;
  op: "cancel";
}
/**
 * Write whole states from outside (Python): one transaction, checked against the declarations.
 */
export interface GuestEdit {
  clock: number;
  op: "edit";
  values: {
    [k: string]: JsonValue;
  };
}
/**
 * A component's event by node id: edits the bound place, and starts its tool as call ``call``.
 *
 * With ``call`` 0 nothing is started: the reply's ``tool`` and ``value`` are the tool and the arguments of the
 * ``invoke`` that is to follow, for a host that queues calls; ``tool`` is None when there is none.
 */
export interface GuestEvent {
  call: number;
  clock: number;
  detail: {
    [k: string]: JsonValue;
  };
  name: string;
  node: string;
  op: "event";
  seed: number;
  zone: string;
}
/**
 * Run a tool: first step of call ``call``.  ``args`` an array (positional), an object (by name) or absent.
 *
 * With ``hook`` it is the lifecycle hook of that place in the program that runs, ``tool`` is what it is called, and
 * ``args``, an object, is what it finds as ``$args``.
 * With ``state`` the call begins with that committed state; only in a guest in which nothing has run yet.
 */
export interface GuestInvoke {
  args: JsonValue;
  call: number;
  clock: number;
  hook: number | null;
  op: "invoke";
  seed: number;
  state: {
    [k: string]: JsonValue;
  } | null;
  tool: string;
  zone: string;
}
/**
 * First request: the declarations, and the committed state to go on from (None: the defaults).
 */
export interface GuestLoad {
  bounds: GuestBounds | null;
  clock: number;
  op: "load";
  program: {
    [k: string]: JsonValue;
  };
  seed: number;
  state: {
    [k: string]: JsonValue;
  } | null;
  zone: string;
}
/**
 * Apply operations to committed state from outside, exactly as given: one transaction, checked against the declarations.
 *
 * What does not fit the state as it is fails with ``INVALID_PATCH``.  A value that a state may begin with is taken.
 * ``seed`` is what the view reads from now on, None for what it has read.
 */
export interface GuestPatch {
  clock: number;
  op: "patch";
  ops: Operation[];
  seed: number | null;
}
/**
 * Read one state or computed value.
 */
export interface GuestRead {
  name: string;
  op: "read";
}
/**
 * What a request led to.
 *
 * ``status``: ``done`` (the call ended, or the request had no call), ``waiting`` (the call waits for
 * ``calls`` to settle, or for ``timer`` milliseconds to pass), ``failed`` (``error`` says why; this
 * step changed nothing: ``ops`` is empty).
 * ``ops``/``inverse`` are what this step changed and how to take it back, in order of application.
 * ``tool`` names the tool that an event started, None for an edit.
 */
export interface GuestReply {
  calls: ExtensionCall[];
  emits: Emission[];
  error: ErrorInfo | null;
  inverse: Operation[];
  logs: LogLine[];
  ops: Operation[];
  patch: TreePatch | null;
  progress: ProgressNote | null;
  state: {
    [k: string]: JsonValue;
  } | null;
  status: "done" | "waiting" | "failed";
  timer: number | null;
  tool: string | null;
  tree: Tree | null;
  value: JsonValue;
}
/**
 * One line of ``$log`` or ``console``; ``text`` is already formatted and capped.
 */
export interface LogLine {
  level: "debug" | "info" | "warn" | "error";
  text: string;
}
/**
 * The last ``$progress`` of a step.
 */
export interface ProgressNote {
  done: number;
  text: string;
  total: number | null;
}
/**
 * Go on with call ``call``: the next step.  With no results its due timers run.
 */
export interface GuestResume {
  call: number;
  clock: number;
  op: "resume";
  results: Settled[];
}
/**
 * The outcome of one extension call: ``value`` or ``error``.
 */
export interface Settled {
  error: ErrorInfo | null;
  id: number;
  value: JsonValue;
}
/**
 * Show the view: the ``tree`` when ``whole``, else the ``patch`` since the last ``view`` (neither: it is the same).
 *
 * A guest that was not asked before, or that had to begin anew, answers with the tree.
 */
export interface GuestView {
  op: "view";
  whole: boolean;
}
/**
 * A handler body and its limits.  ``timeout`` is wall time in seconds, ``memory`` bytes, None: default.
 */
export interface Handler {
  atomic: boolean;
  capabilities: string[] | null;
  code: number;
  memory: number | null;
  timeout: number | null;
}
/**
 * GET health.  ``storage`` says why nothing is kept beyond the server's end, "" if all is well.
 */
export interface Health {
  kernels: number;
  panels: number;
  revision: number;
  status: "ok";
  storage: string;
  version: string;
  workspace: string;
}
/**
 * A handler that a moment in the panel's life starts.  ``every`` and ``debounce`` are seconds.
 */
export interface LifecycleDeclaration {
  debounce: number | null;
  every: number | null;
  handler: Handler;
  of: string[];
  on: "mount" | "unmount" | "interval" | "change" | "error";
  span: Span;
  when_hidden: "pause" | "run";
}
/**
 * A value known when the document was read.
 */
export interface LiteralProp {
  kind: "literal";
  value: JsonValue;
}
/**
 * The clock a step reads: milliseconds since 1970.
 */
export interface Moment {
  clock: number;
}
/**
 * GET graph/neighbourhood, graph/dependencies: a part of the graph; ``depths`` gives each entity's distance.
 */
export interface Neighbourhood {
  depths: {
    [k: string]: number;
  };
  entities: NOGEntity[];
  relationships: NOGRelationship[];
  revision: number;
}
/**
 * GET panels.
 */
export interface PanelList {
  panels: WorkspacePanel[];
  revision: number;
}
/**
 * The data of ``OUTPUT_MIME``; a reader takes no other ``version`` than its own.
 *
 * ``hash`` is the ``document_hash`` of the document.  The document itself is the cell's text and not in here, and neither is its
 * program.  ``state`` is the committed state, None where it is too large for a notebook or not for others to read.
 */
export interface PanelOutput {
  hash: string;
  panel: string;
  state: {
    [k: string]: JsonValue;
  } | null;
  title: string;
  version: 1;
}
/**
 * GET panels/{key}/source.
 */
export interface PanelSource {
  panel: WorkspacePanel;
  source: string;
}
/**
 * A writable place: ``$state`` or ``$scope``, then names and computed keys in order.
 */
export interface Place {
  path: (string | number)[];
  root: "$state" | "$scope";
}
/**
 * A whole panel, ready to be loaded into a guest.
 */
export interface Program {
  code: Code[];
  computed: ComputedDeclaration[];
  description: string;
  extensions: ExtensionDeclaration[];
  id: string | null;
  lifecycle: LifecycleDeclaration[];
  nxml: "1.0";
  states: StateDeclaration[];
  title: string;
  tools: ToolDeclaration[];
  version: string;
  view: ViewNode | null;
}
/**
 * A declared state.  Either ``default`` is its first value, or ``default_code`` computes it.
 */
export interface StateDeclaration {
  default: JsonValue;
  default_code: number | null;
  description: string;
  enum: JsonValue[] | null;
  max: number | null;
  min: number | null;
  name: string;
  pattern: string | null;
  persist: "none" | "notebook" | "workspace";
  span: Span;
  step: number | null;
  type: "string" | "number" | "boolean" | "list" | "object" | "any" | "frame";
}
/**
 * A callable of the panel, for its view, for Python and for AI.
 */
export interface ToolDeclaration {
  ai: "ask" | "allow" | "deny";
  args: ArgDeclaration[];
  concurrency: "queue" | "latest" | "drop" | "parallel";
  confirm: string | null;
  description: string;
  handler: Handler;
  icon: string | null;
  name: string;
  span: Span;
}
/**
 * One element of the view.
 *
 * ``type`` is a component name, or ``If``, ``Else``, ``Iterate``, ``Empty``.  ``events`` maps an
 * event name (``press`` for a component's ``trigger``) to what it does.
 * ``key`` is an expression or, as a literal, the name of a property of the loop's item.
 */
export interface ViewNode {
  bind: Place | null;
  children: ViewNode[];
  condition: number | null;
  events: {
    [k: string]: Trigger;
  };
  index_name: string | null;
  item_name: string;
  items: number | null;
  key: (LiteralProp | BindingProp | TextProp) | null;
  props: {
    [k: string]: LiteralProp | BindingProp | TextProp;
  };
  span: Span;
  type: string;
}
/**
 * What an event does: call ``tool`` with the value of ``args`` (none: no arguments).
 */
export interface Trigger {
  args: number | null;
  tool: string;
}
/**
 * Text with expressions in it: strings and code indexes in order; the result is a string.
 */
export interface TextProp {
  kind: "text";
  parts: (string | number)[];
}
/**
 * GET proposals, newest first.
 */
export interface ProposalList {
  proposals: ProposalRecord[];
}
/**
 * GET reviewers; POST reviewers gives the one.
 */
export interface ReviewerList {
  reviewers: Reviewer[];
}
/**
 * POST proposals/{id}/decision, reviewers/{id}/confirm.  ``signature`` is base64url without padding.
 */
export interface SignedDecision {
  action: ("approve" | "reject" | "undo") | "confirm";
  nonce: string;
  reviewer: string;
  signature: string;
}
/**
 * GET tools.
 */
export interface ToolList {
  tools: WorkspaceTool[];
}
/**
 * One entry of GET tools.
 */
export interface WorkspaceTool {
  notebook: string;
  /**
   * document_key(notebook path, panel id)
   */
  panel: string;
  title: string;
  tool: ToolInfo;
}
/**
 * POST tools/call.
 */
export interface ToolResult {
  value: JsonValue;
}

export const PROTOCOL_VERSION = 1;
