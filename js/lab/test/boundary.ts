/** The two boundaries of the extension in tests: JupyterLab's notebooks as texts, and the server as answers to requests. */
import { Api } from "../src/api";
import type { CellText } from "../src/cells";
import type { Nexus } from "../src/nexus";
import type { NotebookAccess, Shown } from "../src/notebooks";
import { Reviews } from "../src/review";
import { Workspace } from "../src/workspace";
import { ADD, COUNTER, graph, ORDERS, panel } from "./workspace";

/** Notebooks that consist of their cells' texts. */
export class Texts implements NotebookAccess {
  readonly notebooks = new Map<string, CellText[]>();
  readonly calls: string[] = [];
  readonly listeners = new Set<() => void>();

  read(notebook: string): CellText[] | null {
    return this.notebooks.get(notebook)?.map((cell) => ({ ...cell })) ?? null;
  }

  write(notebook: string, id: string, text: string): void {
    const cell = this.notebooks.get(notebook)?.find((other) => other.id === id);
    if (cell) cell.text = text;
    this.changed();
  }

  changed(): void {
    for (const listener of this.listeners) listener();
  }

  async open(notebook: string): Promise<void> {
    this.calls.push(`open ${notebook}`);
  }

  async reveal(notebook: string, cell: string): Promise<boolean> {
    this.calls.push(`reveal ${notebook} ${cell}`);
    return this.notebooks.get(notebook)?.some((other) => other.id === cell) ?? false;
  }

  async show(_notebook: string, model: string): Promise<Shown> {
    const element = document.createElement("p");
    element.textContent = `widget ${model}`;
    return { attach: (host) => host.append(element), dispose: () => element.remove() };
  }

  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

type Answer = (body: unknown, signal: AbortSignal | null) => unknown;

/** Answers by "METHOD path"; what is not there is a 404 as the server would give it. */
export class Answers {
  readonly asked: string[] = [];
  readonly answers: { [request: string]: Answer } = {};

  readonly api = new Api(async (path, init) => {
    const request = `${init.method} ${path.replace(/^nexus\/api\/v1\//, "")}`;
    this.asked.push(request);
    const answer = this.answers[request];
    if (!answer)
      return Response.json({ code: "UNKNOWN", message: "No such thing.", hint: "" }, { status: 404 });
    const body = typeof init.body === "string" ? JSON.parse(init.body) : null;
    const value = await answer(body, init.signal ?? null);
    return value instanceof Response ? value : Response.json(value);
  });
}

export interface Scene extends Nexus {
  texts: Texts;
  server: Answers;
  opened: string[];
}

/** A page that is connected and knows the small workspace. */
export function scene(name = `test ${Math.random()}`): Scene {
  const texts = new Texts();
  const server = new Answers();
  const workspace = new Workspace();
  const opened: string[] = [];
  workspace.receive({ kind: "hello", version: 1, workspace: "default", epoch: "e", revision: 7 });
  workspace.receive({
    kind: "snapshot",
    graph: graph(),
    panels: [panel(COUNTER, "counter", { tools: [ADD] }), panel(ORDERS, "orders", { cell: "" })],
  });
  workspace.set({ link: "online", ai: { available: true, model: "openai/local", reason: "" } });
  return {
    texts,
    server,
    workspace,
    api: server.api,
    notebooks: texts,
    reviews: new Reviews(server.api, workspace, texts, name),
    retry: () => opened.push("retry"),
    openReview: (id) => opened.push(`review ${id}`),
    openGraph: () => opened.push("graph"),
    opened,
  };
}
