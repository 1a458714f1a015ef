// Generated from nexus_jupyter/protocol.py and nexus_jupyter/nxml/program.py by wasm/build/protocol.mjs.
// Do not edit: change the Python and run `node wasm/build/protocol.mjs`.

export type JsonValue = null | boolean | number | string | JsonValue[] | {[key: string]: JsonValue};
export type ClientMessage = Hello | AskBundle | Event | Cancel;
export type GuestRequest =
  GuestLoad | GuestInvoke | GuestEvent | GuestResume | GuestCancel | GuestEdit | GuestView | GuestRead;
export type KernelMessage =
  Snapshot | Commit | Started | Result | Reject | Progress | Emitted | Closed | BundleReply;

/**
 * One argument of a tool; not required when it has a default.
 */
export interface ArgDeclaration {
  default: JsonValue;
  description: string;
  enum: JsonValue[] | null;
  max: number | null;
  min: number | null;
  name: string;
  required: boolean;
  type: "string" | "number" | "boolean" | "list" | "object" | "any" | "frame";
}
/**
 * The page has no bundle of this address: the kernel answers with ``BundleReply`` and its bytes.
 */
export interface AskBundle {
  kind: "bundle";
}
/**
 * What one turn of a panel brought, in order, as one comm message: several would be several frames.
 */
export interface Batch {
  kind: "batch";
  messages: (Snapshot | Commit | Started | Result | Reject | Progress | Emitted | Closed | BundleReply)[];
}
/**
 * Everything a view needs to show the panel as it is.
 */
export interface Snapshot {
  kind: "snapshot";
  panel: string;
  rev: number;
  title: string;
  tree: Tree;
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
 * A revision: what changed, why, and the view after it (None: the view did not change).
 */
export interface Commit {
  cause: Cause;
  kind: "commit";
  ops: Operation[];
  rev: number;
  tree: Tree | null;
}
/**
 * Why a commit happened.
 */
export interface Cause {
  client: string | null;
  kind: "tool" | "edit" | "python" | "reset";
  seq: number | null;
  tool: string | null;
}
/**
 * A JSON Patch (RFC 6902) operation on the state object; ``path`` is a JSON Pointer (RFC 6901).
 */
export interface Operation {
  op: "add" | "remove" | "replace";
  path: string;
  value: JsonValue;
}
/**
 * The call of event ``seq`` runs ``tool`` and has not ended; the page may show it as pending.
 */
export interface Started {
  client: string;
  kind: "started";
  seq: number;
  tool: string;
}
/**
 * The call of event ``seq`` ended; ``error`` is None when it went well.
 */
export interface Result {
  client: string;
  error: ErrorInfo | null;
  kind: "result";
  seq: number;
}
/**
 * An error as data.  ``line`` and ``column`` point into the document, 0 when unknown.
 */
export interface ErrorInfo {
  code: string;
  column: number;
  hint: string;
  line: number;
  message: string;
  name: string;
  stack: string;
}
/**
 * Event ``seq`` was not taken at all, and why.
 */
export interface Reject {
  client: string;
  error: ErrorInfo;
  kind: "reject";
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
 * An event of ``$emit`` that is for the page: ``toast`` or ``notify``.
 */
export interface Emitted {
  event: string;
  kind: "emitted";
  payload: JsonValue;
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
 * One expression whose own value, type kept, is the property.
 */
export interface BindingProp {
  code: number;
  kind: "binding";
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
 * A view opened: the kernel answers with a ``Snapshot``.
 */
export interface Hello {
  client: string;
  kind: "hello";
  protocol: number;
}
/**
 * A component's event, by the node of the tree it happened on.
 *
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
 * One ``$emit``.
 */
export interface Emission {
  event: string;
  payload: JsonValue;
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
 */
export interface GuestInvoke {
  args: JsonValue;
  call: number;
  clock: number;
  op: "invoke";
  seed: number;
  tool: string;
  zone: string;
}
/**
 * First request: the declarations, and the committed state to go on from (None: the defaults).
 */
export interface GuestLoad {
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
 * Resolve the view.
 */
export interface GuestView {
  op: "view";
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

export const PROTOCOL_VERSION = 1;
