// The page of the browser tests of guests as one script: node js/test/guest/build.mjs FILE
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { defined, inlineScripts } from "../../build.mjs";

await esbuild.build({
  entryPoints: [fileURLToPath(new URL("page.ts", import.meta.url))],
  outfile: process.argv[2],
  bundle: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  define: await defined(),
  plugins: [inlineScripts],
});
