/** Plain notation of a number without its point: `decimalText(-5n, 2)` is `-0.05`. */
export function decimalText(digits: bigint, scale: number): string {
  const plain = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const point = plain.length - scale;
  return `${digits < 0n ? '-' : ''}${plain.slice(0, point)}${scale ? `.${plain.slice(point)}` : ''}`;
}

/** The number of a plain notation at a scale; fraction digits beyond it are rounded half up (protocol 5.5). */
export function decimalNumber(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.replace(/^[-+]/, '').split('.');
  const kept = BigInt(`${whole || '0'}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  const digits = (fraction[scale] ?? '0') >= '5' ? kept + 1n : kept;
  return text.startsWith('-') ? -digits : digits;
}

const EXPONENT = /^([-+]?)(\d*)(?:\.(\d*))?[eE]([-+]?\d{1,3})$/;

/** Plain notation of `1.5e+3`, as PyODPS writes numbers near zero (`1E-18`); what has no exponent stays as it is. */
export function plainDecimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent] = EXPONENT.exec(text) ?? [];
  if (exponent === undefined || !(whole || fraction)) return text;
  const point = whole.length + Number(exponent);
  const digits = `${'0'.repeat(Math.max(0, -point))}${whole}${fraction}`.padEnd(Math.max(0, point), '0');
  const places = Math.max(0, point);
  return `${sign}${digits.slice(0, places) || '0'}${digits.length > places ? `.${digits.slice(places)}` : ''}`;
}
