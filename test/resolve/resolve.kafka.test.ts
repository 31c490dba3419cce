import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Pointer } from '../../src/ledger/intent.ts';
import { mappingHash } from '../../src/ledger/mapping-hash.ts';
import { encodePointer } from '../../src/ledger/pointer.ts';
import { type MaxCompute, openMaxCompute } from '../../src/maxcompute/maxcompute.ts';
import { matchTable } from '../../src/plan.ts';
import { resultOf } from '../../src/resolve/report.ts';
import { resolve as runResolve } from '../../src/resolve/resolve.ts';
import type { Reading } from '../../src/resolve/settle.ts';
import { commitNote, readNote } from '../../src/source/membership/note.ts';
import { configFile } from '../check/command.ts';
import { encode } from '../emulator/harness.ts';
import { query } from '../route/service.ts';
import { joinGroup } from '../support/member.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { commitOffsets, committedOffsets, createTopic, uniqueName } from '../support/topics.ts';
import { resolve, resolved } from './command.ts';

const brokers = inject('kafka');
const TABLE = 'orders';
const MAPPING = '  columns: {id: id, kafka_partition: __partition__, kafka_offset: __offset__}';
const BLIND = '  columns: {id: id}';
const SIZE = 3;

let emulator: EmulatorChild;
let maxcompute: MaxCompute;
let folder: TempDir;
let topic: string;

beforeAll(async () => {
  [folder, emulator] = [tempDir(), await startEmulatorChild()];
  topic = await createTopic(brokers, uniqueName('resolved'), { topicPartitions: SIZE });
  await query(emulator, `CREATE TABLE ${TABLE} (id BIGINT, kafka_partition BIGINT, kafka_offset BIGINT);`);
  const { accessId: accessKeyId, accessKey: accessKeySecret } = emulator;
  maxcompute = openMaxCompute({
    ...{ endpoint: emulator.endpoint, tunnelEndpoint: null, project: emulator.project, schema: null },
    ...{ quota: null, region: null, proxy: null, ca: null, clock: systemClock, userAgent: 'test/1' },
    credentials: async () => ({ accessKeyId, accessKeySecret, securityToken: null }),
  });
});
afterAll(async () => {
  await maxcompute?.close();
  await emulator?.stop();
  folder?.remove();
});

type Forced = 'normal' | 'closed' | 'expired' | 'critical' | 'gone';

/** An upload session with two rows, of offsets 10 and 11, that a process left in these states. */
async function leftRows(number: number, ...states: readonly Forced[]) {
  const session = await maxcompute.upload(TABLE).create('');
  const rows = [
    [1, number, 10],
    [2, number, 11],
  ];
  await session.putBlock(0, [encode(rows)], null);
  for (const state of states) {
    const at = `${emulator.tunnelEndpoint}/_control/sessions/${session.id}`;
    const answer = await fetch(at, { method: 'POST', body: JSON.stringify({ state }) });
    expect(answer.status).toBe(200);
  }
  return { tablePartition: '', id: session.id, blocks: 1, rows: rows.length };
}

/** The same; its rows are of no topic partition of any batch. */
const left = (...states: readonly Forced[]) => leftRows(9, ...states);

/** A group in which an intent over topic partitions 0 and 1 was left behind: 10..15 and 20..25. */
async function pending(
  session: Awaited<ReturnType<typeof left>>,
  over: Partial<Pointer> = {},
  columns = BLIND,
  mapping = 'of before',
) {
  const group = uniqueName('resolve');
  const members = [0, 1].map((partition) => ({ topic, partition }));
  const pointer: Pointer = {
    ...{
      batch: randomUUID(),
      end: 15,
      anchor: members[0]!,
      createdAt: Date.now() - 3_700_000,
      confirmed: true,
    },
    ...{ witness: { tablePartition: '', id: session.id }, cluster: null },
    to: { project: emulator.project, schema: null, table: TABLE },
    list: { members, sessions: [session], mapping },
    ...over,
  };
  const other = { ...pointer, end: 25, list: null };
  await commitOffsets(brokers, group, [
    { topic, partition: 0, offset: 10, metadata: note(encodePointer(pointer)) },
    { topic, partition: 1, offset: 20, metadata: note(encodePointer(other)) },
    { topic, partition: 2, offset: 30, metadata: note(null) },
  ]);
  return { group, batch: pointer.batch, file: fileOf(group, columns), standing: () => standing(group) };
}

