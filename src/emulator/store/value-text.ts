import { malformed } from '../errors.ts';

/** Digits of a decimal text at the column's scale; excess digits are rounded half up (protocol 5.5). */
export function decimalDigits(text: string, precision: number, scale: number): bigint {
  const match = /^([-+]?)(\d*)(?:\.(\d*))?$/.exec(text);
  if (!match || !(match[2] || match[3])) throw malformed(`"${text.slice(0, 60)}" is no plain decimal`);
  const fraction = match[3] ?? '';
  const kept = BigInt(`${match[2] || '0'}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  const digits = (fraction[scale] ?? '0') >= '5' ? kept + 1n : kept;
  if (digits >= 10n ** BigInt(precision))
    throw malformed(`${text} does not fit into DECIMAL(${precision},${scale})`);
  return match[1] === '-' ? -digits : digits;
}

export function floatingText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

/** Fewest digits that give the same 32-bit number. */
export function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

/** Printable ASCII as it is, other bytes as `=XX`, as the service prints BINARY. */
export function blobText(bytes: Uint8Array): string {
  const parts = Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f && byte !== 0x3d
      ? String.fromCharCode(byte)
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return parts.join('');
}

export function nanosecondText(nanos: bigint): string {
  const below = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = new Date(Number((nanos - below) / 1_000_000n)).toISOString().slice(0, 19).replace('T', ' ');
  return below ? `${seconds}.${String(below).padStart(9, '0')}` : seconds;
}
