/** Text that others wrote, in a form that hides nothing. */

/** A piece of text, or what stands for a character or a run that would not be seen. */
export interface Piece {
  text: string;
  /** What it stands for, in words; undefined for text that is shown as it is. */
  stands?: string;
}

// Everything that draws nothing, moves what stands beside it, or passes for a plain space: controls, formats
// (bidi, zero width, tags), separators, lone surrogates, private and unassigned characters, fillers, joiners of
// glyphs, variation selectors other than the one that asks for an emoji.  Tab and line feed are layout.
const UNSEEN =
  "(?![\\t\\n ])(?:[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Zs}\\p{Cs}\\p{Co}\\p{Cn}]" +
  "|[\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2800\\u3164\\uffa0\\ufe00-\\ufe0e]" +
  "|[\\u{e0100}-\\u{e01ef}])";
/** From this many blanks on a run of them is told, not drawn. */
export const LONGEST_BLANK = 60;
const SPECIAL = new RegExp(`(${UNSEEN})|[ \\t]{${LONGEST_BLANK},}`, "gu");

/** The text in pieces; their plain texts and what the others stand for are the whole of it. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let from = 0;
  for (const found of text.matchAll(SPECIAL)) {
    if (found.index > from) out.push({ text: text.slice(from, found.index) });
    out.push(
      found[1] !== undefined
        ? { text: escaped(found[1]), stands: "a character that cannot be seen" }
        : { text: `⟨${found[0].length} blanks⟩`, stands: "blanks" },
    );
    from = found.index + found[0].length;
  }
  if (from < text.length) out.push({ text: text.slice(from) });
  return out;
}

/** The text as one string with everything unseen escaped: for titles, labels and attributes. */
export function visible(text: string): string {
  return pieces(text)
    .map((piece) => piece.text)
    .join("");
}

/** A text of one line, escaped, at most `limit` characters long. */
export function short(text: string, limit = 120): string {
  const line = visible(text.slice(0, limit * 2).replace(/\s+/gu, " "));
  return text.length > limit * 2 || line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
}
