import { targets } from '../fuzz/target.ts';
import { median } from './sample.ts';

/**
 * `node formats.js`: CPU of decode, map and encode for the examples of config/formats, whose orders are the same
 * for all formats but the change events, csv and primitive ones. Prints one JSON line.
 */
const RECORDS = 2_000;
const ROUNDS = 15;

export interface FormatCost {
  readonly name: string;
  /** Of a value on average. */
  readonly bytes: number;
  /** Microseconds of CPU per row. */
  readonly micros: number;
}

function measure(work: () => number): number {
  const before = process.cpuUsage();
  const rows = work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / rows;
}

const measured = targets().map((target) => {
  const good = target.seeds.filter((value) => target.run([value]).pieces.length > 0);
  const values = Array.from({ length: RECORDS }, (_, i) => good[i % good.length]!);
  const rows = () => target.run(values).pieces.reduce((sum, piece) => sum + piece.rows, 0);
  return { name: target.name, bytes: values.reduce((sum, value) => sum + value.length, 0) / RECORDS, rows };
});

// In turn, so that a loaded moment strikes all alike.
const rounds = Array.from({ length: ROUNDS }, () => measured.map(({ rows }) => measure(rows)));
const costs: FormatCost[] = measured.map(({ name, bytes }, i) => ({
  ...{ name, bytes: Math.round(bytes) },
  micros: median(rounds.map((round) => round[i]!)),
}));
console.log(JSON.stringify(costs));
