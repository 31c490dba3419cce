import type { Clock } from '../clock.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';

/** Logs what the client complains of: each kind at once, then once a minute with how often it came since. */
export type Complaints = (text: string, fields: object) => void;

export function createComplaints(log: Log, clock: Clock): Complaints {
  const told = new Map<string, { at: number; since: number }>();
  return (text, fields) => {
    const now = clock.now();
    const kind = text.replace(/\d+/g, '#');
    const last = told.get(kind);
    if (last && now - last.at < LIMITS.complaintMs) {
      last.since += 1;
      return;
    }
    log.warn(last && last.since > 0 ? { ...fields, again: last.since } : fields, text);
    for (const [other, { at }] of told) if (now - at > 2 * LIMITS.complaintMs) told.delete(other);
    told.set(kind, { at: now, since: 0 });
  };
}
