// Builds the page's half into nexus_jupyter/static: `loader.js` (travels with every panel, 600 bytes at
// most), `panel.js` (the one bundle of a page) and `panel.json` (its address and size, and its guest's address).
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

export const LOADER_LIMIT = 600;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** `import css from "./x.css?inline"` is the minified text, as it is in Vite. */
export const inlineStyles = {
  name: "inline-styles",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: `${resolveDir}/${path.replace("?inline", "")}`,
      namespace: "inline-style",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-style" }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const { code } = await esbuild.transform(source, { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text", watchFiles: [path] };
    });
  },
};

/** `import text from "./x.ts?script"` is the text of a script of its own, as a Worker runs it. */
export async function scriptText(path) {
  const result = await esbuild.build({ ...settings, format: "iife", entryPoints: [path] });
  return result.outputFiles[0].text;
}

export const inlineScripts = {
  name: "inline-scripts",
  setup(build) {
    build.onResolve({ filter: /\.ts\?script$/ }, ({ path, resolveDir }) => ({
      path: `${resolveDir}/${path.replace("?script", "")}`,
      namespace: "inline-script",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-script" }, async ({ path }) => ({
      contents: await scriptText(path),
      loader: "text",
    }));
  },
};

/** The address of the guest's bytes that this bundle asks for: of its code and its image, one after the other. */
export async function guestAddress() {
  const modules = ["guest-code.wasm", "guest-image.wasm"].map((name) =>
    readFile(here(`../nexus_jupyter/static/${name}`)),
  );
  return addressOf(Buffer.concat(await Promise.all(modules)));
}

const settings = {
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "none",
  charset: "utf8",
};

/** The loader's text; an Error when it is longer than it may be. */
export async function buildLoader() {
  const result = await esbuild.build({
    ...settings,
    entryPoints: [here("loader/loader.js")],
    mangleProps: /_$/,
  });
  const [, name, body] =
    /^var (\w+)=(.*);export\{\1 as default\};\s*$/s.exec(result.outputFiles[0].text) ?? [];
  if (!name) throw new Error("The loader no longer compiles to one exported expression.");
  const text = `export default${body}`;
  const bytes = Buffer.byteLength(text);
  if (bytes > LOADER_LIMIT) throw new Error(`The loader has ${bytes} bytes; ${LOADER_LIMIT} are allowed.`);
  return text;
}

/** What stands for names that only the build knows. */
export async function defined() {
  return {
    "process.env.NODE_ENV": '"production"',
    NEXUS_GUEST_ADDRESS: JSON.stringify(await guestAddress()),
  };
}

/** The bundle's text. */
export async function buildBundle() {
  const result = await esbuild.build({
    ...settings,
    entryPoints: [here("bundle.tsx")],
    jsx: "automatic",
    define: await defined(),
    plugins: [inlineStyles, inlineScripts],
    metafile: true,
  });
  return { text: result.outputFiles[0].text, metafile: result.metafile };
}

/** The script of an exported file. */
export async function buildFile() {
  const result = await esbuild.build({
    ...settings,
    format: "iife",
    charset: "ascii",
    entryPoints: [here("file.ts")],
    jsx: "automatic",
    define: await defined(),
    plugins: [inlineStyles, inlineScripts],
    logOverride: { "empty-import-meta": "silent" }, // only a loader opens the bundle by its address
  });
  return result.outputFiles[0].text;
}

/** The name of a file by its content: the first 32 hexadecimal digits of its SHA-256. */
export function addressOf(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

async function main() {
  const target = here("../nexus_jupyter/static/");
  await mkdir(target, { recursive: true });
  const loader = await buildLoader();
  const { text, metafile } = await buildBundle();
  const bytes = Buffer.byteLength(text);
  const address = addressOf(text);
  await writeFile(`${target}loader.js`, loader);
  await writeFile(`${target}panel.js`, text);
  await writeFile(`${target}file.js`, await buildFile());
  await writeFile(
    `${target}panel.json`,
    `${JSON.stringify({ address, bytes, guest: await guestAddress() })}\n`,
  );
  console.log(`loader.js ${Buffer.byteLength(loader)} bytes`);
  console.log(`panel.js  ${bytes} bytes, ${gzipSync(text, { level: 9 }).length} gzipped, address ${address}`);
  if (process.argv.includes("--parts")) {
    const sizes = new Map();
    for (const [path, { bytesInOutput }] of Object.entries(Object.values(metafile.outputs)[0].inputs)) {
      const part = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "js";
      sizes.set(part, (sizes.get(part) ?? 0) + bytesInOutput);
    }
    for (const [part, size] of [...sizes].sort((a, b) => b[1] - a[1])) console.log(`  ${part} ${size}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
