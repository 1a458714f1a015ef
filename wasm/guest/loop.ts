// `Iterate`: its children once for each item.  An item whose key stays keeps its parts, wherever it moves.

import { PanelError } from "./errors";
import { Item } from "./item";
import { isContainer } from "./json";
import { escaped, MAX_KEY, Part } from "./part";
import { readWhole } from "./reads";
import type { Scope } from "./scope";

export class Loop extends Part {
  private items: readonly Item[] = [];
  /** Of a loop with keys: the items by id, and by value those whose key is known as long as they do not say otherwise. */
  private byId: Map<string, Item> | null = null;
  private byValue: Map<unknown, Item> | null = null;
  private instead: readonly Part[] = [];

  protected evaluate(): void {
    const values = this.values();
    const before = this.items;
    this.items = this.arranged(values ?? []);
    const empty = values?.length === 0;
    if (!empty || this.instead.length === 0) {
      for (const part of this.instead) part.end();
      this.instead = empty
        ? this.view.alternative(this.node, "Empty", this.scope, this.path, this.frame, this)
        : [];
    }
    if (before.length !== this.items.length || before.some((item, i) => item !== this.items[i]))
      this.rearrange();
  }

  private values(): readonly unknown[] | undefined {
    return this.attempt(this.node.items, () => {
      const value = this.value(this.node.items, this.scope, this.path);
      if (value === undefined || value === null) return [];
      const handle = isContainer(value) ? this.view.data.state.handles.behind(value) : undefined;
      if (handle !== undefined && Array.isArray(handle.raw)) {
        // all at once: item by item each would be read through its proxy
        readWhole(handle);
        return this.view.data.proxies.items(handle, false);
      }
      if (Array.isArray(value)) return value as unknown[];
      throw new PanelError(
        "Error",
        "INVALID_VALUE",
        "Iterate needs a list",
        "use Object.entries() for an object",
      );
    });
  }

  private arranged(values: readonly unknown[]): Item[] {
    const items: Item[] = [];
    const added: Item[] = [];
    if (this.node.key === null) this.placed(values, items, added);
    else this.keyed(values, items, added);
    for (const item of added) item.fill();
    return items;
  }

  private placed(values: readonly unknown[], items: Item[], added: Item[]): void {
    const { length } = values;
    for (let i = 0; i < length; i++) {
      let item = this.items[i];
      if (item === undefined) {
        item = new Item(this.view, this, values[i], i);
        item.id = `${this.path}[#${i}]`;
        added.push(item);
      } else {
        item.become(values[i], i);
      }
      items.push(item);
    }
    for (let i = length; i < this.items.length; i++) this.items[i]?.end();
  }

  private keyed(values: readonly unknown[], items: Item[], added: Item[]): void {
    const former = this.byId;
    const known = this.byValue;
    const now = new Map<string, Item>();
    this.byId = now;
    this.byValue = new Map();
    const { length } = values;
    for (let i = 0; i < length; i++) {
      const value = values[i];
      let item = isContainer(value) ? known?.get(value) : undefined;
      if (item?.key === undefined || now.has(item.id)) {
        item = this.shown(value, i, former);
        if (item.parts === null) added.push(item);
      } else {
        item.become(value, i);
      }
      now.set(item.id, item);
      if (isContainer(value)) this.byValue.set(value, item);
      items.push(item);
    }
    for (const [id, item] of former ?? []) if (now.get(id) !== item) item.end();
  }

  /** The item that shows the value: the one that had its key, or its position, or a new one. */
  private shown(value: unknown, index: number, former: ReadonlyMap<string, Item> | null): Item {
    const fresh = new Item(this.view, this, value, index);
    this.name(fresh, index);
    const item = former?.get(fresh.id);
    if (item === undefined) return fresh;
    fresh.end();
    item.become(value, index);
    this.name(item, index);
    return item;
  }

  private name(item: Item, index: number): void {
    item.key = this.keyOf(item, `${this.path}#${index}`);
    item.id = `${this.path}[#${index}]`;
    if (item.key === undefined) return;
    const id = `${this.path}[${escaped(item.key)}]`;
    if (this.byId?.has(id)) {
      const text = `two items of this Iterate have the key ${JSON.stringify(item.key)}; their positions are used instead`;
      item.key = undefined;
      this.warn("DUPLICATE_KEY", text, `key:${this.node.span.start}`);
    } else {
      item.id = id;
    }
  }

  /** An unbraced key names a property of the item. */
  private keyOf(item: Item, place: string): string | undefined {
    const declared = this.node.key;
    if (declared === null) return undefined;
    return this.attempt(declared.kind === "binding" ? declared.code : null, () => {
      const value = item.observe(() => {
        if (declared.kind !== "literal") return this.prop(declared, item.scope, "key", place);
        const one = item.value;
        return isContainer(one) ? (one as Record<string, unknown>)[String(declared.value)] : undefined;
      });
      if (value === undefined || value === null || typeof value === "object")
        throw new PanelError("Error", "INVALID_KEY", "a key must be a string or a number");
      return String(value).slice(0, MAX_KEY);
    });
  }

  /** The key of an item may be another one now: then it is another item. */
  recheck(item: Item): void {
    const { key } = item;
    if (this.keyOf(item, `${this.path}#`) === key) return;
    if (this.byValue?.get(item.value) === item) this.byValue.delete(item.value);
    this.changed();
  }

  override rescope(scope: Scope): void {
    super.rescope(scope);
    for (const item of this.items) item.rescope();
    for (const part of this.instead) part.rescope(scope);
  }

  override end(): void {
    super.end();
    for (const item of this.items) item.end();
    for (const part of this.instead) part.end();
    this.items = [];
    this.instead = [];
    this.byId = null;
    this.byValue = null;
  }

  addIds(ids: string[]): void {
    for (const item of this.items) for (const part of item.parts ?? []) part.addIds(ids);
    for (const part of this.instead) part.addIds(ids);
  }

  addTexts(texts: string[]): void {
    for (const item of this.items) for (const part of item.parts ?? []) part.addTexts(texts);
    for (const part of this.instead) part.addTexts(texts);
  }
}
