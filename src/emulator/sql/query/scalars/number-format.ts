/** `12,332.1235`: thousands in groups, rounded half up at the places. */
export function formatNumber(value: number, places: number): string | null {
  if (places < 0 || !Number.isFinite(value)) return null;
  return grouped(value, places, places, true);
}

/** A pattern such as `#,###,###.##` or `0.00`. */
export function formatPattern(value: number, pattern: string): string | null {
  const match = /^([^#0,.]*)([#0,]*)(?:\.([#0]*))?([^#0,.]*)$/.exec(pattern);
  if (!match || !Number.isFinite(value)) return null;
  const [, before = '', whole = '', fraction = '', after = ''] = match;
  const least = fraction.replaceAll('#', '').length;
  const text = grouped(value, least, fraction.length, whole.includes(','));
  return `${before}${whole.includes('0') || !text.startsWith('0.') ? text : text.slice(1)}${after}`;
}

function grouped(value: number, least: number, most: number, groups: boolean): string {
  return new Intl.NumberFormat('en-US', {
    minimumFractionDigits: Math.min(least, 20),
    maximumFractionDigits: Math.min(most, 20),
    useGrouping: groups,
  }).format(value);
}
