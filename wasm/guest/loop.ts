// `Iterate`: its children once for each item.  An item whose key stays keeps its parts, wherever it moves.

import type { ViewNode } from "../../js/generated/protocol";
import { PanelError } from "./errors";
import type { Handle } from "./handles";
import { Item } from "./item";
import { isContainer } from "./json";
import { escaped, MAX_KEY, Part } from "./part";
import { readWhole } from "./reads";
import type { Scope } from "./scope";
import { type Exchange, exchanged, exchanges } from "./sequence";

/** What to show: of a list in state the values as they lie there, each of which panel code sees through its proxy. */
interface Values {
  readonly list: readonly unknown[];
  readonly handle: Handle | null;
}

const NOTHING: Values = { list: [], handle: null };
/** So many ids are added one by one. */
const FEW = 64;
/** In the place of a value whose item must be looked at again. */
const DOUBTED = Symbol();

export class Loop extends Part {
  private items: readonly Item[] = [];
  /** What was to be shown when the items were last arranged: one value for each. */
  private seen: unknown[] = [];
  /** Of a loop with keys: whether all items have one, so that those whose value stays need not be looked at. */
  private settled = false;
  /** Of a loop with keys. */
  private readonly byId = new Map<string, Item>();
  /** How many components each item shows, all with their paths for ids; undefined when that is not always so. */
  private readonly width = widthOf(this.node);
  /** The ids of all that the items show; null when they must be gathered. */
  private ids: readonly string[] | null = this.width === undefined ? null : [];
  private instead: readonly Part[] = [];

  protected evaluate(): void {
    const values = this.values();
    const shown = values ?? NOTHING;
    const arranged = this.node.key === null ? this.place(shown) : this.arrange(shown);
    this.seen = shown.list.slice();
    const replaced = this.replace(values?.list.length === 0);
    if (arranged || replaced) this.rearrange();
  }

  private values(): Values | undefined {
    return this.attempt(this.node.items, () => {
      const value = this.value(this.node.items, this.scope, this.path);
      if (value === undefined || value === null) return NOTHING;
      const handle = isContainer(value) ? this.view.data.state.handles.behind(value) : undefined;
      if (handle !== undefined && Array.isArray(handle.raw)) {
        // all at once: item by item each would be read through its proxy
        readWhole(handle);
        return { list: handle.raw, handle };
      }
      if (Array.isArray(value)) return { list: value as unknown[], handle: null };
      throw new PanelError(
        "Error",
        "INVALID_VALUE",
        "Iterate needs a list",
        "use Object.entries() for an object",
      );
    });
  }

  /** A value as panel code sees it. */
  private seenAt({ list, handle }: Values, index: number): unknown {
    const value = list[index];
    return handle !== null && isContainer(value)
      ? this.view.data.proxies.wrap(handle, index, value, false)
      : value;
  }

  /** Shows what stands in for no items, or shows it no longer; false when nothing changed. */
  private replace(empty: boolean): boolean {
    const before = this.instead;
    if (empty && before.length > 0) return false;
    for (const part of before) part.end();
    this.instead = empty
      ? this.view.alternative(this.node, "Empty", this.scope, this.path, this.frame, this)
      : [];
    return before.length > 0 || this.instead.length > 0;
  }

  // --- without keys --------------------------------------------------------------------------------------

  /** The item at each position shows what stands there; whether there are more or fewer now. */
  private place(values: Values): boolean {
    const { items, seen } = this;
    const to = values.list.length;
    const at = Math.min(to, items.length);
    for (let i = 0; i < at; i++)
      if (values.list[i] !== seen[i]) (items[i] as Item).become(this.seenAt(values, i), i);
    for (let i = at; i < items.length; i++) (items[i] as Item).leaving = true;
    const added: Item[] = [];
    for (let i = at; i < to; i++) {
      const item = new Item(this.view, this, this.seenAt(values, i), i);
      item.id = `${this.path}[#${i}]`;
      added.push(item);
    }
    return this.take([{ from: at, until: items.length, at, to }], [added]);
  }

  // --- with keys -----------------------------------------------------------------------------------------

  /** The item of each key shows what has that key; whether any of them came, went or moved. */
  private arrange(values: Values): boolean {
    if (this.settled) {
      const found = exchanges(this.seen, values.list);
      const pieces = this.successors(values, found, false);
      if (pieces !== null) return this.take(found, pieces);
      // two have the same key: the first has it, which may be one that was not looked at
      this.seen.fill(DOUBTED);
    }
    const whole = [{ from: 0, until: this.items.length, at: 0, to: values.list.length }];
    return this.take(whole, this.successors(values, whole, true) ?? []);
  }

