// What the built guest was made of, and whether it is up to date.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ENGINE_SHA256, PACKAGE, PACKAGE_VERSION, sha256 } from "./engine.mjs";

const root = new URL("../..", import.meta.url).pathname;
const OUTPUTS = { code: "guest-code.wasm", image: "guest-image.wasm" };

function filesUnder(directory, skip) {
  const found = [];
  for (const entry of readdirSync(join(root, directory), { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`;
    if (skip.has(path)) continue;
    if (entry.isDirectory()) found.push(...filesUnder(path, skip));
    else found.push(path);
  }
  return found.sort();
}

function toolVersions() {
  const versionOf = (name) =>
    JSON.parse(readFileSync(join(root, "node_modules", name, "package.json"), "utf8")).version;
  return { binaryen: versionOf("binaryen"), esbuild: versionOf("esbuild") };
}

function digestOf(paths) {
  return sha256(paths.map((path) => `${sha256(readFileSync(join(root, path)))}  ${path}\n`).join(""));
}

const guestSources = () => filesUnder("wasm/guest", new Set(["wasm/guest/test"]));

/** One hash over everything the build reads. */
export function inputsDigest() {
  const build = ["wasm/build.mjs", ...filesUnder("wasm/build", new Set(["wasm/build/protocol.mjs"]))];
  return sha256(
    [digestOf([...build, ...guestSources()]), ENGINE_SHA256, JSON.stringify(toolVersions())].join("\n"),
  );
}

/** Whether `directory` holds the outputs of exactly these inputs, undamaged. */
export function isCurrent(directory, inputs) {
  const record = join(directory, "guest-provenance.json");
  if (!existsSync(record)) return false;
  const { inputs: known, outputs } = JSON.parse(readFileSync(record, "utf8"));
  if (known !== inputs) return false;
  return Object.values(OUTPUTS).every((name) => {
    const file = join(directory, name);
    return existsSync(file) && sha256(readFileSync(file)) === outputs[name]?.sha256;
  });
}

export function provenance({ inputs, engine, version, script, code, image }) {
  const output = (bytes) => ({ bytes: bytes.length, sha256: sha256(bytes) });
  const record = {
    engine: {
      name: "QuickJS-NG",
      version,
      package: PACKAGE,
      packageVersion: PACKAGE_VERSION,
      sha256: engine.sha256,
    },
    guest: { sources: digestOf(guestSources()), script: sha256(script) },
    tools: toolVersions(),
    inputs,
    outputs: { [OUTPUTS.code]: output(code), [OUTPUTS.image]: output(image) },
  };
  return `${JSON.stringify(record, null, 2)}\n`;
}
