// Runs the guest script once, in Node, inside the merged module, and keeps the memory it leaves behind.

import { strict as assert } from "node:assert";

/** Which built-ins exist in the guest at all; what is not listed was never created. */
const INTRINSICS = {
  date: 1,
  eval: 2,
  regexp: 4,
  json: 8,
  proxy: 16,
  mapAndSet: 32,
  promise: 128,
  bigint: 256,
};

const STACK_BYTES = 256 * 1024;
const INPUT_BYTES = 64 * 1024;
const BLOCK_BYTES = 128;
const JOBS_ALLOWED = 10_000;
const STRIP_SOURCE = 16;
const PAGE = 65_536;

const AT = {
  context: 0,
  runtime: 4,
  input: 8,
  capacity: 12,
  jobs: 32,
  step: 40,
  collect: 48,
  clock: 56,
  rejection: 64,
};

/** Overwrites what the allocator has free, so that the image holds no remains of the build. */
function clearFreeMemory(wasm) {
  const bytes = () => new Uint8Array(wasm.memory.buffer);
  const used = bytes().findLastIndex((byte) => byte !== 0);
  const taken = [];
  for (let want = 1 << 16; want >= 16; want >>= 1) {
    for (;;) {
      const at = wasm.wasm_malloc(want);
      assert(at, "out of memory while baking");
      if (at > used) {
        wasm.wasm_free(at);
        break;
      }
      bytes().fill(0, at, at + want);
      taken.push(at);
    }
  }
  for (const at of taken) wasm.wasm_free(at);
  // The stack grows down from its base; nothing is on it now.
  bytes().fill(0, 0, wasm.__stack_pointer.value);
}

export async function bake(merged, script) {
  const { instance } = await WebAssembly.instantiate(merged, { nexus: { zone_offset: () => 0 } });
  const wasm = instance.exports;
  const memory = () => new DataView(wasm.memory.buffer);
  const encoder = new TextEncoder();

  const place = (text) => {
    const bytes = encoder.encode(text);
    const at = wasm.wasm_malloc(bytes.length + 1);
    assert(at, "out of memory while baking");
    new Uint8Array(wasm.memory.buffer, at, bytes.length + 1).set([...bytes, 0]);
    return { at, length: bytes.length };
  };
  const read = (at, length) => new TextDecoder().decode(new Uint8Array(wasm.memory.buffer, at, length));
  const textOf = (value) => {
    const room = wasm.wasm_malloc(4);
    const at = wasm.qjs_get_string_len(value, room);
    const text = read(at, memory().getUint32(room, true));
    wasm.qjs_free_cstring(at);
    wasm.wasm_free(room);
    return text;
  };
  const checked = (value) => {
    if (!wasm.qjs_is_exception(value)) return value;
    const error = wasm.qjs_get_exception();
    const stack = wasm.qjs_get_prop_string(error, place("stack").at);
    throw new Error(`the guest script failed: ${textOf(error)}\n${textOf(stack)}`);
  };
  const evaluate = (text, file) => {
    const source = place(text);
    const name = place(file);
    const room = wasm.wasm_malloc(4);
    const bytecode = wasm.qjs_compile(source.at, source.length, name.at, 0, STRIP_SOURCE, room);
    if (!bytecode) checked(wasm.qjs_eval(source.at, source.length, name.at, 0));
    const result = checked(wasm.qjs_eval_bytecode(bytecode, memory().getUint32(room, true)));
    for (const at of [bytecode, room, source.at, name.at]) wasm.wasm_free(at);
    return result;
  };
  const globalFunction = (global, name) => {
    const key = place(name);
    const holder = wasm.qjs_get_prop_string(global, key.at);
    wasm.wasm_free(key.at);
    return holder;
  };

  wasm._initialize();
  const block = wasm.wasm_malloc(BLOCK_BYTES);
  new Uint8Array(wasm.memory.buffer, block, BLOCK_BYTES).fill(0);
  wasm.use(block);
  const mask = Object.values(INTRINSICS).reduce((sum, bit) => sum | bit, 0);
  assert.equal(wasm.qjs_init2(mask), 0, "the engine did not start");
  wasm.qjs_set_max_stack_size(STACK_BYTES);
  wasm.qjs_set_promise_rejection_handler(1);
  const version = read(wasm.qjs_get_quickjs_version(), 32).split("\0")[0];

  const global = wasm.qjs_get_global();
  const native = (name, length) => {
    const label = place(name);
    const value = wasm.qjs_new_host_function(label.at, label.length, length);
    wasm.qjs_set_prop_string(global, place(`__${name}`).at, value);
    wasm.qjs_free_value(value);
  };
  memory().setUint32(block + AT.context, wasm.qjs_get_context_ptr(), true);
  memory().setUint32(block + AT.runtime, wasm.qjs_get_runtime_ptr(), true);
  native("compile", 3);
  native("clock", 1);

  wasm.qjs_free_value(evaluate(script, "guest"));

  const entry = globalFunction(global, "__guest");
  for (const name of ["step", "collect", "rejection"]) {
    const value = checked(globalFunction(entry, name));
    assert(wasm.qjs_is_function(value), `the guest script defines no ${name}`);
    memory().setBigUint64(block + AT[name], memory().getBigUint64(value, true), true);
  }
  wasm.qjs_free_value(entry);
  wasm.qjs_free_value(
    evaluate(
      "delete globalThis.__guest; delete globalThis.__compile; delete globalThis.__clock; Object.freeze(globalThis); undefined",
      "guest",
    ),
  );

  memory().setUint32(block + AT.input, wasm.wasm_malloc(INPUT_BYTES), true);
  memory().setUint32(block + AT.capacity, INPUT_BYTES, true);
  memory().setUint32(block + AT.jobs, JOBS_ALLOWED, true);
  wasm.qjs_run_gc();
  clearFreeMemory(wasm);

  const bytes = new Uint8Array(wasm.memory.buffer.slice(0));
  assert.equal(bytes.length % PAGE, 0);
  return { memory: bytes, block, version };
}
