// The difference between two orders of the same kind of things, as few splices.

/** What stood from `from` to `until` in one list is replaced by what stands from `at` to `to` in another. */
export interface Exchange {
  readonly from: number;
  readonly until: number;
  readonly at: number;
  readonly to: number;
}

/** At position `at` of the list, remove `remove` ids and put `ids` there; applied one after the other. */
export interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly ids: readonly string[];
}

/** Lists that differ in more places than this are told anew between what they have in common at both ends. */
const MANY = 100;
/** So many items, which went or came, are looked past for what the lists have in common behind them. */
const NEAR = 8;
/** After so many differences the rest counts as one. */
const MOST_EXCHANGES = 32;

/**
 * Where the lists differ, from the first to the last place; all between is the same.  Few changes of a long list are
 * found by comparing each item once, without a map of them; of many the last exchange is long.
 */
export function exchanges(before: readonly unknown[], after: readonly unknown[]): Exchange[] {
  const found: Exchange[] = [];
  let until = before.length;
  let to = after.length;
  let from = 0;
  let at = 0;
  const most = Math.min(until, to);
  while (from < most && before[from] === after[from]) from++;
  at = from;
  while (until > from && to > at && before[until - 1] === after[to - 1]) {
    until--;
    to--;
  }
  while (from < until || at < to) {
    const start = from;
    const begin = at;
    const ahead = found.length < MOST_EXCHANGES - 1 ? NEAR : 0;
    from = until;
    at = to;
    for (let steps = 1; steps <= ahead && from === until && at === to; steps++)
      for (let gone = 0; gone <= steps; gone++) {
        const come = steps - gone;
        if (start + gone >= until || begin + come >= to) continue;
        if (before[start + gone] !== after[begin + come]) continue;
        from = start + gone;
        at = begin + come;
        break;
      }
    found.push({ from: start, until: from, at: begin, to: at });
    while (from < until && at < to && before[from] === after[at]) {
      from++;
      at++;
    }
  }
  return found;
}

/** The list with `pieces[i]` in the place of what exchange `i` takes out of it; each thing stands for `width` entries. */
export function exchanged<T>(
  list: readonly T[],
  found: readonly Exchange[],
  pieces: readonly (readonly T[])[],
  width = 1,
): T[] {
  const parts: (readonly T[])[] = [];
  let kept = 0;
  for (let i = 0; i < found.length; i++) {
    const { from, until } = found[i] as Exchange;
    parts.push(list.slice(kept * width, from * width), pieces[i] as readonly T[]);
    kept = until;
  }
  parts.push(list.slice(kept * width));
  return ([] as T[]).concat(...parts);
}

/** The splices that turn `before` into `after`; no id stands twice in either. */
export function splices(before: readonly string[], after: readonly string[]): Splice[] {
  const found = exchanges(before, after);
  const removed: Splice[] = [];
  const inserted: Splice[] = [];
  for (const exchange of found) {
    const { from, until, at, to } = exchange;
    const ids = after.slice(at, to);
    const places = from === until || at === to ? NO_PLACES : placesOf(ids, before, exchange);
    const stays = staying(places);
    addRemovals(removed, from, until, stays);
    addInsertions(inserted, ids, places, at, stays);
  }
  if (removed.length + inserted.length <= MANY) return removed.reverse().concat(inserted);
  const first = found[0] as Exchange;
  const last = found.at(-1) as Exchange;
  return [{ at: first.from, remove: last.until - first.from, ids: after.slice(first.at, last.to) }];
}

const NO_PLACES: readonly number[] = [];

/** Where each id stood before; -1 where it did not. */
function placesOf(ids: readonly string[], before: readonly string[], { from, until }: Exchange): number[] {
  const places = new Map<string, number>();
  for (let i = from; i < until; i++) places.set(before[i] as string, i);
  return ids.map((id) => places.get(id) ?? -1);
}

/** The ids that need not move: the longest run of places that rises; places below 0 are none. */
function staying(places: readonly number[]): ReadonlySet<number> {
  // patience sorting: the smallest end of a rising run of each length, and what came before each place
  const ends: number[] = [];
  const before = new Map<number, number>();
  for (const place of places) {
    if (place < 0) continue;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < place) low = middle + 1;
      else high = middle;
    }
    if (low > 0) before.set(place, ends[low - 1] as number);
    ends[low] = place;
  }
  const stays = new Set<number>();
  for (let at = ends.at(-1); at !== undefined; at = before.get(at)) stays.add(at);
  return stays;
}

/** Added from the first to the last, and applied the other way round, so that none moves what another one means. */
function addRemovals(found: Splice[], from: number, until: number, stays: ReadonlySet<number>): void {
  let start = from;
  while (start < until) {
    let end = start;
    while (end < until && !stays.has(end)) end++;
    if (start < end) found.push({ at: start, remove: end - start, ids: [] });
    start = end + 1;
  }
}

/** From the first to the last: each finds before it what belongs there. */
function addInsertions(
  found: Splice[],
  ids: readonly string[],
  places: readonly number[],
  at: number,
  stays: ReadonlySet<number>,
): void {
  let start = 0;
  while (start < ids.length) {
    let end = start;
    while (end < ids.length && !stays.has(places[end] ?? -1)) end++;
    if (start < end) found.push({ at: at + start, remove: 0, ids: ids.slice(start, end) });
    start = end + 1;
  }
}
