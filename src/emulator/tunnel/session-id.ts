import { randomBytes } from 'node:crypto';

/** Ids begin with the time in ms: they sort by age. */
export function newSessionId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/\D/g, '').slice(0, 17);
  return `${stamp}${randomBytes(12).toString('hex')}`;
}
