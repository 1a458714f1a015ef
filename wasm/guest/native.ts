// The two functions that the engine lends the guest.  They are taken from the global object while the
// guest is built and never handed to panel code.

const lent = globalThis as unknown as {
  __compile: (source: string, file: string, flags: number) => unknown;
  __clock: (milliseconds: number) => void;
};

const compile = lent.__compile;
const clock = lent.__clock;

const COMPILE_ONLY = 32;

/** Parses `source` as a script without running it; throws what the parser throws. */
export function parseOnly(source: string, file: string): void {
  compile(source, file, COMPILE_ONLY);
}

/** Runs `source` as a script and gives its value. */
export function runScript(source: string, file: string): unknown {
  return compile(source, file, 0);
}

/** Sets the clock that `Date` reads, in milliseconds since 1970. */
export function setClock(milliseconds: number): void {
  clock(Math.floor(milliseconds));
}

/** Taken before it leaves the global scope: panel code cannot make proxies. */
export const NativeProxy = Proxy;
