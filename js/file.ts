/** The script of a file that holds one panel: finds the panel in the file, and starts it.  Asks nothing of any network. */
import { start } from "./bundle";
import type { GuestBytes } from "./guest/machine";
import { readDocument } from "./local/document";
import { LocalModel } from "./local/model";

function text(id: string): string {
  return document.getElementById(id)?.textContent ?? "";
}

/** Bytes that were compressed by gzip and written in base64. */
async function unpacked(id: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = Uint8Array.from(atob(text(id)), (char) => char.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const el = document.getElementById("nexus-panel");
const saved = readDocument(text("nexus-document"));
if (el && saved) {
  const bytes = async (): Promise<GuestBytes> => {
    const [code, image] = await Promise.all([unpacked("nexus-guest-code"), unpacked("nexus-guest-image")]);
    return { code, image };
  };
  const model = new LocalModel(saved, bytes, new AbortController().signal);
  start({ model })({ model, el });
}
