import { type ReactNode, useState } from "react";
import type { Row } from "../diff";
import { Plain } from "./Plain";

/** Lines that are drawn at once; the rest on demand, and nothing is approved before that. */
export const SHOWN_ROWS = 1_500;

const SIGNS = { added: "+", removed: "−", same: " ", hunk: "" } as const;
const WORDS = { added: "added", removed: "removed", same: "", hunk: "" } as const;

/** A change of text, line by line.  Signs tell what was added and removed, colours only repeat it. */
export function Diff({ rows, onAll }: { rows: readonly Row[]; onAll: () => void }): ReactNode {
  const [all, setAll] = useState(false);
  const shown = all ? rows : rows.slice(0, SHOWN_ROWS);
  return (
    <>
      <table className="nxl-diff">
        <caption className="nxl-unshown">Lines removed and added</caption>
        {/* widths of their own: the first row has only one cell */}
        <colgroup>
          <col className="nxl-number" />
          <col className="nxl-number" />
          <col className="nxl-mark" />
          <col />
        </colgroup>
        <tbody>
          {shown.map((row, at) =>
            row.kind === "hunk" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row is named by its place
              <tr key={at} className="nxl-hunk">
                <td colSpan={4}>{at === 0 ? `from line ${row.after}` : `… from line ${row.after}`}</td>
              </tr>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: a row is named by its place
              <tr key={at} className={`nxl-row-${row.kind}`}>
                <td className="nxl-number">{row.before}</td>
                <td className="nxl-number">{row.after}</td>
                <td className="nxl-mark">
                  <span aria-hidden="true">{SIGNS[row.kind]}</span>
                  <span className="nxl-unshown">{WORDS[row.kind]}</span>
                </td>
                <td className="nxl-code">
                  <Plain text={row.text} />
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      {!all && rows.length > SHOWN_ROWS && (
        <button
          type="button"
          className="nxl-button"
          onClick={() => {
            setAll(true);
            onAll();
          }}
        >
          Show the other {rows.length - SHOWN_ROWS} lines
        </button>
      )}
    </>
  );
}
