// Joins the engine with the glue modules into one WebAssembly module with one import, `nexus.zone_offset`.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("../..", import.meta.url).pathname;
const glue = new URL("./glue/", import.meta.url).pathname;
const FEATURES = [
  "--enable-bulk-memory",
  "--enable-mutable-globals",
  "--enable-sign-ext",
  "--enable-nontrapping-float-to-int",
  "--enable-reference-types",
  "--enable-multivalue",
];

/** Glue file → the name under which the other modules import from it. */
const PARTS = { host: "env", wasi: "wasi_snapshot_preview1", step: "step" };

export function binaryen(tool, args) {
  return execFileSync(process.execPath, [join(root, "node_modules", "binaryen", "bin", tool), ...args], {
    encoding: "utf8",
  });
}

export function mergedModule(engineBytes) {
  const work = mkdtempSync(join(tmpdir(), "nexus-wasm-"));
  try {
    const engine = join(work, "engine.wasm");
    writeFileSync(engine, engineBytes);
    const inputs = [engine, "engine"];
    for (const [part, name] of Object.entries(PARTS)) {
      const file = join(work, `${part}.wasm`);
      binaryen("wasm-as", [...FEATURES, join(glue, `${part}.wat`), "-o", file]);
      inputs.push(file, name);
    }
    const merged = join(work, "merged.wasm");
    binaryen("wasm-merge", [...FEATURES, ...inputs, "-o", merged]);
    return readFileSync(merged);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
