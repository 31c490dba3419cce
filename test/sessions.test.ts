import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../src/clock.ts';
import { type Emulator, startEmulator } from '../src/emulator/server.ts';
import type { IntentSession, TableName } from '../src/ledger/intent.ts';
import type { Sessions } from '../src/ledger/ports.ts';
import { type MaxCompute, openMaxCompute, type RetryEvent } from '../src/maxcompute/maxcompute.ts';
import { ledgerSessions, sessionState } from '../src/sessions.ts';
import { encode } from './emulator/harness.ts';

const ACCOUNT = { project: 'demo', accessId: 'id', accessKey: 'key' };
const TO: TableName = { project: 'demo', schema: null, table: 't' };
const TABLE = 'CREATE TABLE t (id BIGINT) PARTITIONED BY (dt STRING)';
const at = 'dt=1';

/** Waits pass in a millisecond. */
const quick: Clock = { now: systemClock.now, sleep: (_, signal) => systemClock.sleep(1, signal) };

let emulator: Emulator;
let maxcompute: MaxCompute;
let sessions: Sessions;
let retries: RetryEvent[];
beforeEach(async () => {
  emulator = await startEmulator({ ...ACCOUNT, tables: [TABLE, 'CREATE TABLE plain (id BIGINT)'] });
  retries = [];
  maxcompute = openMaxCompute({
    ...{ endpoint: emulator.endpoint, tunnelEndpoint: null, project: 'demo', schema: null, quota: null },
    ...{ region: null, proxy: null, ca: null, clock: quick, userAgent: 'test/1' },
    credentials: async () => ({ accessKeyId: 'id', accessKeySecret: 'key', securityToken: null }),
    onRetry: (event) => retries.push(event),
    limits: { retryBaseMs: 1, retryCapMs: 2 },
  });
  sessions = ledgerSessions(maxcompute, quick);
});
afterEach(async () => {
  await maxcompute.close();
  await emulator.stop();
});

const { signal } = new AbortController();
/** A session with two blocks of one and two rows, uploaded and left by a process that is gone. */
async function left(table = 't', tablePartition = at): Promise<IntentSession> {
  const session = await maxcompute.upload(table).create(tablePartition);
  await session.putBlock(0, [encode([[1]])], null);
  await session.putBlock(1, [encode([[2], [3]])], null);
  return { id: session.id, tablePartition, blocks: 2, rows: 3 };
}
const rows = async (where = "t WHERE dt = '1'") =>
  Number((await emulator.sql(`SELECT COUNT(*) FROM ${where};`)).split('\n')[1]);

describe('what a status word means', () => {
  it.each([
    ['NORMAL', 'open'],
    ['COMMITTING', 'busy'],
    ['CLOSING', 'busy'],
    ['CLOSED', 'committed'],
    ['EXPIRED', 'dead'],
    ['CANCELED', 'dead'],
    ['CRITICAL', 'unknown'],
    ['GONE', 'gone'],
    ['MISPLACED', 'unknown'],
    ['PONDERING', 'unknown'],
  ])('%s: %s', (word, state) => expect(sessionState(word)).toBe(state));
});

describe('the state of a session that a process left', () => {
  it('is found by its id through the whole of its life', async () => {
    const session = await left();
    const state = () => sessions.state(TO, session, signal);
    expect(await state()).toBe('open');
    await emulator.setSession(session.id, 'committing');
    expect(await state()).toBe('busy');
    await emulator.setSession(session.id, 'closed');
    expect(await state()).toBe('committed');
    await emulator.setSession(session.id, 'critical');
    expect(await state()).toBe('unknown');
    await emulator.setSession(session.id, 'gone');
    expect(await state()).toBe('gone');
  });

  it.each(['expired', 'canceled'] as const)('that is %s is dead', async (state) => {
    const session = await left('plain', '');
    await emulator.setSession(session.id, state);
    expect(await sessions.state({ ...TO, table: 'plain' }, session, signal)).toBe('dead');
  });

  it.each([
    ['the table was dropped', ['DROP TABLE t']],
    ['the table was dropped and made anew', ['DROP TABLE t', TABLE]],
  ])('is unknown when %s', async (_, statements) => {
    const session = await left();
    for (const statement of statements) await emulator.sql(`${statement};`);
    expect(await sessions.state(TO, session, signal)).toBe('unknown');
  });

  it('is asked for until an outage is over, told by the client, or until the signal aborts', async () => {
    const session = await left();
    const busy = { action: 'status', status: 503 } as const;
    emulator.control('session_status', busy, { times: 10 });
    expect(await sessions.state(TO, session, signal)).toBe('open');
    expect(retries).toHaveLength(10);
    emulator.control('session_status', { action: 'cut', when: 'before' });
    const stop = new AbortController();
    const asked = sessions.state(TO, session, stop.signal);
    setTimeout(() => stop.abort(new Error('shutdown')), 50);
    await expect(asked).rejects.toThrow('shutdown');
  });

  it('of a project or with rights that are not ours is an error that names the table', async () => {
    const session = await left();
    const elsewhere = sessions.state({ ...TO, project: 'other', schema: 's' }, session, signal);
    await expect(elsewhere).rejects.toMatchObject({
      code: 'project_missing',
      message: expect.stringContaining('other.s.t, table partition dt=1'),
    });
    emulator.control('session_status', { action: 'status', status: 403 });
    await expect(sessions.state(TO, session, signal)).rejects.toMatchObject({ code: 'maxcompute_denied' });
  });
});

