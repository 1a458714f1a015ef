// What `$state` is: the declared states and the computed values under one name.

import type { ComputedDeclaration, StateDeclaration } from "../../js/generated/protocol";
import { Budget } from "./budget";
import { Computed } from "./computed";
import { impureError, PanelError, stateError } from "./errors";
import { isContainer, type Json, type JsonObject } from "./json";
import { NativeProxy } from "./native";
import { Proxies } from "./proxies";
import { readKey } from "./reads";
import { emptyValue, fitsType, violation } from "./rules";
import { State } from "./state";

export interface Evaluation {
  /** The value of a computed value's expression. */
  computed(declaration: ComputedDeclaration): unknown;
  /** The value of a default that is an expression. */
  initial(declaration: StateDeclaration): unknown;
}

export class Data {
  readonly state = new State();
  private readonly budget = new Budget(this.state.values);
  readonly proxies = new Proxies(this.state);
  readonly computed: Computed;
  /** `$state` in handlers. */
  readonly writable: object;
  /** `$state` in expressions. */
  readonly readable: object;
  private readonly declared = new Map<string, StateDeclaration>();

  constructor(
    states: readonly StateDeclaration[],
    computed: readonly ComputedDeclaration[],
    evaluation: Evaluation,
  ) {
    for (const declaration of states) this.declared.set(declaration.name, declaration);
    this.computed = new Computed(
      this.state,
      new Map(computed.map((declaration) => [declaration.name, () => evaluation.computed(declaration)])),
    );
    this.writable = this.root(true);
    this.readable = this.root(false);
  }

  declaration(name: string): StateDeclaration | undefined {
    return this.declared.get(name);
  }

  /** Gives every state its first value: from `known` where that holds the rules, else the default. */
  start(
    known: JsonObject | null,
    evaluation: Evaluation,
    dropped: (name: string, problem: string) => void,
  ): void {
    for (const [name, declaration] of this.declared) {
      if (known !== null && Object.hasOwn(known, name)) {
        const problem = this.problem(declaration, known[name] as Json, true);
        if (problem === null) {
          this.state.initialise(name, this.state.plain(known[name], `$state.${name}`));
          continue;
        }
        dropped(name, problem);
      }
      this.state.initialise(name, this.initial(declaration, evaluation));
    }
  }

  /**
   * Throws when a state that this step wrote breaks its declaration, or all are too large; the last thing before a commit.
   * `restored`: the values are some that the state has had, its first one among them.
   */
  checkTouched(restored = false): void {
    for (const name of this.state.journal.touched) {
      const problem = this.problem(
        this.declared.get(name) as StateDeclaration,
        this.state.values[name] as Json,
        restored,
      );
      if (problem !== null) throw stateError(`state ${name} ${problem}`);
    }
    this.budget.take(this.state.journal.recorded);
  }

  /** A state or computed value as expressions see it. */
  read(name: string): unknown {
    return (this.readable as Record<string, unknown>)[name];
  }

  has(name: string): boolean {
    return this.declared.has(name) || this.computed.has(name);
  }

  private initial(declaration: StateDeclaration, evaluation: Evaluation): Json {
    const { default: written, default_code: code, name } = declaration;
    if (code === null && (written === null || !fitsType(declaration.type, written)))
      return emptyValue(declaration);
    const value = this.state.plain(
      code === null ? written : evaluation.initial(declaration),
      `the default of state ${name}`,
    );
    const problem = this.problem(declaration, value, true);
    if (problem !== null)
      throw new PanelError("StateError", "INVALID_DEFAULT", `the default of state ${name} ${problem}`);
    return value;
  }

  private problem(declaration: StateDeclaration, value: Json, first: boolean): string | null {
    const exempt = first && value === "" && declaration.pattern !== null;
    return violation(exempt ? { ...declaration, pattern: null } : declaration, value);
  }

  private root(writable: boolean): object {
    const { state, computed, proxies, declared } = this;
    const names = (): string[] => [...declared.keys()];
    const get = (name: PropertyKey): unknown => {
      if (typeof name !== "string") return undefined;
      if (declared.has(name)) {
        if (writable) state.used?.add(name);
        else {
          readKey(state.handles.root, name);
          computed.noteRead(name);
        }
        const value = state.values[name] as Json;
        return isContainer(value) ? proxies.wrap(state.handles.root, name, value, writable) : value;
      }
      return computed.has(name) ? computed.get(name) : undefined;
    };
    const set = (name: PropertyKey, value: unknown): boolean => {
      if (!writable) throw impureError("an expression cannot change $state", "do it in a tool");
      if (typeof name !== "string" || !declared.has(name)) throw this.undeclared(name);
      state.put(state.handles.root, name, value);
      return true;
    };
    return new NativeProxy(Object.create(null) as object, {
      get: (_target, name) => get(name),
      set: (_target, name, value, receiver) => {
        if (receiver !== this.writable && receiver !== this.readable)
          throw stateError("$state cannot be the prototype of another object");
        return set(name, value);
      },
      has: (_target, name) => typeof name === "string" && this.has(name),
      ownKeys: names,
      getOwnPropertyDescriptor: (_target, name) =>
        typeof name === "string" && declared.has(name)
          ? { value: get(name), writable: true, enumerable: true, configurable: true }
          : undefined,
      defineProperty: (_target, name, descriptor) => set(name, descriptor.value),
      deleteProperty: (_target, name) => {
        if (!writable) throw impureError("an expression cannot change $state");
        throw stateError(`$state.${String(name)} cannot be deleted`, "assign an empty value instead");
      },
      preventExtensions: () => {
        throw stateError("$state cannot be frozen or sealed");
      },
      getPrototypeOf: () => null,
      setPrototypeOf: () => {
        throw stateError("$state has no other prototype");
      },
    });
  }

  private undeclared(name: PropertyKey): Error {
    const text = String(name);
    if (typeof name === "string" && this.computed.has(name)) {
      return new PanelError(
        "StateError",
        "ASSIGN_TO_COMPUTED",
        `$state.${text} is a computed value and cannot be written`,
        "write the states it is computed from",
      );
    }
    return stateError(`no state is called ${text}`, `declare it: <State name="${text}" type="any"/>`);
  }
}
