/**
 * The most memory that a guest can ever take is written in its image, after the binary format of the WebAssembly
 * specification (section 5, modules): our own module, whose first section declares the one memory.
 */

const HEADER = 8;
const MEMORY_SECTION = 5;
const PAGE = 65_536;

/** LEB128: the number that begins at `at`, and where it ends. */
function unsigned(bytes: Uint8Array, at: number): [value: number, end: number] {
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[at++];
    if (byte === undefined || scale > 2 ** 28) throw new Error("the guest's image is damaged");
    value += (byte & 0x7f) * scale;
    if (byte < 128) return [value, at];
  }
}

function encoded(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    out.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return out;
}

/**
 * The image with a memory that stops growing at `limit` bytes: at what it begins with at least, at what was built at most.
 * Throws an Error for what is no image.
 */
export function withMemoryLimit(image: Uint8Array<ArrayBuffer>, limit: number): Uint8Array<ArrayBuffer> {
  if (image[HEADER] !== MEMORY_SECTION) throw new Error("the guest's image is damaged");
  const [length, start] = unsigned(image, HEADER + 1);
  const [count, flags] = [image[start], image[start + 1]];
  const [first, middle] = unsigned(image, start + 2);
  const [most, end] = unsigned(image, middle);
  if (count !== 1 || flags !== 1 || end !== start + length) throw new Error("the guest's image is damaged");
  const wanted = Math.max(first, Math.floor(limit / PAGE));
  if (wanted >= most) return image;
  const memory = [1, 1, ...encoded(first), ...encoded(wanted)];
  const head = [...image.subarray(0, HEADER), MEMORY_SECTION, ...encoded(memory.length), ...memory];
  const whole = new Uint8Array(head.length + image.length - end);
  whole.set(head);
  whole.set(image.subarray(end), head.length);
  return whole;
}
