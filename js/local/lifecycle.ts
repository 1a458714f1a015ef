/**
 * What a panel that runs in the page does by itself: the lifecycle hooks of its document that need no kernel, run as calls.
 * As in the kernel, a hook's own writes never start it again, and hooks that start one another stop after so many in a row.
 * All but `end` is called within turns.
 */
import type { ErrorInfo } from "../generated/protocol";
import type { Json, JsonObject } from "../host/json";
import { sameJson } from "../host/view";
import { type Chain, Change, Failures, type Hook, hooksOf, Interval, type Run } from "./hooks";

/** What the hooks need of the panel. */
export interface Stage {
  /** Does something in a turn of its own. */
  turn(work: () => Promise<void>): void;
  /** Begins a run of a hook: its first step, up to where it first waits. */
  run(hook: Hook, run: Run): Promise<void>;
  /** The value of a computed value, or its error. */
  read(name: string): Promise<Json>;
  /** Tells the page that a hook has failed, or no longer does. */
  tell(hook: string, error: ErrorInfo | null): void;
}

/** Hooks that may start one another in a row. */
const MOST_IN_A_ROW = 16;
/** The longest that the browser's timers wait. */
const LONGEST_WAIT = 2_000_000_000;
const NOT_RUN = { name: "LimitError", line: 0, column: 0, stack: "" };

export class Lifecycle {
  readonly #stage: Stage;
  readonly #now: () => number;
  #hooks: readonly Hook[] = [];
  readonly #failed = new Map<string, ErrorInfo>();
  /** The pages that show the panel. */
  readonly #shown = new Set<string>();
  #begun = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(stage: Stage, now: () => number = () => performance.now()) {
    this.#stage = stage;
    this.#now = now;
  }

  /** The panel is there: runs `mount` up to where it first waits, unless it has run for this state.  Once only. */
  async begin(program: JsonObject, mounted: boolean): Promise<void> {
    if (this.#begun) return;
    this.#begun = true;
    this.#hooks = hooksOf(program, this.#now());
    for (const hook of this.#hooks)
      if (hook instanceof Change)
        for (const name of hook.computed) hook.known.set(name, await this.#stage.read(name));
    const mount = this.#hooks.find(({ on }) => on === "mount");
    if (mount && !mounted) await this.#run(mount, mount.take(this.#now()));
    this.#schedule();
  }

  end(): void {
    this.#hooks = [];
    clearTimeout(this.#timer);
  }

  /** Whether it matters that a page shows the panel. */
  get wantsSight(): boolean {
    return this.#hooks.some((hook) => hook instanceof Interval && hook.pauses);
  }

  get failures(): { readonly kind: "hook"; readonly hook: string; readonly error: ErrorInfo }[] {
    return [...this.#failed].map(([hook, error]) => ({ kind: "hook", hook, error }));
  }

  // --- news ----------------------------------------------------------------------------------------

  /** A page shows the panel, or does no longer: what came due while none did runs now, once. */
  sight(client: string, shown: boolean): void {
    if (shown) this.#shown.add(client);
    else this.#shown.delete(client);
    if (shown) for (const hook of this.#hooks) if (hook instanceof Interval) hook.paused = false;
    this.#schedule();
  }

  /** The state has changed, led to by `chain`. */
  async committed(before: JsonObject, after: JsonObject, chain: Chain): Promise<void> {
    for (const hook of this.#hooks) {
      if (!(hook instanceof Change)) continue;
      const changed = hook.states.filter(
        (name) => before[name] !== after[name] && !sameJson(before[name], after[name]),
      );
      for (const name of hook.computed) {
        const value = await this.#stage.read(name);
        if (!sameJson(value, hook.known.get(name))) changed.push(name);
        hook.known.set(name, value);
      }
      if (changed.length > 0 && chain.at(-1) !== hook.name) hook.note(changed, chain, this.#now());
    }
    this.#schedule();
  }

  /** A call that had begun failed: the hooks for that run, but not for what one of them did itself. */
  failed(source: string, error: ErrorInfo, chain: Chain): void {
    const hooks = this.#hooks.filter((hook) => hook instanceof Failures);
    if (error.code === "CANCELLED" || hooks.some(({ name }) => name === source)) return;
    const { code, name, message, hint, line, column } = error;
    const args = { source, error: { code, name, message, hint, line, column } };
    for (const hook of hooks) hook.note({ args, chain }, this.#now());
    this.#schedule();
  }

  /** A run of a hook is over; it took so many milliseconds. */
  ended(index: number, error: ErrorInfo | null, spent: number): void {
    const hook = this.#hooks.find((each) => each.index === index);
    if (!hook) return;
    hook.running = false;
    hook.ended(this.#now(), spent);
    if (error?.code !== "CANCELLED") this.#tell(hook, error);
    this.#schedule();
  }

  // --- runs ----------------------------------------------------------------------------------------

  /** Waits for the hook whose time comes first. */
  #schedule(): void {
    clearTimeout(this.#timer);
    const next = Math.min(...this.#hooks.map((hook) => hook.nextDue() ?? Number.POSITIVE_INFINITY));
    if (next === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(Math.max(0, next - this.#now()), LONGEST_WAIT);
    this.#timer = setTimeout(() => this.#stage.turn(() => this.#due()), wait);
  }

  /** Runs the hook whose time came first: one, so that what else waits for a turn gets it. */
  async #due(): Promise<void> {
    const now = this.#now();
    let first: { readonly at: number; readonly hook: Hook } | null = null;
    for (const hook of this.#hooks) {
      const at = hook.nextDue();
      if (at !== null && at <= now && (first === null || at < first.at)) first = { at, hook };
    }
    const hook = first?.hook;
    if (hook instanceof Interval && hook.pauses && this.#shown.size === 0) hook.paused = true;
    else if (hook) await this.#run(hook, hook.take(now));
    this.#schedule();
  }

  async #run(hook: Hook, run: Run): Promise<void> {
    const { chain } = run;
    if (chain.length >= MOST_IN_A_ROW) {
      const names = [...new Set(chain.slice(-2))].join(" and ");
      this.#tell(hook, {
        ...{ code: "LIMIT_HOOKS", allowed: MOST_IN_A_ROW, used: chain.length + 1, ...NOT_RUN },
        message: `${hook.name} was not run: hooks have started one another ${chain.length} times in a row.`,
        hint: `Look at what ${names} and ${hook.name} write: each starts the next.`,
      });
      return;
    }
    hook.running = true;
    await this.#stage.run(hook, run);
  }

  /** Keeps how a hook ended and tells the page, where that is news. */
  #tell(hook: Hook, error: ErrorInfo | null): void {
    const known = this.#failed.get(hook.name) ?? null;
    if (error === null) this.#failed.delete(hook.name);
    else this.#failed.set(hook.name, error);
    if (!sameJson(known, error)) this.#stage.tell(hook.name, error);
  }
}
