/** A row of the table: which commits could show it, its place among them, and when it was produced. */
export interface RowTime {
  /** Topic partition and table partition: rows of one group become visible in the order of their offsets. */
  readonly group: string;
  readonly offset: number;
  /** ms */
  readonly producedAt: number;
}

/** What a query saw: every row of `group` up to `offset`, at the latest at `at` (ms). */
export interface Sighting {
  readonly group: string;
  readonly offset: number;
  readonly at: number;
}

/**
 * Milliseconds from produced to first seen by a query, ascending. Too long by up to the time between two
 * queries, never too short. Rows that no query saw are left out.
 */
export function latencies(rows: readonly RowTime[], sightings: readonly Sighting[]): number[] {
  const byGroup = new Map<string, Sighting[]>();
  for (const sighting of sightings) {
    const known = byGroup.get(sighting.group);
    if (known) known.push(sighting);
    else byGroup.set(sighting.group, [sighting]);
  }
  return rows
    .flatMap(({ group, offset, producedAt }) => {
      const seen = byGroup.get(group)?.find((sighting) => sighting.offset >= offset);
      return seen ? [seen.at - producedAt] : [];
    })
    .sort((a, b) => a - b);
}

/** The smallest value that at least `share` of the values do not exceed; NaN without values. */
export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
