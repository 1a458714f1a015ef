/** A unified diff as rows to show, and the proof that it tells the whole change. */

export interface Row {
  kind: "added" | "removed" | "same" | "hunk";
  /** Line number before and after the change, from 1; null where there is none. */
  before: number | null;
  after: number | null;
  text: string;
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/;

/** The rows of a diff; null when it is none.  Lines end at `\n` only. */
export function readDiff(diff: string): Row[] | null {
  if (diff === "") return [];
  const lines = (diff.endsWith("\n") ? diff.slice(0, -1) : diff).split("\n");
  const rows: Row[] = [];
  let at = lines[0]?.startsWith("--- ") && lines[1]?.startsWith("+++ ") ? 2 : 0;
  while (at < lines.length) {
    const head = lines[at++] as string;
    const found = HUNK.exec(head);
    if (!found) return null;
    let before = start(found[1], found[2]);
    let after = start(found[3], found[4]);
    let old = Number(found[2] ?? 1);
    let fresh = Number(found[4] ?? 1);
    rows.push({ kind: "hunk", before, after, text: head });
    while (old > 0 || fresh > 0) {
      const line = lines[at++];
      if (line === undefined) return null;
      const text = line.slice(1);
      if (line.startsWith("+") && fresh-- > 0)
        rows.push({ kind: "added", before: null, after: after++, text });
      else if (line.startsWith("-") && old-- > 0)
        rows.push({ kind: "removed", before: before++, after: null, text });
      else if (line.startsWith(" ") && old-- > 0 && fresh-- > 0)
        rows.push({ kind: "same", before: before++, after: after++, text });
      else return null;
    }
  }
  return rows;
}

/** A range of no lines names the line before it. */
function start(line: string | undefined, count: string | undefined): number {
  return Number(line) + (count === "0" ? 1 : 0);
}

/** Whether the rows are the whole difference: they lead from `base` to `result`, line by line. */
export function leadsTo(rows: readonly Row[], base: string, result: string): boolean {
  const old = base.split("\n");
  const made: string[] = [];
  let at = 0;
  for (const row of rows) {
    if (row.kind === "hunk") {
      const until = (row.before ?? 1) - 1;
      if (until < at || until > old.length) return false;
      made.push(...old.slice(at, until));
      at = until;
    } else if (row.kind === "added") made.push(row.text);
    else {
      if (old[at] !== row.text) return false;
      at++;
      if (row.kind === "same") made.push(row.text);
    }
  }
  for (const line of old.slice(at)) made.push(line);
  return made.join("\n") === result;
}
