// A shown component: its properties, its bound value, its children, and what of them was told last.

import type { Place } from "../../js/generated/protocol";
import { difference } from "./difference";
import { type Container, isContainer, type Json, toJson } from "./json";
import { escaped, type Frame, MAX_KEY, Part, type Prop } from "./part";
import type { Scope } from "./scope";
import { type Splice, splices } from "./sequence";

/** Values of this many characters or more are told by what changed in them. */
const LONG = 500;

/** JSON texts. */
interface Face {
  /** One for each declared property; undefined for one that has no value. */
  readonly values: readonly (string | undefined)[];
  readonly place: PlaceFace | null;
}

interface PlaceFace {
  readonly writable: boolean;
  readonly value: string;
}

const BLANK: Face = { values: [], place: null };
/** Marks where no comma belongs. */
const OPENED = "[";

const NO_IDS: readonly string[] = [];
const NO_KEPT: ReadonlySet<Container> = new Set();

export class Component extends Part implements Frame {
  /** Unique in the view and the same for as long as it is the same component. */
  id = "";
  disabled = false;
  private face = BLANK;
  /** What the host knows of it; null when it does not know it. */
  private told: Face | null = null;
  private toldIds = NO_IDS;
  private children: readonly Part[] | null = null;

  protected evaluate(): void {
    this.name();
    const { node, path } = this;
    const values: (string | undefined)[] = [];
    this.disabled = false;
    for (const name in node.props) {
      const prop = node.props[name] as Prop;
      const value = this.attempt(prop.kind === "binding" ? prop.code : null, () =>
        this.prop(prop, this.scope, name, path),
      );
      values.push(value === undefined ? undefined : JSON.stringify(value));
      if (name === "disabled") this.disabled = value === true;
    }
    this.face = { values, place: node.bind === null ? null : this.bound(node.bind) };
    if (this.told !== null) this.view.repainted.add(this);
    this.children ??= this.view.parts(node.children, this.scope, path, this, this);
  }

  override rescope(scope: Scope): void {
    super.rescope(scope);
    for (const child of this.children ?? []) child.rescope(scope);
  }

  rearranged(): void {
    if (this.told !== null) this.view.rearranged.add(this);
  }

  override end(): void {
    super.end();
    if (this.told === null) this.view.untold--;
    this.view.leave(this);
    for (const child of this.children ?? []) child.end();
    this.children = null;
    this.toldIds = NO_IDS;
  }

  addIds(ids: string[]): string[] {
    ids.push(this.id);
    return ids;
  }

  /** Adds the protocol's `TreeNode` as pieces of JSON text, and takes it for told. */
  addTexts(texts: string[]): void {
    if (this.told === null) this.view.untold--;
    this.told = this.face;
    this.toldIds = this.ids();
    const { values, place } = this.face;
    let props = "";
    let i = 0;
    for (const name in this.node.props) {
      const value = values[i++];
      if (value !== undefined) props += `${props === "" ? "" : ","}${JSON.stringify(name)}:${value}`;
    }
    if (texts.length > 0 && texts[texts.length - 1] !== OPENED) texts.push(",");
    texts.push(
      `{"id":${JSON.stringify(this.id)},"type":${JSON.stringify(this.node.type)},"props":{${props}},` +
        `${placeText(place, this.events())},"children":`,
      OPENED,
    );
    for (const child of this.children ?? []) child.addTexts(texts);
    texts.push("]}");
  }

  /** The protocol's `NodeChange` as JSON text; null when nothing changed, or when it is yet to be told whole. */
  takeChange(): string | null {
    const { face, told } = this;
    if (this.ended || told === null) return null;
    this.told = face;
    let text = propsText(Object.keys(this.node.props), told.values, face.values);
    if (told.place?.value !== face.place?.value || told.place?.writable !== face.place?.writable)
      text += `,"place":{${placeText(face.place, this.events())}}`;
    return text === "" ? null : `{"id":${JSON.stringify(this.id)}${text}}`;
  }

