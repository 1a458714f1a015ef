/** A panel as a file holds it: all that it takes to run it without a kernel. */
import { isObject, type Json, type JsonObject, own, string } from "../host/json";

export interface LocalDocument {
  readonly panel: string;
  readonly title: string;
  /** The compiled program, from which what needs a kernel is already taken out. */
  readonly program: JsonObject;
  /** The committed state to begin with. */
  readonly state: JsonObject;
  /** Whether its `mount` has run for this state. */
  readonly mounted: boolean;
  /** The view to show until the guest runs, and where none can run: a `Snapshot`. */
  readonly snapshot: Json;
}

/** The document in a file's text; null when it is none. */
export function readDocument(text: string): LocalDocument | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value)) return null;
  const program = own(value, "program");
  const state = own(value, "state");
  if (!isObject(program) || !isObject(state)) return null;
  return {
    panel: string(own(value, "panel")),
    title: string(own(value, "title")),
    program: program as JsonObject,
    state: state as JsonObject,
    mounted: own(value, "mounted") === true,
    snapshot: (own(value, "snapshot") ?? null) as Json,
  };
}

/** What a tool declares: how its calls meet, and what the person is asked before one runs ("" for nothing). */
export function toolOf(document: LocalDocument, name: string): { concurrency: string; confirm: string } {
  const tools = own(document.program, "tools");
  const listed: readonly unknown[] = Array.isArray(tools) ? tools : [];
  const found = listed.find((each) => isObject(each) && own(each, "name") === name);
  const tool = isObject(found) ? found : {};
  return { concurrency: string(own(tool, "concurrency"), "queue"), confirm: string(own(tool, "confirm")) };
}
