// The difference between two orders of the same kind of things, as few splices.

/** At position `at` of the list, remove `remove` ids and put `ids` there; applied one after the other. */
export interface Splice {
  readonly at: number;
  readonly remove: number;
  readonly ids: readonly string[];
}

/** Lists that differ in more places than this are told anew between what they have in common at both ends. */
const MANY = 100;

/** The splices that turn `before` into `after`; no id stands twice in either. */
export function splices(before: readonly string[], after: readonly string[]): Splice[] {
  const most = Math.min(before.length, after.length);
  let head = 0;
  while (head < most && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail++;
  const until = before.length - tail;
  if (head === until && before.length === after.length) return [];
  const whole = { at: head, remove: until - head, ids: after.slice(head, after.length - tail) };
  if (whole.remove === 0 || whole.ids.length === 0) return [whole];
  const places = new Map<string, number>();
  for (let i = head; i < until; i++) places.set(before[i] as string, i);
  const from = whole.ids.map((id) => places.get(id) ?? -1);
  const stays = staying(from);
  const found = [...removals(head, until, stays), ...insertions(whole.ids, from, head, stays)];
  return found.length > MANY ? [whole] : found;
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

/** From the last to the first, so that no removal moves what another one means. */
function removals(from: number, until: number, stays: ReadonlySet<number>): Splice[] {
  const found: Splice[] = [];
  let end = until;
  while (end > from) {
    let start = end;
    while (start > from && !stays.has(start - 1)) start--;
    if (start < end) found.push({ at: start, remove: end - start, ids: [] });
    end = start - 1;
  }
  return found;
}

/** From the first to the last: each finds before it what belongs there. */
function insertions(
  ids: readonly string[],
  from: readonly number[],
  head: number,
  stays: ReadonlySet<number>,
): Splice[] {
  const found: Splice[] = [];
  let start = 0;
  while (start < ids.length) {
    let end = start;
    while (end < ids.length && !stays.has(from[end] as number)) end++;
    if (start < end) found.push({ at: head + start, remove: 0, ids: ids.slice(start, end) });
    start = end + 1;
  }
  return found;
}
