import type { Toast } from "../render/host";
import { isObject, own } from "./messages";

const MAX_TOASTS = 4;
const MAX_TEXT = 2_000;
const LEVELS = new Set(["info", "success", "warn", "error"]);

/**
 * A toast from the payload of `$emit('toast', …)` or of a notification: a text, or an object with `text` (or `message`),
 * `level` and `autoClose`. An error stays in any case.
 */
export function readToast(id: number, payload: unknown): Toast | null {
  const raw = isObject(payload) ? payload : { text: payload };
  const said = own(raw, "text") ?? own(raw, "message");
  if (typeof said !== "string" && typeof said !== "number") return null;
  const text = String(said).slice(0, MAX_TEXT);
  const named = own(raw, "level");
  const wanted = named === "warning" ? "warn" : named;
  const level = (LEVELS.has(wanted as string) ? wanted : "info") as Toast["level"];
  const stays = level === "error" || own(raw, "autoClose") === false;
  return text.trim() ? { id, text, level, stays } : null;
}

/** The newest few toasts: a panel that emits in a loop must not bury the page. */
export function addToast(toasts: readonly Toast[], toast: Toast): readonly Toast[] {
  return [...toasts, toast].slice(-MAX_TOASTS);
}