const CENSUS = { size: SIZE, unstarted: [], topicId: null, pipeline: TABLE, table: 'demo.orders' };
const note = (intent: string | null) => commitNote(CENSUS, false, intent);
const fileOf = (group: string, mapping = BLIND) =>
  configFile({ folder, emulator, brokers, topic, group, table: TABLE }, mapping);
const standing = async (group: string) =>
  [...(await committedOffsets(brokers, group, topic))]
    .sort(([a], [b]) => a - b)
    .map(([partition, { offset, metadata }]) => {
      const { intent, size, start } = readNote({ topic, partition, offset, metadata });
      expect({ size, start }).toEqual({ size: SIZE, start: false });
      return [offset, intent === null ? 'none' : 'intent'];
    });

/** Without the cost of a process; who is in the group only the shipped code can ask. */
const inProcess = (file: string, reading: Reading | null = null) =>
  runResolve(loadConfig(file, {}), { file, reading, batch: null });

const PENDING = [
  [10, 'intent'],
  [20, 'intent'],
  [30, 'none'],
];
const REPLAYED = [
  [10, 'none'],
  [20, 'none'],
  [30, 'none'],
];
const ASSUMED = [
  [15, 'none'],
  [25, 'none'],
  [30, 'none'],
];

describe.concurrent('maxsink resolve', () => {
  it('has nothing to say about a group without an intent', async () => {
    const group = uniqueName('resolve');
    await commitOffsets(brokers, group, [{ topic, partition: 0, offset: 1, metadata: note(null) }]);
    expect(resultOf(await inProcess(fileOf(group)))).toBe('nothing_pending');
  });

  it.each([
    ['normal', 1, 'commit', { lost: 2, twice: 0 }],
    ['closed', 2, 'advance', { lost: 0, twice: 2 }],
    ['expired', 3, 'consume', { lost: 2, twice: 0 }],
  ] as const)(
    'leaves a batch whose session is %s to the service: row %i',
    async (state, row, action, readings) => {
      const { file, batch, standing: now } = await pending(await left(state));
      const report = await inProcess(file, 'replay');
      expect([resultOf(report), report.settlement?.outcomes]).toEqual(['settles_itself', []]);
      expect(report.intents).toMatchObject([
        { batch, decisionNeeded: false, now: { row, action }, readings },
      ]);
      expect(await now()).toEqual(PENDING);
    },
  );

  it('shows what cannot be known, changes nothing, and exits 4', async () => {
    const session = await left('gone');
    const { file, batch, group, standing: now } = await pending(session, { confirmed: false });
    const report = await resolved(file);
    expect(report).toMatchObject({ exit: 4, result: 'decision_needed', settlement: null, unreadable: [] });
    expect(report.group).toEqual({ id: group, state: 'EMPTY', members: [], unknown: null });
    const [intent] = report.intents;
    expect(intent).toMatchObject({ batch, table: 'demo.orders', anchor: `${topic}-0`, decisionNeeded: true });
    expect(intent).toMatchObject({ now: { row: 6 }, confirmed: { row: 5, action: 'decide' }, problem: null });
    expect(intent).toMatchObject({ readings: { lost: 2, twice: 2 }, members: [`${topic}-0`, `${topic}-1`] });
    expect(intent!.uncounted).toContain('no column is mapped straight from __partition__');
    expect(intent!.sessions).toMatchObject([{ id: session.id, rows: 2, blocks: 1 }]);
    expect(intent!.topicPartitions).toEqual([
      { topic, partition: 0, offset: 10, end: 15, confirmed: false },
      { topic, partition: 1, offset: 20, end: 25, confirmed: false },
    ]);
    const { exit, stdout } = await resolve(file);
    expect(exit).toBe(4);
    expect(stdout).toContain(`batch ${batch}  decision needed`);
    expect(stdout).toMatch(/written +\d{4}-.* UTC, 1 h \d min ago/);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(110);
    expect(await now()).toEqual(PENDING);
  });

  it('counts the rows where their columns are mapped', async () => {
    const { plan } = matchTable(loadConfig(fileOf('any', MAPPING), {}), await maxcompute.table(TABLE));
    const mapping = mappingHash(plan);
    const known = await pending(await leftRows(0, 'closed', 'critical'), {}, MAPPING, mapping);
    const found = async (file: string) => {
      const { decisionNeeded, sessions } = (await inProcess(file)).intents[0]!;
      return [decisionNeeded, sessions[0]!.found];
    };
    expect(await found(known.file)).toEqual([false, 2]);
    const none = await pending(await left('critical'), { end: 10 }, MAPPING, mapping);
    expect(await found(none.file)).toEqual([true, 0]);
    const other = await pending(await left('critical'), { end: 10 }, MAPPING);
    expect(await found(other.file)).toEqual([true, null]);
  });

  it.each([
    ['--assume-committed', ASSUMED],
    ['--replay', REPLAYED],
  ])('settles it with %s, read back', async (flag, settled) => {
    const { file, standing: now } = await pending(await left('critical'));
    const report = await resolved(file, flag);
    expect(report).toMatchObject({ exit: 0, result: 'settled', settlement: { refused: null } });
    expect(report.settlement!.outcomes.map((one) => one.settled)).toEqual([true, true]);
    expect(await now()).toEqual(settled);
  });

  it('settles against what the service would do only the batch that is named', async () => {
    const { file, batch, standing: now } = await pending(await left('closed'));
    const none = await resolve(file, '--replay', '--batch', 'another');
    expect([none.exit, none.stderr]).toEqual([2, expect.stringContaining(`pending: ${batch}`)]);
    const report = await resolved(file, '--replay', '--batch', batch);
    expect(report).toMatchObject({ exit: 0, result: 'settled', settlement: { refused: null } });
    expect(await now()).toEqual(REPLAYED);
  });

  it('writes nothing while somebody is in the group, and says who', async () => {
    const { file, group, standing: now } = await pending(await left('gone'));
    const member = await joinGroup(brokers, group, topic);
    const { exit, stderr } = await resolve(file, '--replay');
    expect(exit).toBe(4);
    expect(stderr).toMatch(/decision_needed: nothing was written: group \S+ has 1 member: bystander at/);
    expect(await now()).toEqual(PENDING);
    await member.leave();
  });

  it('shows metadata that it cannot read as it is, and discards it on request', async () => {
    const group = uniqueName('resolve');
    const broken = note(encodePointer(ANY)).replace('tp=3', 'tp=4');
    const future = 'maxsink9;what=ever;';
    await commitOffsets(brokers, group, [
      { topic, partition: 0, offset: 5, metadata: broken },
      { topic, partition: 1, offset: 6, metadata: future },
      { topic, partition: 2, offset: 7, metadata: note('9unknown') },
    ]);
    const file = fileOf(group);
    const seen = await resolved(file, '--assume-committed');
    expect(seen).toMatchObject({ exit: 4, intents: [], settlement: { outcomes: [] } });
    expect(seen.unreadable.map(({ metadata }) => metadata)).toEqual([broken, future, note('9unknown')]);
    const { exit, stdout } = await resolve(file, '--replay');
    expect([exit, stdout]).toEqual([0, expect.stringContaining(JSON.stringify(future))]);
    expect(await standing(group)).toEqual([
      [5, 'none'],
      [6, 'none'],
      [7, 'none'],
    ]);
  });

  it('says so when MaxCompute cannot tell, and settles only what is named', async () => {
    const {
      file,
      batch,
      standing: now,
    } = await pending(await left('gone'), {
      to: { project: 'elsewhere', schema: null, table: TABLE },
    });
    const report = await inProcess(file, 'replay');
    expect(resultOf(report)).toBe('unknown');
    expect(report.intents).toMatchObject([{ now: null, problem: { code: 'project_missing' } }]);
    expect(await now()).toEqual(PENDING);
    expect(await resolved(file, '--replay', '--batch', batch)).toMatchObject({ exit: 0 });
  });

  it('refuses what excludes each other', async () => {
    const both = await resolve(fileOf('unused'), '--replay', '--assume-committed');
    expect([both.exit, both.stderr]).toEqual([2, expect.stringContaining('exclude each other')]);
  });
});

const ANY: Pointer = {
  ...{ batch: randomUUID(), end: 1, anchor: { topic: 't', partition: 0 }, createdAt: 1, confirmed: false },
  ...{ witness: { tablePartition: '', id: 'x' }, to: { project: 'demo', schema: null, table: TABLE } },
  ...{ cluster: null, list: null },
};
