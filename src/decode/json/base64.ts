const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** What each byte stands for; 64: it is no digit. */
const VALUES = new Uint8Array(256).fill(64);
for (let value = 0; value < DIGITS.length; value++) VALUES[DIGITS.charCodeAt(value)] = value;
const PAD = 0x3d;

/**
 * Writes what bytes [start, end) of base64 text (RFC 4648, padded) stand for to `out`, which has room for
 * three quarters of them.
 *
 * @returns the position behind what was written; -1 for text that is no base64
 */
export function decodeBase64(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): number {
  if ((end - start) % 4 !== 0) return -1;
  let last = end;
  while (last > start && end - last < 2 && bytes[last - 1] === PAD) last--;
  let bits = 0;
  let value = 0;
  for (let at = start; at < last; at++) {
    const digit = VALUES[bytes[at]!]!;
    if (digit === 64) return -1;
    value = ((value << 6) | digit) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[outAt++] = value >> bits;
    }
  }
  return outAt;
}
