/** What all input components share: where their value comes from, where it goes, and whether they take input. */
import { useContext } from "react";
import type { JsonObject } from "../host/messages";
import type { ViewNode } from "../host/view";
import { type Call, EnabledContext, useHost } from "../render/host";

export interface Field {
  readonly disabled: boolean;
  readonly readOnly: boolean;
  /** Sends a new value as an edit or event; null when nobody takes it. */
  readonly send: ((value: string | boolean) => Call) | null;
  /** Tells the panel of an event that it listens to; others are not sent. */
  emit(event: string, detail?: JsonObject): void;
}

export function useField(node: ViewNode, props: { disabled?: boolean; readOnly?: boolean }): Field {
  const host = useHost();
  const enabled = useContext(EnabledContext);
  const takesEdits = node.bound && node.writable;
  const takesEvents = !node.bound && node.events.includes("change");
  return {
    disabled: props.disabled === true || !enabled,
    readOnly: props.readOnly === true || (node.bound && !node.writable),
    send:
      takesEdits || takesEvents
        ? (value) => host.dispatch(node.id, "change", { value }, { ownErrors: true })
        : null,
    emit(event, detail = {}) {
      if (node.events.includes(event)) host.dispatch(node.id, event, detail);
    },
  };
}
