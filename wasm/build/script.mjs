// Bundles wasm/guest into one script.

import { build } from "esbuild";

const entry = new URL("../guest/main.ts", import.meta.url).pathname;

export async function guestScript() {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    target: "es2023",
    minify: true,
    keepNames: false,
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
  });
  return result.outputFiles[0].text;
}
