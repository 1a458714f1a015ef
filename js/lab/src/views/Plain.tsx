import { type ReactNode, useMemo } from "react";
import { pieces } from "../visible";

/** Text that others wrote: plain, and with everything unseen in it shown. */
export function Plain({ text }: { text: string }): ReactNode {
  const shown = useMemo(() => pieces(text), [text]);
  return shown.map((piece, at) =>
    piece.stands ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no other name
      <mark key={at} className="nxl-unseen" title={piece.stands}>
        {piece.text}
      </mark>
    ) : (
      piece.text
    ),
  );
}
