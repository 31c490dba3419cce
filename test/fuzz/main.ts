import { fuzz } from './fuzz.ts';
import { targets } from './target.ts';

/** `make fuzz`: RECORDS mutated records over all formats (1,000,000), from SEED on. */
const all = targets();
const records = Math.ceil(Number(process.env.RECORDS ?? 1_000_000) / all.length);
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
console.log(`seed ${seed}`);
const started = performance.now();
const totals = { records: 0, rows: 0, rejected: 0, leftOut: 0 };
for (const target of all) {
  const { name, rows, leftOut, rejected, slowestMs } = fuzz(target, { records, seed, longestMs: 1_000 });
  const letters = Object.values(rejected).reduce((sum, n) => sum + n, 0);
  const codes = Object.entries(rejected)
    .sort((a, b) => b[1] - a[1])
    .map(([code, n]) => `${code} ${n}`);
  console.log(
    `${name}: ${records} records, ${rows} rows, ${leftOut} left out, ${letters} dead letters (${codes.join(', ')}); slowest 50: ${slowestMs.toFixed(0)} ms`,
  );
  totals.records += records;
  totals.rows += rows;
  totals.rejected += letters;
  totals.leftOut += leftOut;
}
const seconds = ((performance.now() - started) / 1000).toFixed(0);
console.log(
  `${totals.records} records: ${totals.rows} rows, ${totals.rejected} dead letters, ${totals.leftOut} left out; ${seconds} s`,
);
