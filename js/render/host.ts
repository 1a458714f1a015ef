/**
 * What the renderer needs of whoever runs the panel.  Where trees come from (a kernel's comm, a guest
 * in the page, a saved snapshot) is not its business.
 */
import { createContext, useCallback, useContext, useSyncExternalStore } from "react";
import type { Consent, ErrorInfo, Problem } from "../generated/protocol";
import type { Outcome, PendingCall } from "../host/calls";
import type { Decision } from "../host/consent";
import type { JsonObject } from "../host/messages";
import type { ViewNode } from "../host/view";

/** `connecting`: hello was said; `live`: answered; `silent`: no answer; `closed`: ended for good. */
export type Connection = "connecting" | "live" | "silent" | "closed";

export interface NodeStatus {
  readonly pending: PendingCall | null;
  readonly error: ErrorInfo | null;
}

export interface Toast {
  readonly id: number;
  readonly level: "info" | "success" | "warn" | "error";
  readonly text: string;
  /** Whether it is there until somebody dismisses it. */
  readonly stays: boolean;
}

/** What the person is asked before call `seq` runs. */
export interface Question {
  readonly seq: number;
  readonly text: string;
  /** The view that was used last when the call was made, "" when nobody knows. */
  readonly view: string;
}

/** The panel as a whole; replaced, never changed. */
export interface PanelState {
  readonly title: string;
  readonly rev: number;
  /** Whether there is anything to show yet. */
  readonly ready: boolean;
  readonly root: string | null;
  readonly problems: readonly Problem[];
  /** Errors of calls whose component is no longer in the view, by node. */
  readonly strayErrors: readonly (readonly [node: string, error: ErrorInfo])[];
  /** Of lifecycle hooks whose last run failed, by hook. */
  readonly hookErrors: readonly (readonly [hook: string, error: ErrorInfo])[];
  readonly toasts: readonly Toast[];
  /** The first question that waits for an answer. */
  readonly question: Question | null;
  /** Whether who looks is a dashboard's visitor, who is told of an error what happened and no more. */
  readonly visitor: boolean;
  /** The kernel's open request for permission. */
  readonly consent: Consent | null;
  /** What to do now that a request was answered, "" for nothing. */
  readonly consentNote: string;
  /** Whether there is something to undo or redo. */
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  /** What the last undo or redo of this page has come to, "" for nothing to say. */
  readonly turned: string;
  /** Whether the panel's code runs in this page, too, and what it does is shown at once. */
  readonly here: boolean;
  /** How many changes that are shown already wait for a kernel that is busy. */
  readonly overdue: number;
  readonly connection: Connection;
  readonly closedReason: string;
}

export interface Call {
  readonly seq: number;
  readonly done: Promise<Outcome>;
}

export interface DispatchOptions {
  /** The caller shows a failure itself: it is not put at the node. */
  ownErrors?: boolean;
}

export type Turn = "undo" | "redo";

export interface PanelHost {
  subscribePanel(listener: () => void): () => void;
  panel(): PanelState;
  subscribeNode(key: string, listener: () => void): () => void;
  node(key: string): ViewNode | undefined;
  subscribeStatus(node: string, listener: () => void): () => void;
  status(node: string): NodeStatus;
  dispatch(node: string, event: string, detail?: JsonObject, options?: DispatchOptions): Call;
  cancel(seq: number): void;
  /** Somebody may be about to use the panel. */
  wake(): void;
  /** The view of this name is being used: questions about what it sets off are asked there. */
  attend(view: string): void;
  /** Answers the question about a call. */
  answer(seq: number, yes: boolean): void;
  /** Undoes what was done last, or redoes what was undone; nothing when there is nothing. */
  turn(turn: Turn): void;
  dismissError(node: string): void;
  dismissHookError(hook: string): void;
  dismissToast(id: number): void;
  /** Answers the open request; false when it cannot be told to the kernel, or is another one by now. */
  decide(id: string, decision: Decision): boolean;
  dismissConsentNote(): void;
}

export const HostContext = createContext<PanelHost | null>(null);

export function useHost(): PanelHost {
  const host = useContext(HostContext);
  if (!host) throw new Error("A panel component was drawn outside a panel.");
  return host;
}

export function usePanel(): PanelState {
  const host = useHost();
  const subscribe = useCallback((listener: () => void) => host.subscribePanel(listener), [host]);
  return useSyncExternalStore(subscribe, () => host.panel());
}

export function useViewNode(key: string): ViewNode | undefined {
  const host = useHost();
  const subscribe = useCallback((listener: () => void) => host.subscribeNode(key, listener), [host, key]);
  return useSyncExternalStore(subscribe, () => host.node(key));
}

export function useNodeStatus(node: string): NodeStatus {
  const host = useHost();
  const subscribe = useCallback((listener: () => void) => host.subscribeStatus(node, listener), [host, node]);
  return useSyncExternalStore(subscribe, () => host.status(node));
}

/** Whether controls take input: false while there is no kernel to take it, or the panel has ended. */
export const EnabledContext = createContext(true);
