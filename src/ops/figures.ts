/** Figures for people: short, with units. */
export const count = (n: number): string => Math.round(n).toLocaleString('en-US');

const STEPS = [
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
] as const;

export function bytes(n: number): string {
  const [unit, size] = STEPS.find(([, step]) => n >= step) ?? ['B', 1];
  const shown = n / size;
  return `${shown >= 100 || unit === 'B' ? Math.round(shown) : shown.toFixed(1)} ${unit}`;
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 4 min`, `5 d 3 h`. */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return two(Math.floor(s / 60), 'min', s % 60, 's');
  const minutes = Math.round(s / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(s / 3600);
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

const two = (large: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;

/** `12 s ago`; both are ISO times. */
export const since = (then: string, now: string): string =>
  `${duration(Math.max(0, Date.parse(now) - Date.parse(then)) / 1000)} ago`;
