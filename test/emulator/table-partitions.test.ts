import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import { tempDir } from '../support/process.ts';
import { call, createUpload, encode, sql, start, upload } from './harness.ts';

/** What separates, quotes and names table partitions somewhere. */
const PARTS = ['a', '1', ',', '=', "'", '"', '/', '%', '%2F', '\\', ' ', '[', ',h=', "',h='", 'é', '&', '<'];
const hostile = fc
  .array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''));
const many = fc.uniqueArray(fc.tuple(hostile, hostile), {
  ...{ minLength: 6, maxLength: 12, selector: (one) => JSON.stringify(one) },
});
type Values = readonly [string, string];

/** Two that had one name when names were not told apart, and more. */
const KNOWN: Values[] = [
  ['a,h=1', '2'],
  ['a', '1,h=2'],
  ['a/h=1', '2'],
  ['a', '1/h=2'],
  ["a',h='1", '2'],
  ['100%', '%2F'],
];

const literal = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const where = ([pt, h]: Values) => `pt = ${literal(pt)} AND h = ${literal(h)}`;
const clause = ([pt, h]: Values) => `PARTITION (pt=${literal(pt)}, h=${literal(h)})`;
const named = ([pt, h]: Values) => `pt='${pt}',h='${h}'`;
const ok = async (emulator: Emulator, statement: string) => {
  const { status, text } = await sql(emulator, `${statement};`);
  expect([statement, status, status === 'Success' ? '' : text]).toEqual([statement, 'Success', '']);
  return text;
};
const rowsOf = async (emulator: Emulator, values: Values) =>
  (await ok(emulator, `SELECT id FROM t WHERE ${where(values)} ORDER BY id`)).trim().split('\n').slice(1);

/** Values as SHOW PARTITIONS writes them. */
const shown = async (emulator: Emulator): Promise<string[][]> =>
  (await ok(emulator, 'SHOW PARTITIONS t'))
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('/').map((part) => decodeURIComponent(part.slice(part.indexOf('=') + 1))));

async function listed(emulator: Emulator): Promise<string[][]> {
  const found: string[][] = [];
  for (let marker = ''; ; ) {
    const query = { partitions: '', expectmarker: 'true', maxitems: '2', ...(marker ? { marker } : {}) };
    const { body } = await call(emulator.endpoint, '/projects/demo/tables/t', { query });
    for (const [, pt, h] of body.matchAll(/Name="pt" Value="([^"]*)"\/><Column Name="h" Value="([^"]*)"/g))
      found.push([unescaped(pt!), unescaped(h!)]);
    marker = /<Marker>(.+?)<\/Marker>/.exec(body)?.[1] ?? '';
    if (!marker) return found;
  }
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const unescaped = (text: string) => text.replace(/&(\w+);/g, (_, name: string) => ENTITIES[name]!);

const counts = (emulator: Emulator) => emulator.stats().tables.t!;
const set = (all: readonly (readonly string[])[]) => all.map((one) => JSON.stringify(one)).sort();

/** One row comes into each by a statement, one by a session where its name can be read in one way only. */
async function fill(emulator: Emulator, all: readonly Values[]): Promise<Map<Values, string[]>> {
  const rows = new Map<Values, string[]>();
  for (const [at, values] of all.entries()) {
    const how = at % 3;
    if (how === 0) await ok(emulator, `ALTER TABLE t ADD ${clause(values)}`);
    if (how < 2) await ok(emulator, `INSERT INTO t ${clause(values)} VALUES (${at})`);
    else
      await ok(
        emulator,
        `INSERT INTO t PARTITION (pt, h) VALUES (${at}, ${literal(values[0])}, ${literal(values[1])})`,
      );
    const target = { table: 't', tablePartition: named(values) };
    const session = await createUpload(emulator, target, { create_partition: 'true' });
    if (session.status === 200) await upload(emulator, target, encode([[at + 100]]));
    else expect([session.status, session.json.Code]).toEqual([400, 'InvalidPartitionSpec']);
    rows.set(values, session.status === 200 ? [`${at}`, `${at + 100}`] : [`${at}`]);
  }
  return rows;
}

async function expectAll(emulator: Emulator, rows: ReadonlyMap<Values, readonly string[]>): Promise<void> {
  const all = [...rows.keys()];
  expect(set(await shown(emulator))).toEqual(set(all));
  expect(set(await listed(emulator))).toEqual(set(all));
  for (const [values, ids] of rows) expect([values, await rowsOf(emulator, values)]).toEqual([values, ids]);
  const { rows: total, tablePartitions } = counts(emulator);
  expect(Object.values(tablePartitions).sort()).toEqual([...rows.values()].map((ids) => ids.length).sort());
  expect(total).toBe([...rows.values()].flat().length);
}

async function checkValues(all: readonly Values[]): Promise<void> {
  const folder = tempDir('emulator-values-');
  let emulator = await start({ dataDir: folder.path });
  try {
    await ok(emulator, 'CREATE TABLE t (id BIGINT) PARTITIONED BY (pt STRING, h STRING)');
    const rows = await fill(emulator, all);
    await expectAll(emulator, rows);
    await emulator.stop();
    emulator = await start({ dataDir: folder.path });
    await expectAll(emulator, rows);
    const [gone, empty, replaced] = all as [Values, Values, Values];
    await ok(emulator, `ALTER TABLE t DROP ${clause(gone)}`);
    await ok(emulator, `TRUNCATE TABLE t ${clause(empty)}`);
    await ok(emulator, `INSERT OVERWRITE TABLE t ${clause(replaced)} VALUES (7)`);
    rows.delete(gone);
    rows.set(empty, []).set(replaced, ['7']);
    await expectAll(emulator, rows);
  } finally {
    await emulator.stop();
    folder.remove();
  }
}

it('table partitions are told apart by their values alone, whatever those hold', {
  timeout: 240_000,
}, async () => {
  await fc.assert(fc.asyncProperty(many, checkValues), {
    numRuns: 3,
    examples: [[KNOWN as [string, string][]]],
  });
});
