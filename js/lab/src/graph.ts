/** The workspace's semantic graph at one revision.  A value: applying a patch gives a new one. */
import type { GraphState, NOGEntity, NOGPatch, NOGRelationship } from "../../generated/protocol";

export class Graph {
  readonly #entities: Map<string, NOGEntity>;
  readonly #relationships: Map<string, NOGRelationship>;
  #touching: Map<string, NOGRelationship[]> | undefined;

  private constructor(
    readonly revision: number,
    entities: Map<string, NOGEntity>,
    relationships: Map<string, NOGRelationship>,
  ) {
    this.#entities = entities;
    this.#relationships = relationships;
  }

  static readonly empty = new Graph(0, new Map(), new Map());

  static of(state: GraphState): Graph {
    return new Graph(
      state.revision,
      new Map(state.entities.map((entity) => [entity.id, entity])),
      new Map(state.relationships.map((relationship) => [relationship.id, relationship])),
    );
  }

  get size(): number {
    return this.#entities.size;
  }

  get(id: string): NOGEntity | undefined {
    return this.#entities.get(id);
  }

  entities(): NOGEntity[] {
    return [...this.#entities.values()];
  }

  relationships(): NOGRelationship[] {
    return [...this.#relationships.values()];
  }

  /** The relationships that begin or end at an entity. */
  touching(id: string): readonly NOGRelationship[] {
    this.#touching ??= this.#index();
    return this.#touching.get(id) ?? [];
  }

  /** The targets of an entity's relationships of one type, in the order of the graph. */
  targets(id: string, type: NOGRelationship["type"]): NOGEntity[] {
    return this.touching(id).flatMap((edge) => {
      const target = edge.source === id && edge.type === type ? this.#entities.get(edge.target) : undefined;
      return target ? [target] : [];
    });
  }

  /** The graph at `revision` after `patch`: relationships and entities deleted, then entities and relationships put. */
  apply(revision: number, patch: NOGPatch): Graph {
    const entities = new Map(this.#entities);
    const relationships = new Map(this.#relationships);
    for (const id of patch.delete_relationships) relationships.delete(id);
    for (const id of patch.delete_entities) {
      entities.delete(id);
      for (const edge of this.touching(id)) relationships.delete(edge.id);
    }
    for (const entity of patch.put_entities) entities.set(entity.id, entity);
    for (const edge of patch.put_relationships) relationships.set(edge.id, edge);
    return new Graph(revision, entities, relationships);
  }

  /**
   * The part within `depth` steps of `start`, nearest first, at most `limit` entities.  It leads into what an
   * entity contains, not up to what contains it: else all panels of a notebook would be near each other.
   * `complete` says whether all of it is there.
   */
  around(start: string, depth: number, limit: number): Part {
    const first = this.#entities.get(start);
    const found = new Map<string, NOGEntity>(first ? [[start, first]] : []);
    let complete = true;
    let edge: string[] = [...found.keys()];
    for (let step = 0; step < depth && edge.length > 0; step++) {
      const next: string[] = [];
      for (const id of edge) {
        for (const relationship of this.touching(id)) {
          if (relationship.type === "contains" && relationship.target === id) continue;
          const other = relationship.source === id ? relationship.target : relationship.source;
          const entity = this.#entities.get(other);
          if (!entity || found.has(other)) continue;
          if (found.size >= limit) {
            complete = false;
            continue;
          }
          found.set(other, entity);
          next.push(other);
        }
      }
      edge = next;
    }
    return this.#part(found, complete);
  }

  /** The whole as a part. */
  whole(): Part {
    return this.#part(this.#entities, true);
  }

  #part(entities: Map<string, NOGEntity>, complete: boolean): Part {
    const relationships = this.relationships().filter(
      (edge) => entities.has(edge.source) && entities.has(edge.target),
    );
    return { entities: [...entities.values()], relationships, complete };
  }

  #index(): Map<string, NOGRelationship[]> {
    const index = new Map<string, NOGRelationship[]>();
    const add = (id: string, edge: NOGRelationship) => {
      const known = index.get(id);
      if (known) known.push(edge);
      else index.set(id, [edge]);
    };
    for (const edge of this.#relationships.values()) {
      add(edge.source, edge);
      if (edge.target !== edge.source) add(edge.target, edge);
    }
    return index;
  }
}

/** Some of a graph's entities and the relationships between them. */
export interface Part {
  entities: NOGEntity[];
  relationships: NOGRelationship[];
  complete: boolean;
}
