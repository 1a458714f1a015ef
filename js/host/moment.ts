/** What a call reads of the world, as the page sees it: recorded with the call, so that it can be replayed. */
export interface Moment {
  /** Milliseconds since 1970. */
  clock: number;
  /** 32 random bits. */
  seed: number;
  /** An IANA time zone name. */
  zone: string;
}

export function readMoment(): Moment {
  const [seed = 0] = crypto.getRandomValues(new Uint32Array(1));
  return { clock: Date.now(), seed, zone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC" };
}

/** A name for this page among the clients of a panel: 96 random bits. */
export function makeClientName(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}
