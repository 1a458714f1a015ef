// Where `Math.random` gets its numbers: from a seed and nothing else.

export interface NumberSource {
  /** The next number in [0, 1) with 32 random bits. */
  next(): number;
}

/** A stream of numbers that depends on its seed alone (mulberry32). */
export class RandomSource implements NumberSource {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  next(): number {
    this.state = advanced(this.state);
    return numberOf(this.state);
  }
}

/** The state after `state`, and the number that a state gives: mulberry32. */
export function advanced(state: number): number {
  return (state + 0x6d2b79f5) >>> 0;
}

export function numberOf(state: number): number {
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}

/** The numbers of one expression at one place: they do not depend on what was evaluated before it. */
export class PlacedSource implements NumberSource {
  private source: RandomSource | null = null;

  constructor(
    private readonly seed: number,
    private readonly code: number,
    private readonly place: string,
  ) {}

  next(): number {
    this.source ??= new RandomSource(this.mixed());
    return this.source.next();
  }

  private mixed(): number {
    let hash = this.seed ^ Math.imul(this.code + 1, 0x9e3779b1);
    for (let i = 0; i < this.place.length; i++) hash = Math.imul(hash ^ this.place.charCodeAt(i), 0x01000193);
    return hash;
  }
}

/** The source that `Math.random` reads now. */
export const present: { source: NumberSource } = { source: new RandomSource(1) };

export function random(): number {
  return present.source.next();
}
