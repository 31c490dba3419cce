import path from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { letterTableStatement } from '../../src/letter-table.ts';
import { type EmulatorChild, startMaxsink } from '../support/process.ts';
import { runAudit } from './audited.ts';
import { failure, type Pipeline } from './pipeline.ts';
import { withPipeline } from './recovery.ts';
import { query, type Service } from './service.ts';

const bootstrap = inject('kafka');
const CLEAN = { code: 0, signal: null };
const MAPPING = `  columns: {id: id, kafka_partition: __partition__, kafka_offset: __offset__}
  partitions: {hr: {time: event_time, format: HH, zone: UTC}}`;
/** Every record is rejected. */
const WRONG = MAPPING.replace('time: event_time', 'time: nowhere');

const createTable = (emulator: EmulatorChild, table: string) =>
  query(emulator, letterTableStatement({ maxcompute: { project: emulator.project, schema: null } }, table));

/** Runs a command with the configuration of a service. */
async function run({ file }: Service, command: readonly string[], code = 0): Promise<string> {
  const [name, ...rest] = command;
  const at = rest[0]?.startsWith('-') || rest.length === 0 ? 0 : 1;
  const child = startMaxsink([name!, ...rest.slice(0, at), '-c', file, ...rest.slice(at)]);
  expect((await child.exited).code, child.tail()).toBe(code);
  return child.lines.join('\n');
}

describe.concurrent('dead letters in a table', () => {
  it('are there once, with an intent also where they are all that there is, and can be replayed', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const table = `${pipeline.table}_errors`;
      await createTable(emulator, table);
      const deadLetters = `{table: ${table}}`;
      const first = await pipeline.startAssigned({ deadLetters, mapping: WRONG });
      await pipeline.send(200, { brokenEvery: 10 });
      await pipeline.settled();
      expect(await rowsOf(emulator, table)).toEqual([200, 200, 0]);
      expect(await first.stop(), first.tail()).toEqual(CLEAN);

      const mended = await pipeline.startAssigned({ deadLetters });
      await expectLetters(mended, pipeline, 200);
      await expectReplayed(mended, pipeline, emulator, 180);
      await pipeline.send(100, { brokenEvery: 10 });
      await pipeline.settled();
      expect(await mended.stop(), mended.tail()).toEqual(CLEAN);
      expect(mended.logged('batch acknowledged').length).toBeGreaterThan(0);
      const checked = await run(mended, ['check'], 0);
      expect(checked).toMatch(/_errors takes\s+them:\s+upload\s+session/);
      const both = await runAudit(pipeline, ['--journal', path.join(pipeline.folder.path, 'other')]);
      expect(both.code, both.output).toBe(3);
      const audited = await runAudit(pipeline, ['--journal', path.join(pipeline.folder.path, 'journal')]);
      expect(audited.code, audited.output).toBe(0);
      const counts = await pipeline.counts();
      expect([counts.rows, counts.distinct]).toEqual([270, 270]);
    });
  });

  it('are refused where the table is missing or another one, and check says how to make it', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const table = `${pipeline.table}_errors`;
      const start = { deadLetters: `{table: ${table}}` };
      const missing = await pipeline.start(start);
      expect((await missing.exited).code).toBe(1);
      expect(failure(missing)).toMatchObject({
        code: 'table_missing',
        message: expect.stringContaining(table),
      });
      expect(await run(missing, ['check'], 3)).toMatch(
        /CREATE TABLE IF NOT EXISTS\s+`demo`\.`\w+_errors` \(\s+`id` STRING,/,
      );
      await query(emulator, `CREATE TABLE ${table} (id BIGINT) PARTITIONED BY (dt STRING);`);
      const other = await pipeline.start(start);
      expect((await other.exited).code).toBe(2);
      expect(failure(other)).toMatchObject({ code: 'table_unsupported' });
    });
  });
});

/** Rows of the table, different ids among them, and rows of the pipeline's own table. */
async function rowsOf(emulator: EmulatorChild, table: string): Promise<unknown[]> {
  const [[all, ids]] = (await query(emulator, `SELECT COUNT(*), COUNT(DISTINCT id) FROM ${table};`)) as [
    [number, number],
  ];
  const [[own]] = (await query(emulator, `SELECT COUNT(*) FROM ${table.replace('_errors', '')};`)) as [
    [number],
  ];
  return [all, ids, own];
}

async function expectLetters(service: Service, pipeline: Pipeline, many: number): Promise<void> {
  const listed = JSON.parse(await run(service, ['deadletters', 'list', '--json']));
  const letters = listed.groups.reduce((sum: number, { count }: { count: number }) => sum + count, 0);
  expect(letters).toBe(many);
  const id = `${pipeline.topic}-3-0`;
  const shown = JSON.parse(await run(service, ['deadletters', 'show', id, '--json']));
  expect(shown).toMatchObject({ id, key: null, value: { text: expect.stringMatching(/^\{"id": \d+/) } });
}

async function expectReplayed(
  service: Service,
  pipeline: Pipeline,
  emulator: EmulatorChild,
  rows: number,
): Promise<void> {
  const journal = ['--journal', path.join(pipeline.folder.path, 'journal'), '--json'];
  const first = JSON.parse(await run(service, ['deadletters', 'replay', ...journal], 3));
  expect(first).toMatchObject({ letters: 200, taken: rows, rows, rejected: { length: 200 - rows } });
  const again = JSON.parse(await run(service, ['deadletters', 'replay', ...journal], 3));
  expect(again).toMatchObject({ letters: 200, earlier: rows, taken: 0 });
  const [[found]] = (await query(emulator, `SELECT COUNT(*) FROM ${pipeline.table};`)) as [[number]];
  expect(found).toBe(rows);
}
