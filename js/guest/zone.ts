/** What a guest is told of time zones: the same offsets as under the kernel, from the browser's own data. */
import type { GuestReply, GuestRequest } from "../generated/protocol";
import type { ZoneOffset } from "./machine";

// As the kernel: beyond these years the offset stays what it is there.
const YEARS = 3000 * 366 * 86_400;

const utc: ZoneOffset = () => 0;
const known = new Map<string, ZoneOffset>();
const MOST_KNOWN = 64;

/** The offsets of the IANA zone called `name`; UTC when there is none. */
export function zoneNamed(name: string): ZoneOffset {
  let zone = known.get(name);
  if (zone === undefined) {
    zone = makeZone(name);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(name, zone);
  }
  return zone;
}

function makeZone(name: string): ZoneOffset {
  // Browsers also take offsets ("+01:00") and names in any case, which are no names of zones.
  if (name === "UTC" || !/^[A-Z]/.test(name)) return utc;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      ...{ timeZone: name, calendar: "iso8601", numberingSystem: "latn", hourCycle: "h23" },
      ...{ era: "short", year: "numeric", month: "numeric", day: "numeric" },
      ...{ hour: "numeric", minute: "numeric", second: "numeric" },
    });
  } catch {
    return utc;
  }
  const { timeZone } = format.resolvedOptions();
  if (timeZone !== name && timeZone.toLowerCase() === name.toLowerCase()) return utc;
  return (seconds) => {
    const moment = Math.max(-YEARS / 2, Math.min(seconds, YEARS));
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {};
    for (const { type, value } of format.formatToParts(moment * 1000)) part[type] = value;
    const year = part.era?.startsWith("B") ? 1 - Number(part.year) : Number(part.year);
    const local = new Date(0);
    local.setUTCFullYear(year, Number(part.month) - 1, Number(part.day));
    local.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second));
    return local.getTime() / 1000 - moment;
  };
}

/** The zone that each request is answered in: a call keeps the one it began with, all else is in the session's. */
export class CallZones {
  private session = "UTC";
  private readonly calls = new Map<number, string>();

  of(request: GuestRequest): string {
    switch (request.op) {
      case "load":
        this.session = request.zone;
        this.calls.clear();
        return request.zone;
      case "invoke":
      case "event":
        this.calls.set(request.call, request.zone);
        return request.zone;
      case "resume":
        return this.calls.get(request.call) ?? this.session;
      default:
        return this.session;
    }
  }

  note(request: GuestRequest, reply: GuestReply): void {
    if ("call" in request && reply.status !== "waiting") this.calls.delete(request.call);
  }
}
