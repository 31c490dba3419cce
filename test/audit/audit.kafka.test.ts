import { renameSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import type { Range } from '../../src/audit/ranges.ts';
import { type AuditJson, expectAudited, runAudit } from '../route/audited.ts';
import type { Pipeline } from '../route/pipeline.ts';
import { withPipeline } from '../route/recovery.ts';
import { query, untilAcknowledged } from '../route/service.ts';
import { startMaxsink } from '../support/process.ts';
import { produce, transaction } from '../support/records.ts';
import {
  commitOffsets,
  committedOffsets,
  createTopic,
  deleteRecords,
  endOffsets,
  uniqueName,
} from '../support/topics.ts';

const bootstrap = inject('kafka');
const CLEAN = { code: 0, signal: null };

/** Runs the service until everything is acknowledged. */
async function readAll(pipeline: Pipeline): Promise<void> {
  const service = await pipeline.startAssigned();
  await pipeline.settled();
  expect(await service.stop(), service.tail()).toEqual(CLEAN);
}

const sum = (report: AuditJson, of: (one: AuditJson['topicPartitions'][number]) => number): number =>
  report.topicPartitions.reduce((total, one) => total + of(one), 0);

/** Topic partition -> ranges of that kind, for those that have any. */
const found = (report: AuditJson | null, kind: 'missing' | 'duplicates' | 'deleted' | 'both') =>
  Object.fromEntries(
    report!.topicPartitions
      .map(({ partition, verdict }) => [partition, verdict[kind].map(({ first, end }) => ({ first, end }))])
      .filter(([, ranges]) => (ranges as Range[]).length > 0),
  );

const hour = (id: number, number: number) => ({
  value: JSON.stringify({ id, event_time: Date.UTC(2026, 10, 20, number) }),
  timestamp: Date.UTC(2026, 10, 20, number),
  topicPartition: 2,
});

/** Commits as nobody should: the service goes on there. */
const moveTo = ({ topic, group }: Pipeline, partition: number, offset: number) =>
  commitOffsets(bootstrap, group, [{ topic, partition, offset }]);

describe.concurrent('audit', () => {
  it('finds nothing while the service is at work, nor when it is done', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const service = await pipeline.startAssigned({ intervalMs: 1_000 });
      const load = pipeline.load();
      await service.waitFor('batch acknowledged');
      const during = [await expectAudited(pipeline), await expectAudited(pipeline)];
      await load.stop();
      await pipeline.send(500, { brokenEvery: 50 });
      await pipeline.settled();
      expect(await service.stop()).toEqual(CLEAN);
      const after = await expectAudited(pipeline);
      expect(sum(during[0]!, ({ rows }) => rows)).toBeGreaterThan(0);
      expect([sum(after, ({ rows }) => rows), sum(after, ({ verdict }) => verdict.rejected)]).toEqual([
        ...[pipeline.sent() - 10, 10],
      ]);
      expect(sum(after, ({ verdict }) => verdict.empty)).toBe(0);

      // A batch that is being committed, or waits for its recovery: at the offset before it stands an intent.
      const offset = (await committedOffsets(bootstrap, pipeline.group, pipeline.topic)).get(0)!.offset - 5;
      const metadata = 'maxsink2;tp=4;by=orders;to=demo.orders;i=abc.d;sum=00000000;';
      await commitOffsets(bootstrap, pipeline.group, [
        { topic: pipeline.topic, partition: 0, offset, metadata },
      ]);
      const pending = await expectAudited(pipeline);
      expect(pending.topicPartitions[0]).toMatchObject({ committed: offset, end: offset, intent: true });
      const broken = [...pipeline.letters().values()].filter((one) => {
        return one.partition === 0 && one.offset >= offset;
      });
      expect(pending.topicPartitions[0]!.above).toBe(5 - broken.length);
      expect(pending.notes.join()).toContain(`an intent stands at ${pipeline.topic}-0`);
    });
  });

  it('names the rows that were deleted, dead letters that are gone, and rows that are there twice', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const { table, topic, folder } = pipeline;
      await pipeline.send(1_000, { brokenEvery: 100 });
      await produce(bootstrap, topic, [hour(1, 5), hour(2, 5), hour(3, 6)]);
      await readAll(pipeline);
      await expectAudited(pipeline);

      await query(emulator, `TRUNCATE TABLE ${table} PARTITION (hr='05');`);
      const end = (await endOffsets(bootstrap, topic)).get(2)!;
      const deleted = await runAudit(pipeline);
      expect(deleted.code, deleted.output).toBe(3);
      expect(found(deleted.report, 'missing')).toEqual({ 2: [{ first: end - 3, end: end - 1 }] });

      const letters = [...pipeline.letters().values()];
      renameSync(path.join(folder.path, 'dead-letters'), path.join(folder.path, 'elsewhere'));
      const gone = await runAudit(pipeline);
      expect(gone.code).toBe(3);
      const named = Object.entries(found(gone.report, 'missing')).flatMap(([partition, ranges]) =>
        (ranges as Range[]).map(({ first }) => `${partition}-${first}`),
      );
      const wanted = [...letters.map(({ partition, offset }) => `${partition}-${offset}`), `2-${end - 3}`];
      expect(named.sort()).toEqual(wanted.sort());
      expect(gone.report!.notes.join()).toContain('There is no folder');
      renameSync(path.join(folder.path, 'elsewhere'), path.join(folder.path, 'dead-letters'));

      const last = (await committedOffsets(bootstrap, pipeline.group, topic)).get(1)!.offset;
      await moveTo(pipeline, 1, last - 9);
      await readAll(pipeline);
      const twice = await runAudit(pipeline);
      expect(twice.code).toBe(3);
      const broken = letters.filter((one) => one.partition === 1 && one.offset >= last - 9);
      expect(sum(twice.report!, ({ verdict }) => verdict.surplus)).toBe(9 - broken.length);
      expect(found(twice.report, 'missing')).toEqual({ 2: [{ first: end - 3, end: end - 1 }] });
      const text = await printed(pipeline);
      expect(text).toContain(`${topic}-2: 2 offsets with a record are in neither`);
      expect(text).toMatch(new RegExp(`${topic}-1: \\d rows too many: ${last - 9}.* twice in hr=0`));
    });
  });

  it('tells offsets without a record from lost ones by reading exactly those', async () => {
    await withPipeline(bootstrap, async (pipeline) => {
      const { topic } = pipeline;
      const values = (from: number) =>
        [0, 1, 2, 3, 4].map((i) => ({ ...hour(from + i, 1), topicPartition: 0 }));
      await (await transaction(bootstrap, topic, values(0))).commit();
      await (await transaction(bootstrap, topic, values(100))).abort();
      await (await transaction(bootstrap, topic, values(10))).commit();
      await (await transaction(bootstrap, topic, values(100))).abort();
      await readAll(pipeline);
      const report = await expectAudited(pipeline);
      const [first] = report.topicPartitions;
      // Ten rows; two aborted transactions of five and four markers are no records.
      expect(first).toMatchObject({ committed: 24, rows: 10, verdict: { empty: 14, missing: [] } });

      // Skipped by a commit into the future: 24 marker.. 25-29 records, 30 marker.
      await (await transaction(bootstrap, topic, values(20))).commit();
      await moveTo(pipeline, 0, 27);
      await readAll(pipeline);
      const lost = await runAudit(pipeline);
      expect(lost.code, lost.output).toBe(3);
      expect(found(lost.report, 'missing')).toEqual({ 0: [{ first: 24, end: 27 }] });

      await deleteRecords(bootstrap, topic, 0, 26);
      const half = await runAudit(pipeline);
      expect([half.code, found(half.report, 'missing')]).toEqual([3, { 0: [{ first: 26, end: 27 }] }]);
      await deleteRecords(bootstrap, topic, 0, 28);
      const after = await expectAudited(pipeline);
      expect(after.notes.join('\n')).toMatch(
        /-0: \d+ offsets in neither .* cannot be checked, .*: 5-11, 17-26/,
      );
    });
  });

  it('tells topics apart by their column, whatever the type of the columns', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const other = await createTopic(bootstrap, uniqueName('other'));
      const table = `${pipeline.table}_both`;
      await query(emulator, `CREATE TABLE ${table} (p STRING, o DECIMAL(38,0)) PARTITIONED BY (t STRING);`);
      const mapping = '  columns: {p: __partition__, o: __offset__}\n  partitions: {t: __topic__}';
      await pipeline.send(300);
      const more = [1, 2, 3].map((id) => ({ ...hour(id, 1), topicPartition: 3 }));
      await produce(bootstrap, other, more);
      const topic = `${pipeline.topic}, ${other}`;
      const service = await pipeline.startAssigned({ table, topic, mapping });
      await pipeline.settled();
      const committed = () => committedOffsets(bootstrap, pipeline.group, other);
      await untilAcknowledged(committed, await endOffsets(bootstrap, other));
      expect(await service.stop()).toEqual(CLEAN);
      const report = await expectAudited(pipeline);
      const rows = report.topicPartitions.filter((one) => one.rows > 0).map((one) => [one.topic, one.rows]);
      expect(rows.filter(([name]) => name === other)).toEqual([[other, 3]]);
      expect([sum(report, (one) => one.rows), report.foreignRows, report.unknownRows]).toEqual([303, 0, 0]);

      await commitOffsets(bootstrap, pipeline.group, [{ topic: other, partition: 3, offset: 1 }]);
      const again = await pipeline.startAssigned({ table, topic, mapping });
      await untilAcknowledged(committed, await endOffsets(bootstrap, other));
      expect(await again.stop()).toEqual(CLEAN);
      const { report: twice } = await runAudit(pipeline);
      const [only] = twice!.topicPartitions.filter(({ verdict }) => verdict.duplicates.length > 0);
      const name = `t=${other}`;
      expect([only!.topic, only!.verdict.duplicates]).toMatchObject([
        ...[other, [{ first: 1, end: 3, copies: 2, tablePartitions: [name, name] }]],
      ]);
      // Asked for other times only.
      const { code } = await runAudit(pipeline, ['--from', '2026-11-21T00:00:00Z']);
      expect(code).toBe(0);
    });
  });

  it('says how to add the columns that say which record a row was', async () => {
    await withPipeline(bootstrap, async (pipeline, emulator) => {
      const mapping = '  columns: {id: id}\n  partitions: {hr: {time: event_time, format: HH, zone: UTC}}';
      await pipeline.startAssigned({ mapping });
      const { code, output } = await runAudit(pipeline);
      expect(code).toBe(2);
      expect(output).toContain('no column is mapped straight from __partition__; no column');
      const statement = /ALTER TABLE .*;/.exec(output)![0];
      expect(statement).toContain('(kafka_partition BIGINT, kafka_offset BIGINT)');
      // As it stands, for a table that does not have them yet.
      await query(emulator, `CREATE TABLE bare (id BIGINT);`);
      await query(emulator, statement.replace(pipeline.table, 'bare'));
    });
  });
});

/** What an operator sees. */
async function printed(pipeline: Pipeline): Promise<string> {
  const child = startMaxsink(['audit', '-c', pipeline.services.at(-1)!.file]);
  await child.exited;
  return child.lines.join('\n');
}
