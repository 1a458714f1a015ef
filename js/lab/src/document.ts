/** The document in a cell: its text, its name by content, and how it is replaced. */

// IPython drops blank lines above a magic.  What follows the magic's line is the document.
const HEAD = /^(?:[^\S\n]*\n)*%%nxml(?=[\s]|$)[^\n]*(?:\n|$)/;

/** A cell's text as the lines up to and including `%%nxml …` and the document; null when it is no panel's cell. */
export function splitCell(text: string): { head: string; document: string } | null {
  const head = HEAD.exec(text)?.[0];
  return head === undefined ? null : { head, document: text.slice(head.length) };
}

/** The cell's text with another document; the magic's line and the line breaks at the end stay. */
export function replaceDocument(text: string, source: string): string | null {
  const parts = splitCell(text);
  if (!parts) return null;
  const head = parts.head.endsWith("\n") ? parts.head : `${parts.head}\n`;
  const end = /\n*$/.exec(parts.document)?.[0] ?? "";
  return head + source.replace(/\r\n/g, "\n").replace(/\n+$/, "") + end;
}

/** The SHA-256 of a document's text in hexadecimal; line breaks at its end do not count. */
export async function documentHash(source: string): Promise<string> {
  return sha256(source.replace(/\r\n/g, "\n").replace(/\n+$/, ""));
}

/** The SHA-256 of a text's UTF-8 in hexadecimal.  Needs a secure context. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