  /** The children that came, went or moved since they were told, with those the host does not know; null without any. */
  takeSplices(texts: string[]): Splice[] | null {
    if (this.ended || this.told === null) return null;
    const ids = this.ids();
    const found = splices(this.toldIds, ids);
    this.toldIds = ids;
    for (const { ids } of found) this.tellNew(ids, texts);
    return found.length === 0 ? null : found;
  }

  /** As above, of children where they were before: such as went and came again between two looks. */
  takeReturned(texts: string[]): void {
    if (!this.ended && this.told !== null) this.tellNew(this.toldIds, texts);
  }

  private tellNew(ids: readonly string[], texts: string[]): void {
    for (const id of ids) {
      const child = this.view.component(id);
      if (child?.told === null) child.addTexts(texts);
    }
  }

  private events(): string[] {
    const events = Object.keys(this.node.events);
    if (this.face.place?.writable && !events.includes("change")) events.push("change");
    return events;
  }

  private ids(): readonly string[] {
    if (this.children === null || this.children.length === 0) return NO_IDS;
    let ids: string[] = [];
    for (const child of this.children) ids = child.addIds(ids);
    return ids;
  }

  /** Its id, with the key it has now: with another key it is another component. */
  private name(): void {
    const declared = this.node.key;
    const key =
      declared === null ? null : this.attempt(null, () => this.prop(declared, this.scope, "key", this.path));
    const id =
      key === undefined || key === null
        ? this.path
        : `${this.path}[${escaped(String(key).slice(0, MAX_KEY))}]`;
    if (id === this.id) return;
    if (this.id !== "") this.view.forget(this);
    this.id = id;
    this.view.know(this);
    if (this.told === null) return;
    this.untell();
    this.rearrange();
  }

  private untell(): void {
    if (this.told !== null) this.view.untold++;
    this.told = null;
    for (const child of this.children ?? []) {
      for (const id of child.addIds([])) this.view.component(id)?.untell();
    }
  }

  private bound(place: Place): PlaceFace | null {
    const bound = this.attempt(null, () => {
      const { present, writable } = this.view.places.find(place, this.scope);
      const value = present === undefined ? null : toJson(present, "the bound value", this.view.shown);
      return { writable, value: JSON.stringify(value) };
    });
    return bound ?? null;
  }
}

function placeText(place: PlaceFace | null, events: readonly string[]): string {
  return (
    `"bound":${place !== null},"writable":${place?.writable ?? false},"value":${place?.value ?? "null"},` +
    `"events":${events.length === 0 ? "[]" : JSON.stringify(events)}`
  );
}

type Texts = readonly (string | undefined)[];

/** The properties that differ: whole, or what changed in one that is long. */
function propsText(names: readonly string[], told: Texts, now: Texts): string {
  const props: string[] = [];
  const edits: string[] = [];
  const gone: string[] = [];
  for (let i = 0; i < names.length; i++) {
    const before = told[i];
    const after = now[i];
    if (before === after) continue;
    const name = JSON.stringify(names[i]);
    const edit = before === undefined || after === undefined ? null : shorter(before, after);
    if (after === undefined) gone.push(name);
    else if (edit === null) props.push(`${name}:${after}`);
    else edits.push(`${name}:${edit}`);
  }
  return (
    (props.length === 0 ? "" : `,"props":{${props.join()}}`) +
    (edits.length === 0 ? "" : `,"edits":{${edits.join()}}`) +
    (gone.length === 0 ? "" : `,"gone":[${gone.join()}]`)
  );
}

/** The operations that make one value of the other, when they say it in fewer characters. */
function shorter(before: string, after: string): string | null {
  if (after.length < LONG) return null;
  const old = JSON.parse(before) as Json;
  const now = JSON.parse(after) as Json;
  if (!isContainer(old) || !isContainer(now)) return null;
  const text = JSON.stringify(difference("", old, now, NO_KEPT).map(({ op }) => op));
  return text.length < after.length ? text : null;
}
