import { mutate, randomFrom } from './mutate.ts';
import type { Target } from './target.ts';

export interface FuzzOptions {
  /** Over all targets. */
  readonly records: number;
  readonly seed: number;
  /** Longest time of one record, ms. */
  readonly longestMs: number;
}

/** What became of the records of one target. */
export interface FuzzReport {
  readonly name: string;
  readonly records: number;
  readonly rows: number;
  /** Left out by a filter, or skipped. */
  readonly leftOut: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Of the slowest group of records, per record and for the whole group, ms. */
  readonly slowestMs: number;
}

const GROUP = 50;

/**
 * Mutated records through the code of a worker. Throws, naming seed and record, when the code fails, when a
 * record takes longer than it may, when one is neither row nor rejection nor left out, or when the emulator's
 * reader refuses the bytes.
 */
export function fuzz(target: Target, { records, seed, longestMs }: FuzzOptions): FuzzReport {
  const random = randomFrom(seed);
  const report = { rows: 0, leftOut: 0, rejected: {} as Record<string, number>, slowestMs: 0 };
  for (let done = 0; done < records; done += GROUP) {
    const values = Array.from({ length: Math.min(GROUP, records - done) }, () =>
      mutate(target.seeds[random(target.seeds.length)]!, target.seeds, random),
    );
    try {
      count(report, target, values, longestMs);
    } catch (error) {
      throw new Error(`${target.name}, seed ${seed}: ${culprit(target, values, longestMs)}`, {
        cause: error,
      });
    }
  }
  return { name: target.name, records, ...report };
}

function count(
  report: { rows: number; leftOut: number; rejected: Record<string, number>; slowestMs: number },
  target: Target,
  values: readonly Buffer[],
  longestMs: number,
): void {
  const started = performance.now();
  let taken = 0;
  // A job ends before the record that opens one table partition too many.
  for (let from = 0; from < values.length; from += taken) {
    const result = target.run(values.slice(from));
    taken = result.upTo;
    if (taken === 0) throw new Error('no record was taken');
    const rows = target.read(result);
    const skipped = Object.values(result.skipped).reduce((sum, n) => sum + (n ?? 0), 0);
    const left = result.rejections.length + result.filtered + skipped;
    // A record may have several rows (canal), or none (a list of changes that is empty).
    if (rows + left < taken && target.name !== 'canal')
      throw new Error(`${taken} records became ${rows} rows, ${left} are left out or rejected`);
    for (const { code } of result.rejections) report.rejected[code] = (report.rejected[code] ?? 0) + 1;
    report.rows += rows;
    report.leftOut += result.filtered + skipped;
  }
  const ms = performance.now() - started;
  report.slowestMs = Math.max(report.slowestMs, ms);
  if (ms > longestMs) throw new Error(`${values.length} records took ${Math.round(ms)} ms`);
}

/** The first record that fails alone, as base64; else all of them do so together. */
function culprit(target: Target, values: readonly Buffer[], longestMs: number): string {
  for (const value of values) {
    try {
      count({ rows: 0, leftOut: 0, rejected: {}, slowestMs: 0 }, target, [value], longestMs);
    } catch (error) {
      return `${error instanceof Error ? error.message : error}: ${value.toString('base64')}`;
    }
  }
  return `only together: ${values.map((value) => value.toString('base64')).join(' ')}`;
}
