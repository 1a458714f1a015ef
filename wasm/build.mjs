// Builds the sandbox guest: nexus_jupyter/static/guest-code.wasm, guest-image.wasm, guest-provenance.json.
//
//   node wasm/build.mjs             builds when an input changed
//   node wasm/build.mjs --force     builds in any case
//   node wasm/build.mjs --out DIR   writes elsewhere
//
// The same inputs give the same bytes.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bake } from "./build/bake.mjs";
import { codeModule, imageModule } from "./build/binary.mjs";
import { MAX_PAGES, pinnedEngine } from "./build/engine.mjs";
import { mergedModule } from "./build/glue.mjs";
import { inputsDigest, isCurrent, provenance } from "./build/provenance.mjs";
import { guestScript } from "./build/script.mjs";

const root = new URL("..", import.meta.url).pathname;

function option(name) {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

function write(directory, name, content) {
  const draft = join(directory, `.${name}.${process.pid}`);
  writeFileSync(draft, content);
  renameSync(draft, join(directory, name));
}

const out = option("--out") ?? join(root, "nexus_jupyter", "static");
const inputs = inputsDigest();
if (!process.argv.includes("--force") && isCurrent(out, inputs)) process.exit(0);

const engine = pinnedEngine();
const script = await guestScript();
const merged = mergedModule(engine.bytes);
const { memory, block, version } = await bake(merged, script);
const code = codeModule(merged, memory.length, MAX_PAGES);
const image = imageModule(memory, block, MAX_PAGES);

mkdirSync(out, { recursive: true });
write(out, "guest-code.wasm", code);
write(out, "guest-image.wasm", image);
write(out, "guest-provenance.json", provenance({ inputs, engine, version, script, code, image }));
console.log(`guest: code ${code.length} bytes, image ${image.length} bytes, script ${script.length} bytes`);
