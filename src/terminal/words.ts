/** Numbers as people read them. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `1 topic partition`, `4 topic partitions`. */
export const plural = (value: number, word: string): string =>
  `${count(value)} ${word}${value === 1 ? '' : 's'}`;

/** MB as quotas and network people mean them: 10^6 bytes. */
export const megabytes = (bytes: number): string => {
  const value = bytes / 1e6;
  return `${value >= 100 ? count(Math.round(value)) : Number(value.toPrecision(2))} MB`;
};

/** The first few, and how many more. */
export function some(items: readonly string[], most = 8): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(', ')} and ${count(more)} more` : items.join(', ');
}

/** `12 ms`, `3.4 s`. */
export const took = (ms: number): string =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;

/** Room on a disk. */
export const gibibytes = (bytes: number): string => `${count(Math.round((bytes / 1024 ** 3) * 10) / 10)} GiB`;
