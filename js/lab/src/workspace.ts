/**
 * What this page knows of the workspace, and who wants to know of changes.  Every state is a value: a change
 * makes a new one, and what did not change stays the same object.
 */
import type {
  AiStatus,
  Ask,
  FromServer,
  ProposalRecord,
  Reviewer,
  WorkspacePanel,
} from "../../generated/protocol";
import { Graph } from "./graph";

export type Link = "connecting" | "online" | "offline" | "absent";

export interface WorkspaceState {
  link: Link;
  epoch: string | null;
  graph: Graph;
  panels: ReadonlyMap<string, WorkspacePanel>;
  /** Newest first. */
  proposals: readonly ProposalRecord[];
  asks: ReadonlyMap<string, Ask>;
  /** Key of the panel that graph, tools and Ask are about; null for none. */
  selected: string | null;
  ai: AiStatus | null;
  reviewers: readonly Reviewer[];
  /** What was last refused or failed, for the person; "" for nothing. */
  note: string;
}

const MOST_PROPOSALS = 500;

export class Workspace {
  #state: WorkspaceState = {
    link: "connecting",
    epoch: null,
    graph: Graph.empty,
    panels: new Map(),
    proposals: [],
    asks: new Map(),
    selected: null,
    ai: null,
    reviewers: [],
    note: "",
  };
  #known = false;
  #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): WorkspaceState => this.#state;

  /** Where a new connection can go on from. */
  position(): { epoch: string; revision: number } | null {
    const { epoch, graph } = this.#state;
    return epoch !== null && this.#known ? { epoch, revision: graph.revision } : null;
  }

  /** Take a message; false: something was missed, and a snapshot is needed. */
  receive(message: FromServer): boolean {
    switch (message.kind) {
      case "hello":
        if (message.epoch !== this.#state.epoch) this.#known = false;
        this.set({ epoch: message.epoch });
        return true;
      case "snapshot":
        this.#known = true;
        this.#panels(new Map(message.panels.map((panel) => [panel.key, panel])), Graph.of(message.graph));
        return true;
      case "revision":
        return this.#revise(message);
      case "proposal":
        this.record(message.record);
        return true;
      case "ask":
        this.ask(message.ask);
        return true;
      case "reviewers":
        this.set({ reviewers: message.reviewers });
        return true;
      default:
        return true;
    }
  }

  #revise(message: Extract<FromServer, { kind: "revision" }>): boolean {
    const { graph, panels } = this.#state;
    if (!this.#known) return true; // the snapshot asked for is on its way
    if (message.revision <= graph.revision) return true;
    if (message.revision !== graph.revision + 1) {
      this.#known = false;
      return false;
    }
    const next = new Map(panels);
    for (const key of message.ended) next.delete(key);
    for (const panel of message.panels) next.set(panel.key, panel);
    this.#panels(next, graph.apply(message.revision, message.patch));
    return true;
  }

  #panels(panels: Map<string, WorkspacePanel>, graph: Graph): void {
    const { selected } = this.#state;
    const only = panels.size === 1 ? ([...panels.keys()][0] as string) : null;
    this.set({ panels, graph, selected: selected !== null && panels.has(selected) ? selected : only });
  }

  /** A proposal, new or decided. */
  record(record: ProposalRecord): void {
    const rest = this.#state.proposals.filter(({ proposal }) => proposal.id !== record.proposal.id);
    this.records([record, ...rest]);
  }

  records(records: readonly ProposalRecord[]): void {
    const proposals = [...records]
      .sort((a, b) => (a.proposal.created < b.proposal.created ? 1 : -1))
      .slice(0, MOST_PROPOSALS);
    this.set({ proposals });
  }

  ask(ask: Ask): void {
    const asks = new Map(this.#state.asks);
    // one line a panel: what was asked of it last
    for (const [id, other] of asks)
      if (other.panel === ask.panel && other.status !== "running") asks.delete(id);
    this.set({ asks: asks.set(ask.id, ask) });
  }

  forgetAsk(id: string): void {
    const asks = new Map(this.#state.asks);
    asks.delete(id);
    this.set({ asks });
  }

  select(key: string | null): void {
    this.set({ selected: key });
  }

  set(part: Partial<WorkspaceState>): void {
    this.#state = { ...this.#state, ...part };
    for (const listener of [...this.#listeners]) listener();
  }
}

/** How many proposals wait for a decision. */
export function openProposals(state: WorkspaceState): number {
  return state.proposals.filter((record) => record.status === "open").length;
}
