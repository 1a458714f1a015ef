// Errors that the guest raises on purpose.  Panel code may catch them like any other error.

/** What the guest itself says of an error: panel code can read it from the error, but cannot change it here. */
export interface Facts {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Of a limit that was passed, in its own unit. */
  readonly allowed?: number | null;
  readonly used?: number | null;
}

const known = new WeakMap<object, Facts>();

/** The facts of an error that the guest raised; undefined for anything that panel code made. */
export function factsOf(error: unknown): Facts | undefined {
  return typeof error === "object" && error !== null ? known.get(error) : undefined;
}

/** The same error as a new object, which shares nothing with one that panel code has held. */
export function anew({ name, code, message, hint, ...numbers }: Facts): PanelError {
  return new PanelError(name, code, message, hint, numbers);
}

/** `code` is stable and meant for programs; `hint` says what to do. */
export class PanelError extends Error {
  readonly code: string;
  readonly hint: string;
  constructor(
    name: string,
    code: string,
    message: string,
    hint = "",
    numbers: Pick<Facts, "allowed" | "used"> = {},
  ) {
    super(message);
    Object.defineProperty(this, "name", { value: name, configurable: true, writable: true });
    this.code = code;
    this.hint = hint;
    known.set(this, {
      name,
      code,
      message,
      hint,
      allowed: numbers.allowed ?? null,
      used: numbers.used ?? null,
    });
  }
}

// Panel code gets hold of such errors, but must not make its own: their codes mean something to the host.
Object.defineProperty(PanelError.prototype, "constructor", { value: Error, configurable: true });

/** A write that breaks a state's declaration, or a value that state cannot hold. */
export function stateError(message: string, hint = ""): PanelError {
  return new PanelError("StateError", "INVALID_STATE", message, hint);
}

/** Arguments that do not fit a tool's declaration. */
export function argumentError(message: string, hint = ""): PanelError {
  return new PanelError("ArgumentError", "ARGUMENT_MISMATCH", message, hint);
}

/** An expression that tries to change something. */
export function impureError(message: string, hint = ""): PanelError {
  return new PanelError("ImpureError", "IMPURE_EXPRESSION", message, hint);
}

/** A limit of the sandbox; `limit` is its name in capitals, `used` what was asked for or is taken. */
export function limitError(
  limit: string,
  message: string,
  allowed: number,
  used: number,
  hint = "",
): PanelError {
  return new PanelError("LimitError", `LIMIT_${limit}`, message, hint, { allowed, used });
}

/**
 * Set when the guest itself was interrupted in the middle of a change (memory or stack ran out in its own
 * code): what it holds can no longer be trusted and the host drops it.
 */
export const damage: { reason: string } = { reason: "" };

/** Runs a change of the guest's own records; any failure in it marks the guest as damaged. */
export function indivisible<T>(change: () => T): T {
  try {
    return change();
  } catch (error) {
    damage.reason = String((error as Error | undefined)?.message ?? error);
    throw error;
  }
}