  /** The items that show what came into the list; null when it is not the `whole` and one has a key of the rest. */
  private successors(values: Values, found: readonly Exchange[], whole: boolean): Item[][] | null {
    const known = new Map<unknown, Item>();
    const lookedFor = found.some(({ at, to }) => at < to);
    for (const { from, until } of found)
      for (let i = from; i < until; i++) {
        const item = this.items[i] as Item;
        item.leaving = true;
        const value = this.seen[i];
        if (lookedFor && isContainer(value) && item.key !== undefined) known.set(value, item);
      }
    const pieces: Item[][] = [];
    const fresh: Item[] = [];
    for (const { at, to } of found) {
      const piece: Item[] = [];
      for (let i = at; i < to; i++) {
        const same = known.get(values.list[i]);
        const item = same?.leaving ? same : this.shown(this.seenAt(values, i), i, whole);
        if (item === null) {
          for (const one of fresh) this.forget(one);
          return null;
        }
        if (item === same) item.move(i);
        else if (item.parts === null) fresh.push(item);
        item.leaving = false;
        piece.push(item);
      }
      pieces.push(piece);
    }
    return pieces;
  }

  /** The item that shows the value: the one that had its key, or its position, or a new one. */
  private shown(value: unknown, index: number, whole: boolean): Item | null {
    const fresh = new Item(this.view, this, value, index);
    const place = `${this.path}#${index}`;
    fresh.key = this.keyOf(fresh, place);
    let id = fresh.key === undefined ? "" : `${this.path}[${escaped(fresh.key)}]`;
    if (fresh.key !== undefined && this.byId.get(id)?.leaving === false) {
      if (!whole) {
        fresh.end();
        return null;
      }
      const text = `two items of this Iterate have the key ${JSON.stringify(fresh.key)}; their positions are used instead`;
      this.warn("DUPLICATE_KEY", text, `key:${this.node.span.start}`);
      fresh.key = undefined;
    }
    if (fresh.key === undefined) id = `${this.path}[#${index}]`;
    const item = this.byId.get(id);
    if (item === undefined) {
      fresh.id = id;
      this.byId.set(id, fresh);
      return fresh;
    }
    fresh.end();
    item.become(value, index);
    item.key = fresh.key;
    this.keyOf(item, place); // which now observes what it was read from
    return item;
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
    const at = this.items.indexOf(item);
    if (at >= 0) this.seen[at] = DOUBTED;
    this.changed();
  }

  // --- with and without ----------------------------------------------------------------------------------

  /** Puts items in the place of others; false when they are the same. */
  private take(found: readonly Exchange[], pieces: readonly (readonly Item[])[]): boolean {
    const before = this.items;
    const added: Item[] = [];
    let differ = false;
    let settled = true;
    for (let i = 0; i < found.length; i++) {
      const { from, until } = found[i] as Exchange;
      const piece = pieces[i] as readonly Item[];
      if (piece.length !== until - from) differ = true;
      for (let j = 0; j < piece.length; j++) {
        const item = piece[j] as Item;
        if (item !== before[from + j]) differ = true;
        if (item.key === undefined) settled = false;
        if (item.parts === null) added.push(item);
      }
    }
    this.settled = settled;
    if (!differ) return false;
    for (const { from, until } of found)
      for (let i = from; i < until; i++) if ((before[i] as Item).leaving) this.forget(before[i] as Item);
    this.items = exchanged(before, found, pieces);
    for (const item of added) item.fill();
    if (this.node.index_name !== null)
      for (let i = (found[0] as Exchange).at; i < this.items.length; i++) (this.items[i] as Item).move(i);
    if (this.ids !== null) this.ids = exchanged(this.ids, found, pieces.map(idsOf), this.width);
    return true;
  }

  private forget(item: Item): void {
    if (this.byId.get(item.id) === item) this.byId.delete(item.id);
    item.end();
  }

  override rescope(scope: Scope): void {
    super.rescope(scope);
    for (const item of this.items) item.rescope();
    for (const part of this.instead) part.rescope(scope);
    if (this.node.key === null || this.node.key.kind === "literal") return;
    // keys may read what is around the loop
    this.settled = false;
    this.seen.fill(DOUBTED);
  }

  override end(): void {
    super.end();
    for (const item of this.items) item.end();
    for (const part of this.instead) part.end();
    this.items = [];
    this.seen = [];
    this.instead = [];
    this.ids = null;
    this.byId.clear();
  }

  addIds(ids: string[]): string[] {
    let all = ids;
    if (this.ids === null || this.ids.length < FEW) {
      for (const item of this.items) for (const part of item.parts ?? []) all = part.addIds(all);
    } else all = all.concat(this.ids);
    for (const part of this.instead) all = part.addIds(all);
    return all;
  }

  addTexts(texts: string[]): void {
    for (const item of this.items) for (const part of item.parts ?? []) part.addTexts(texts);
    for (const part of this.instead) part.addTexts(texts);
  }
}

function idsOf(items: readonly Item[]): string[] {
  const ids: string[] = [];
  for (const item of items) for (const part of item.parts ?? []) ids.push(part.path);
  return ids;
}

/** How many components each item shows when they are always the same, each with its path for an id; else undefined. */
function widthOf(node: ViewNode): number | undefined {
  let width = 0;
  for (const { type, key } of node.children) {
    if (type === "Empty" || type === "Else") continue;
    if (type === "If" || type === "Iterate" || key !== null) return undefined;
    width++;
  }
  return width;
}
