// Minimal WebAssembly rewriting.  The merged module becomes two:
//   code   memory imported as `nexus.memory`, no data, two exports: compiled once per machine
//   image  memory and its contents, no code: compiled in a millisecond

const PAGE = 65_536;
const CHUNK = 1024;
const SECTION = { custom: 0, import: 2, memory: 5, global: 6, export: 7, data: 11, dataCount: 12 };
const KIND = { function: 0, memory: 2, global: 3 };
const KEPT_EXPORTS = new Set(["step", "reserve"]);
const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

function unsigned(value) {
  const out = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest ? low + 128 : low);
  } while (rest);
  return out;
}

function signed(value) {
  const out = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && !(low & 0x40)) || (rest === -1 && low & 0x40)) return [...out, low];
    out.push(low | 0x80);
  }
}

function label(text) {
  const bytes = new TextEncoder().encode(text);
  return [...unsigned(bytes.length), ...bytes];
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  unsigned() {
    let result = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      result += (byte & 0x7f) * scale;
      if (byte < 128) return result;
    }
  }
  text() {
    const length = this.unsigned();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
}

function sections(module) {
  const reader = new Reader(module, HEADER.length);
  const out = [];
  while (reader.at < module.length) {
    const id = module[reader.at++];
    const length = reader.unsigned();
    out.push({ id, payload: module.subarray(reader.at, reader.at + length) });
    reader.at += length;
  }
  return out;
}

function assemble(parts) {
  const pieces = [Uint8Array.from(HEADER)];
  for (const { id, payload } of parts) {
    pieces.push(Uint8Array.from([id, ...unsigned(payload.length)]), payload);
  }
  return Buffer.concat(pieces);
}

const limits = (pages, most) => [0x01, ...unsigned(pages), ...unsigned(most)];

function withMemoryImport(payload, pages, most) {
  const reader = new Reader(payload);
  const count = reader.unsigned();
  const memory = [...label("nexus"), ...label("memory"), KIND.memory, ...limits(pages, most)];
  return Buffer.concat([
    Uint8Array.from(unsigned(count + 1)),
    payload.subarray(reader.at),
    Uint8Array.from(memory),
  ]);
}

function keptExports(payload) {
  const reader = new Reader(payload);
  const kept = [];
  for (let left = reader.unsigned(); left > 0; left--) {
    const start = reader.at;
    const name = reader.text();
    const kind = payload[reader.at++];
    reader.unsigned();
    if (KEPT_EXPORTS.has(name) && kind === KIND.function) kept.push(payload.subarray(start, reader.at));
  }
  if (kept.length !== KEPT_EXPORTS.size) throw new Error("the merged module lacks an export");
  return Buffer.concat([Uint8Array.from(unsigned(kept.length)), ...kept]);
}

/** The merged module without its memory: it imports one of at least `size` bytes. */
export function codeModule(merged, size, mostPages) {
  const dropped = new Set([SECTION.custom, SECTION.memory, SECTION.data, SECTION.dataCount]);
  const parts = [];
  for (const { id, payload } of sections(merged)) {
    if (dropped.has(id)) continue;
    if (id === SECTION.import) parts.push({ id, payload: withMemoryImport(payload, size / PAGE, mostPages) });
    else if (id === SECTION.export) parts.push({ id, payload: keptExports(payload) });
    else parts.push({ id, payload });
  }
  return assemble(parts);
}

function dataSegments(memory) {
  const segments = [];
  const empty = (at) => memory.subarray(at, at + CHUNK).every((byte) => byte === 0);
  for (let at = 0; at < memory.length; ) {
    if (empty(at)) {
      at += CHUNK;
      continue;
    }
    let end = at + CHUNK;
    while (end < memory.length && !empty(end)) end += CHUNK;
    segments.push([at, memory.subarray(at, Math.min(end, memory.length))]);
    at = end;
  }
  return segments;
}

/** A module that exports the baked `memory` and, as global `block`, where its control block is. */
export function imageModule(memory, block, mostPages) {
  const segments = dataSegments(memory);
  const data = Buffer.concat([
    Uint8Array.from(unsigned(segments.length)),
    ...segments.flatMap(([at, bytes]) => [
      Uint8Array.from([0x00, 0x41, ...signed(at), 0x0b, ...unsigned(bytes.length)]),
      bytes,
    ]),
  ]);
  return assemble([
    { id: SECTION.memory, payload: Uint8Array.from([1, ...limits(memory.length / PAGE, mostPages)]) },
    { id: SECTION.global, payload: Uint8Array.from([1, 0x7f, 0x00, 0x41, ...signed(block), 0x0b]) },
    {
      id: SECTION.export,
      payload: Uint8Array.from([2, ...label("memory"), KIND.memory, 0, ...label("block"), KIND.global, 0]),
    },
    { id: SECTION.data, payload: data },
  ]);
}
