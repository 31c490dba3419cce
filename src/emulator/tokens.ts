import { createHmac, timingSafeEqual } from 'node:crypto';

/** Bearer tokens: what one was given in place of a key, for some hours (protocol 2.5). */
export interface Tokens {
  issue(hours: number): string;
  /** Whether a token was given here, and its time is not over. */
  judge(token: string): 'valid' | 'expired' | 'unknown';
}

const HOUR_MS = 3600_000;

/**
 * Tokens that prove themselves: nothing is kept, and they outlive a restart. Base64 of four fields with commas, the
 * third the end in seconds: PyODPS reads it from there.
 */
export function createTokens(key: string, now: () => number): Tokens {
  const seal = (fields: string): string => createHmac('sha256', key).update(fields).digest('hex');

  function issue(hours: number): string {
    const fields = `local,bearer,${Math.ceil((now() + hours * HOUR_MS) / 1000)}`;
    return Buffer.from(`${fields},${seal(fields)}`).toString('base64');
  }

  function judge(token: string): 'valid' | 'expired' | 'unknown' {
    const text = Buffer.from(token, 'base64').toString();
    const at = text.lastIndexOf(',');
    const fields = text.slice(0, at);
    const [given, wanted] = [Buffer.from(text.slice(at + 1)), Buffer.from(seal(fields))];
    if (at < 0 || given.length !== wanted.length || !timingSafeEqual(given, wanted)) return 'unknown';
    return Number(fields.split(',')[2]) * 1000 > now() ? 'valid' : 'expired';
  }

  return { issue, judge };
}
