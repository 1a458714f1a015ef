/** Running a panel's document in this page, without a kernel. */
import type { Api } from "./api";
import { splitCell } from "./document";
import type { StaticFiles } from "./files";
import type { RunHere } from "./output";

/** The server compiles the document in the cell, and the page's guest runs it. */
export function running(api: Api, files: StaticFiles): RunHere {
  return async (output, cell, el, signal) => {
    const parts = cell === null ? null : splitCell(cell);
    if (!parts)
      throw new Error(
        "This panel's document does not stand in its cell, so it cannot run here. Run the cell.",
      );
    const [bundle, compiled] = await Promise.all([files.bundle(), api.compile(parts.document, signal)]);
    if (compiled.hash !== output.hash)
      throw new Error(
        "The cell has been changed since this view was saved. Run the cell to see what it is now.",
      );
    signal.throwIfAborted();
    const document = {
      panel: output.panel,
      title: output.title,
      program: compiled.program,
      state: output.state ?? {}, // a state that is not there begins with its default
      mounted: output.state !== null,
      snapshot: null,
    };
    bundle.runHere(JSON.stringify(document), el, signal);
  };
}
