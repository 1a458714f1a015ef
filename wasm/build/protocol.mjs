// Turns the JSON Schema of the wire messages into js/generated/protocol.ts.
//
//   node wasm/build/protocol.mjs            writes the file
//   node wasm/build/protocol.mjs --print    prints it instead
//
// The schema comes from `python -m nexus_jupyter.protocol_types`; set NEXUS_PYTHON to choose the interpreter.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const target = join(root, "js", "generated", "protocol.ts");

const BANNER = `// Generated from nexus_jupyter/protocol/ and nexus_jupyter/nxml/program.py by wasm/build/protocol.mjs.
// Do not edit: change the Python and run \`node wasm/build/protocol.mjs\`.
`;
const JSON_VALUE = "null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue }";

function interpreter() {
  if (process.env.NEXUS_PYTHON) return process.env.NEXUS_PYTHON;
  const local = join(root, ".venv", "bin", "python");
  return existsSync(local) ? local : "python3";
}

function readSchema() {
  const text = execFileSync(interpreter(), ["-m", "nexus_jupyter.protocol_types"], {
    cwd: root,
    env: { ...process.env, PYTHONPATH: root },
    encoding: "utf8",
    maxBuffer: 1 << 24,
  });
  return JSON.parse(text);
}

// Titles and defaults of single properties would become named aliases and noise in the output.
function plain(value, inProperties = false) {
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (value === null || typeof value !== "object") return value;
  const out = {};
  for (const [key, item] of Object.entries(value)) {
    if (!inProperties && (key === "default" || key === "title")) continue;
    out[key] = plain(item, !inProperties && (key === "properties" || key === "$defs"));
  }
  return out;
}

// The compiler adds "This interface was referenced by ..." to every comment.
function withoutReferenceNote(comment) {
  const lines = comment.split("\n");
  const note = lines.findIndex((line) => line.includes("was referenced by `"));
  if (note < 0) return comment;
  const kept = lines.slice(0, note);
  while (kept.at(-1)?.trim() === "*") kept.pop();
  return kept.length > 1 ? `${kept.join("\n")}\n */\n` : "";
}

export async function protocolTypes() {
  const schema = readSchema();
  const definitions = plain(schema).$defs;
  definitions.JsonValue = { tsType: JSON_VALUE };
  const text = await compile({ title: "Protocol", type: "object", $defs: definitions }, "Protocol", {
    bannerComment: BANNER,
    additionalProperties: false,
    declareExternallyReferenced: true,
    unreachableDefinitions: true,
    ignoreMinAndMaxItems: true,
    format: true,
    style: { printWidth: 110 },
  });
  const tidy = text
    .replace(/\/\*\*[\s\S]*?\*\/\n/g, withoutReferenceNote)
    .replace(/export interface Protocol \{\}\n/, "");
  return `${tidy.trimEnd()}\n\nexport const PROTOCOL_VERSION = ${JSON.stringify(schema.version)};\n`;
}

const text = await protocolTypes();
if (process.argv.includes("--print")) {
  process.stdout.write(text);
} else if (!existsSync(target) || readFileSync(target, "utf8") !== text) {
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, text);
}