describe('a session of a three-layer table', () => {
  it('is found and committed in its schema', async () => {
    await emulator.sql('CREATE SCHEMA s;');
    await emulator.sql('CREATE TABLE s.far (id BIGINT);');
    const to = { project: 'demo', schema: 's', table: 'far' };
    const client = openMaxCompute({
      ...{ endpoint: emulator.endpoint, tunnelEndpoint: null, project: 'demo', schema: 's', quota: null },
      ...{ region: null, proxy: null, ca: null, clock: systemClock, userAgent: 'test/1' },
      credentials: async () => ({ accessKeyId: 'id', accessKeySecret: 'key', securityToken: null }),
    });
    const { id } = await client.upload('far').create('');
    const session = { id, tablePartition: '', blocks: 0, rows: 0 };
    expect(await sessions.state(to, session, signal)).toBe('open');
    await sessions.commit(to, session, signal);
    expect(await sessions.state(to, session, signal)).toBe('committed');
    expect(await sessions.state({ ...to, schema: null }, session, signal)).toBe('unknown');
    await client.close();
  });
});

describe('the commit of a session that a process left', () => {
  it('makes its rows visible once, however often and by however many it is asked for', async () => {
    const session = await left();
    await Promise.all([sessions.commit(TO, session, signal), sessions.commit(TO, session, signal)]);
    await sessions.commit(TO, session, signal);
    expect(await rows()).toBe(3);
  });

  it.each([
    ['a block is missing', { blocks: 3 }, 'missing: block 2'],
    ['a block is not of the intent', { blocks: 1 }, 'not ours: block 1'],
    ['rows are missing', { rows: 4 }, 'other row count: 4, there 3'],
  ])('is not sent when %s', async (_, other, text) => {
    const session = await left();
    const commit = sessions.commit(TO, { ...session, ...other }, signal);
    await expect(commit).rejects.toMatchObject({
      code: 'block_mismatch',
      message: expect.stringContaining(text),
    });
    expect(await rows()).toBe(0);
  });

  it('whose reply is lost, and whose status cannot be read for long, is found done', async () => {
    const session = await left();
    emulator.control('commit', { action: 'cut', when: 'after' }, { times: 1 });
    emulator.control('session_status', { action: 'status', status: 500 }, { after: 1, times: 4 });
    await sessions.commit(TO, session, signal);
    expect(await rows()).toBe(3);
  });

  it('makes a table partition again that was dropped meanwhile', async () => {
    const session = await left();
    await emulator.sql("ALTER TABLE t DROP PARTITION (dt = '1');");
    await sessions.commit(TO, session, signal);
    expect(await rows()).toBe(3);
  });

  it('that can have no effect because the columns changed is refused at once', async () => {
    const session = await left();
    await emulator.sql('ALTER TABLE t ADD COLUMNS (note STRING);');
    await expect(sessions.commit(TO, session, signal)).rejects.toMatchObject({
      code: 'session_lost',
      message: expect.stringContaining('SchemaModified'),
    });
  });

  it('is unknown when the session is dead or gone: somebody may have committed it before', async () => {
    for (const state of ['expired', 'gone'] as const) {
      const session = await left();
      await emulator.setSession(session.id, state);
      const commit = sessions.commit(TO, session, signal);
      await expect(commit).rejects.toMatchObject({ code: 'commit_unknown' });
    }
  });
});
