/** Durations and sizes as people write them. Each function gives undefined for what it does not take. */
const MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
} as const;

/** `1.5h` -> 5400000 (ms). */
export const parseDuration = (text: string): number | undefined => quantity(text, MS);

/** `64MiB` -> 67108864 (bytes). */
export const parseSize = (text: string): number | undefined => quantity(text, BYTES);

export const DURATION_PATTERN = patternOf(MS);
export const SIZE_PATTERN = patternOf(BYTES);

function patternOf(units: Readonly<Record<string, number>>): string {
  return `^(\\d+(?:\\.\\d+)?) ?(${Object.keys(units).join('|')})$`;
}

/** The result is whole: a part of a millisecond or of a byte is a mistake, not a value to round. */
function quantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, digits, unit] = new RegExp(patternOf(units)).exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : units[unit];
  if (digits === undefined || factor === undefined) return undefined;
  const value = Number((Number(digits) * factor).toFixed(6));
  return Number.isSafeInteger(value) ? value : undefined;
}

/** The largest unit that divides the value: 90000 -> `90s`. */
export const durationText = (ms: number): string => written(ms, MS, 'ms');

/** The largest binary unit that divides the value: 67108864 -> `64MiB`. */
export const sizeText = (bytes: number): string =>
  written(bytes, { KiB: BYTES.KiB, MiB: BYTES.MiB, GiB: BYTES.GiB }, ' bytes');

function written(value: number, units: Readonly<Record<string, number>>, smallest: string): string {
  const fits = Object.entries(units).filter(([, factor]) => value !== 0 && value % factor === 0);
  const [unit, factor] = fits.at(-1) ?? [smallest, 1];
  return `${value / factor}${unit}`;
}
