// Builds the pages of the test of many clients into one script for Node: `node js/test/sync/build.mjs OUTPUT`.
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { defined, inlineScripts, inlineStyles } from "../../build.mjs";

await esbuild.build({
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  outfile: process.argv[2],
  entryPoints: [fileURLToPath(new URL("pages.ts", import.meta.url))],
  define: await defined(),
  plugins: [inlineStyles, inlineScripts],
});
