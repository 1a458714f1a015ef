/** The notebooks open in this page, as far as a review needs them, and where a panel's document stands in them. */
import type { Proposal, WorkspacePanel } from "../../generated/protocol";
import { documentHash, replaceDocument, splitCell } from "./document";

export interface CellText {
  id: string;
  text: string;
}

/** What is done with open notebooks; paths are relative to the server's root. */
export interface Cells {
  /** The code cells of an open notebook, null when it is not open. */
  read(notebook: string): CellText[] | null;
  /** Replace a cell's text as one step of its undo history. */
  write(notebook: string, cell: string, text: string): void;
}

/**
 * The cell a decision would change.  `ready`: it has the text that is expected; `edited`: another one;
 * `closed`: the notebook is not open; `gone`: no cell has it; `none`: the panel comes from no cell.
 */
export type Place =
  | { kind: "ready"; cell: CellText }
  | { kind: "edited" }
  | { kind: "closed" }
  | { kind: "gone" }
  | { kind: "none" };

/** Where the document with this hash stands; `panel` is undefined when its kernel is gone. */
export async function findPlace(
  cells: Cells,
  notebook: string,
  panel: WorkspacePanel | undefined,
  hash: string,
): Promise<Place> {
  if (panel && panel.panel.cell === "") return { kind: "none" };
  const all = cells.read(notebook);
  if (!all) return { kind: "closed" };
  const id = panel?.panel.cell.replace(/^cell-/, "");
  const named = all.find((cell) => cell.id === id);
  if (named) return (await hashOf(named)) === hash ? { kind: "ready", cell: named } : { kind: "edited" };
  const same: CellText[] = [];
  for (const cell of all) if ((await hashOf(cell)) === hash) same.push(cell);
  return same.length === 1 ? { kind: "ready", cell: same[0] as CellText } : { kind: "gone" };
}

async function hashOf(cell: CellText): Promise<string | null> {
  const parts = splitCell(cell.text);
  return parts && documentHash(parts.document);
}

/** Why a decision that changes the cell cannot be made; "" when it can. */
export function whyNotHere(place: Place): string {
  switch (place.kind) {
    case "edited":
      return "The cell was edited since: its text is no longer the one this decision starts from. Take the edit back, or ask for the change again.";
    case "closed":
      return "The notebook is not open in this page, so its cell cannot be changed with the panel. Open it first.";
    case "gone":
      return "The notebook has no cell with the text this decision starts from. Run the panel's cell and ask for the change again.";
    default:
      return "";
  }
}

/** Write a document into its cell; false when the cell's text is no longer the one that was looked at. */
export function writeDocument(cells: Cells, notebook: string, cell: CellText, source: string): boolean {
  const now = cells.read(notebook)?.find((other) => other.id === cell.id);
  const text = now?.text === cell.text ? replaceDocument(cell.text, source) : null;
  if (text === null) return false;
  if (text !== cell.text) cells.write(notebook, cell.id, text);
  return true;
}

/** The document that a decided proposal left, and the hash of the one before. */
export async function leftBehind(
  proposal: Proposal,
  undone: boolean,
): Promise<{ source: string; before: string }> {
  return undone
    ? { source: proposal.base_source, before: await documentHash(proposal.source) }
    : { source: proposal.source, before: proposal.base_hash };
}
