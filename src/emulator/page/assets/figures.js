const whole = new Intl.NumberFormat('en');

export const count = (n) => whole.format(n);

/** `1 table`, `2 tables`. */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

export function bytes(n) {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(Math.floor(Math.log2(n) / 10), units.length);
  return `${(n / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}

export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 2 * 86400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** In steps that do not change with every look. */
export function ago(time, now) {
  const seconds = Math.max(0, (now - time) / 1000);
  if (seconds < 10) return 'just now';
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s ago`;
  return `${duration(seconds * 1000)} ago`;
}

export const clock = (time) => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
