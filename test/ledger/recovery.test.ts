import { describe, expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import type { LedgerEntry } from '../../src/ledger/intent.ts';
import type { SessionState } from '../../src/ledger/ports.ts';
import { recover } from '../../src/ledger/recovery.ts';
import type { RecoveryOptions } from '../../src/ledger/work.ts';
import { type BatchOfTest, intentOf, tp, type World, world } from './simulated.ts';

const ONE: BatchOfTest = { members: [[0, 100, 110]] };
const TWO: BatchOfTest = {
  members: [
    [0, 100, 110],
    [1, 200, 210],
  ],
};
const OPEN = { s1: 'open', s2: 'open' } as const;

/** Starts a recovery of these topic partitions; `result` is filled when it ends. */
function start(w: World, partitions: readonly number[], given: Partial<RecoveryOptions> = {}) {
  const member = w.member(given);
  const run = {
    ...member,
    positions: null as Record<string, number> | null,
    error: null as unknown,
  };
  recover(w.of(...partitions), member.options).then(
    (list) => {
      run.positions = Object.fromEntries(list.map((one) => [one.partition, one.offset]));
    },
    (error) => {
      run.error = error;
    },
  );
  return run;
}

const code = (error: unknown) => (error instanceof SinkError ? error.code : error);
const gone = (offset: number, partition = 1): LedgerEntry => ({ ...tp(partition), offset, pointer: null });
const confirm = (entry: LedgerEntry): LedgerEntry => {
  return { ...entry, pointer: { ...entry.pointer!, confirmed: true } };
};

describe('an intent of own topic partitions alone', () => {
  it('is confirmed, its sessions are committed, the witness last, letters settled, offsets advanced', async () => {
    const w = world(intentOf(TWO), OPEN);
    const run = start(w, [0, 1]);
    await w.clock.pass(5_000);
    expect(w.trail).toEqual([
      ...['t-0=100 b confirmed', 't-1=200 b confirmed'],
      ...['commit s2', 'commit s1', 'letters b', 't-0=110', 't-1=210'],
    ]);
    expect(run.positions).toEqual({ 0: 110, 1: 210 });
    expect(run.recovered).toMatchObject([
      {
        ...{ batch: 'b', row: 2, action: 'advance' },
        ranges: [
          { topic: 't', partition: 0, first: 100, end: 110 },
          { topic: 't', partition: 1, first: 200, end: 210 },
        ],
        sessions: [{ id: 's1' }, { id: 's2' }],
      },
    ]);
    expect(run.pending.at(-1)).toEqual([]);
    expect(w.lines.at(-1)).toMatchObject({ fields: { batch: 'b', offsets: 't-0:100-110 t-1:200-210' } });
  });

  it('confirms with the same metadata', async () => {
    const w = world(intentOf(ONE), { s1: 'busy', s2: 'busy' });
    const before = w.of(0)[0]!;
    start(w, [0]);
    await w.clock.pass(2_000);
    expect(w.of(0)).toEqual([confirm(before)]);
  });

  it('leaves topic partitions without an intent where they are', async () => {
    const w = world([...intentOf(ONE), gone(7, 5)], { s1: 'committed', s2: 'committed' });
    const run = start(w, [5, 0]);
    await w.clock.pass(0);
    expect(run.positions).toEqual({ 5: 7, 0: 110 });
    expect(w.trail).toEqual(['t-0=100 b confirmed', 'letters b', 't-0=110']);
  });

  it('takes in what a failover shows of it on its other topic partitions only later', async () => {
    const w = world(intentOf(TWO), { s1: 'open', s2: 'open' });
    const { options, ...member } = w.member();
    const done = recover([...w.of(0), gone(200)], options);
    await w.clock.pass(5_000);
    expect((await done).map(({ offset }) => offset)).toEqual([110, 210]);
    expect(w.trail.slice(0, 2)).toEqual(['t-0=100 b confirmed', 't-1=200 b confirmed']);
    expect(member.recovered).toMatchObject([
      { row: 2, action: 'advance', ranges: [{ partition: 0 }, { partition: 1 }] },
    ]);
  });

  it('row 3: is withdrawn and read again when all its sessions are dead', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), { s1: 'dead', s2: 'dead' });
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect([run.positions, w.trail]).toEqual([{ 0: 100 }, ['t-0=100']]);
    expect(run.recovered).toMatchObject([{ row: 3, action: 'consume' }]);
  });

  it('row 4: waits, seldom, until each session is decided', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), { s1: 'dead', s2: 'open' });
    const run = start(w, [0]);
    await w.clock.pass(3_600_000);
    expect([run.positions, w.trail]).toEqual([null, []]);
    expect(run.pending.at(-1)).toMatchObject([{ batch: 'b', row: 4, action: 'wait', createdAt: 900_000 }]);
    expect(run.pending.length).toBeLessThan(130);
    w.sessions.set('s2', 'dead');
    await w.clock.pass(30_000);
    expect(run.positions).toEqual({ 0: 100 });
  });

  it('is pending from the first look on, though an outage keeps its sessions from being asked for', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), OPEN);
    const { options } = w.member();
    const sessions = { ...options.sessions, state: () => new Promise<SessionState>(() => undefined) };
    const run = start(w, [0], { sessions });
    await w.clock.pass(5_000);
    expect(run.pending).toMatchObject([
      [{ batch: 'b', row: 0, action: 'ask', why: expect.stringContaining('being asked') }],
    ]);
  });

  it('polls while a session is being committed', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), { s1: 'busy', s2: 'committed' });
    const run = start(w, [0]);
    await w.clock.pass(10_000);
    expect(run.positions).toBeNull();
    w.sessions.set('s1', 'committed');
    await w.clock.pass(1_000);
    expect(run.positions).toEqual({ 0: 110 });
  });

  it('commits at most so many sessions at once, and the witness after all others', async () => {
    const ids = Array.from({ length: 100 }, (_, n) => `s${n}`);
    const w = world(
      intentOf({ ...ONE, sessions: ids, confirmed: true }),
      Object.fromEntries(ids.map((id) => [id, 'open' as const])),
    );
    const { options } = w.member();
    let [now, most] = [0, 0];
    const sessions: RecoveryOptions['sessions'] = {
      state: options.sessions.state,
      async commit(...given) {
        most = Math.max(most, ++now);
        await w.clock.sleep(100);
        await options.sessions.commit(...given);
        now -= 1;
      },
    };
    const run = start(w, [0], { sessions });
    await w.clock.pass(10_000);
    expect(run.positions).toEqual({ 0: 110 });
    expect(most).toBe(32);
    expect(w.trail.slice(99, 102)).toEqual(['commit s0', 'letters b', 't-0=110']);
  });
});

describe('a decision', () => {
  const unclear = () => world(intentOf({ ...ONE, confirmed: true }), { s1: 'gone', s2: 'unknown' });

  it('row 5: ends with decision_needed; seen twice, and still shown as pending', async () => {
    const w = unclear();
    const run = start(w, [0]);
    await w.clock.pass(500);
    expect(run.error).toBeNull();
    await w.clock.pass(1_000);
    expect(code(run.error)).toBe('decision_needed');
    expect((run.error as Error).message).toMatch(/^batch b of t-0 to demo\.orders: .*s1 \(hr=s1\), s2/);
    expect(run.pending.at(-1)).toMatchObject([{ row: 5, action: 'decide' }]);
    expect(w.trail).toEqual([]);
  });

  it.each(['stop', 'assume_committed', 'replay'] as const)(
    'is not needed when what was seen has passed, with %s',
    async (onUnknown) => {
      const w = unclear();
      const run = start(w, [0], { onUnknown });
      await w.clock.pass(500);
      w.sessions.set('s1', 'committed').set('s2', 'committed');
      await w.clock.pass(1_000);
      expect(run.positions).toEqual({ 0: 110 });
    },
  );

  it('is taken from the rows in the table where they can be counted', async () => {
    const w = world(intentOf({ ...TWO, confirmed: true }), { s1: 'gone', s2: 'unknown' });
    const asked: unknown[] = [];
    const provenance: RecoveryOptions['provenance'] = {
      async count(to, { tablePartition }, { ranges }) {
        asked.push([to.table, tablePartition, ...ranges.map((r) => `${r.partition}:${r.first}-${r.end}`)]);
        return 10;
      },
    };
    const run = start(w, [0], { provenance });
    await w.clock.pass(0);
    expect(asked).toEqual([
      ['orders', 'hr=s1', '0:100-110', '1:200-210'],
      ['orders', 'hr=s2', '0:100-110', '1:200-210'],
    ]);
    expect(w.trail).toEqual(['letters b', 't-0=110']);
    expect(run.recovered).toMatchObject([{ row: 2 }]);
  });

  it('none in the table and sessions that are gone: read again', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), {});
    const run = start(w, [0], { provenance: w.provenance });
    await w.clock.pass(0);
    expect([run.positions, w.trail]).toEqual([{ 0: 100 }, ['t-0=100']]);
  });

  it('rows of another mapping are not counted: they may stand there without their offsets', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), {});
    const run = start(w, [0], { provenance: w.provenance, mapping: 'm2' });
    await w.clock.pass(2_000);
    expect(code(run.error)).toBe('decision_needed');
  });

  it('without the right to read the table it is left to onUnknown', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), {});
    const denied = new SinkError('maxcompute_denied', 'no Select');
    for (let look = 0; look < 2; look++) w.fail('count hr=s1', denied);
    const run = start(w, [0], { provenance: w.provenance, onUnknown: 'replay' });
    await w.clock.pass(1_000);
    expect(run.recovered).toMatchObject([{ row: 5, action: 'consume' }]);
    expect(w.lines.some(({ level, message }) => level === 'warn' && message.includes('counted'))).toBe(true);
  });

  it('other blocks in an open session than the intent lists', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), OPEN);
    w.fail('commit s2', new SinkError('block_mismatch', 'not ours: block 7'));
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect([code(run.error), w.trail]).toEqual(['decision_needed', []]);
    expect((run.error as Error).message).toContain('not ours: block 7; `maxsink resolve --batch b` shows');
  });

  it('row 10: an intent of another cluster is not followed, and nothing is skipped', async () => {
    const w = world(intentOf({ ...ONE, cluster: 'c2' }), { s1: 'committed', s2: 'committed' });
    const run = start(w, [0]);
    await w.clock.pass(2_000);
    expect([code(run.error), w.trail]).toEqual(['decision_needed', []]);
    expect((run.error as Error).message).toContain('written on cluster c2, and this is c1');
  });

  it('row 10: what cannot be read is passed on', async () => {
    const w = world(intentOf(ONE), OPEN);
    w.fail('read', new SinkError('ledger_unreadable', 'newer'));
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect([code(run.error), run.pending.at(-1)]).toEqual(['ledger_unreadable', []]);
  });
});

describe('members of others', () => {
  it('row 6: waits for their confirmation, however long, and says for whose', async () => {
    const w = world(intentOf(TWO), OPEN);
    const run = start(w, [0]);
    await w.clock.pass(600_000);
    expect([run.positions, w.trail]).toEqual([null, ['t-0=100 b confirmed']]);
    expect(run.pending.at(-1)).toMatchObject([{ row: 6, why: expect.stringContaining('t-1') }]);
    const told = w.lines.filter(({ fields }) => fields.action === 'wait');
    expect(told.length).toBeGreaterThan(8);
    expect(told.length).toBeLessThan(13);
    expect(told.at(-1)).toMatchObject({
      level: 'warn',
      fields: { forMs: expect.any(Number), topicPartitions: 't-0' },
    });
    w.put(confirm(w.of(1)[0]!));
    await w.clock.pass(1_500);
    expect(run.positions).toEqual({ 0: 110 });
    expect(w.trail.slice(1)).toEqual(['commit s2', 'commit s1', 'letters b', 't-0=110']);
  });

  it('row 7: a member that has gone on, and the witness is committed', async () => {
    const entries = intentOf(TWO);
    const w = world([gone(110, 0), entries[1]!], { s1: 'committed' });
    const run = start(w, [1]);
    await w.clock.pass(0);
    expect([run.positions, w.trail]).toEqual([{ 1: 210 }, ['letters b', 't-1=210']]);
    expect(run.recovered).toMatchObject([{ row: 7, sessions: null }]);
  });

  it('row 8: a member that never had it, and the witness is open; its letters stay hidden', async () => {
    const w = world([intentOf(TWO)[0]!, gone(200)], OPEN);
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect([run.positions, w.trail]).toEqual([{ 0: 100 }, ['t-0=100']]);
    expect(run.recovered).toMatchObject([{ row: 8, action: 'consume' }]);
  });

  it('goes on when a member leaves while its confirmation is waited for', async () => {
    const w = world(intentOf(TWO), OPEN);
    const run = start(w, [0]);
    await w.clock.pass(3_000);
    w.put(gone(205));
    await w.clock.pass(1_000);
    expect([run.positions, w.trail]).toEqual([{ 0: 100 }, ['t-0=100 b confirmed', 't-0=100']]);
  });

  it('a topic partition that was deleted with its topic is no member any more, which is told', async () => {
    const w = world([intentOf(TWO)[0]!], OPEN);
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect(run.positions).toEqual({ 0: 100 });
    expect(w.lines.at(-1)!.fields.why).toContain('no offset at all for t-1: was the topic deleted?');
  });

  it('a member whose offset a tool has reset after sessions were committed: no loss, a decision', async () => {
    const w = world([intentOf({ ...TWO, confirmed: true })[0]!, gone(0)], { s1: 'open', s2: 'committed' });
    const run = start(w, [0]);
    await w.clock.pass(2_000);
    expect([code(run.error), w.trail]).toEqual(['decision_needed', []]);
    const again = start(w, [0], { onUnknown: 'replay' });
    await w.clock.pass(2_000);
    expect(again.positions).toEqual({ 0: 100 });
  });
});

describe('two members that recover at the same time', () => {
  it('confirm each their own, and both arrive', async () => {
    const w = world(intentOf(TWO), OPEN);
    const [a, b] = [start(w, [0]), start(w, [1])];
    await w.clock.pass(10_000);
    expect([a.positions, b.positions]).toEqual([{ 0: 110 }, { 1: 210 }]);
    expect(new Set(w.trail.slice(0, 2))).toEqual(new Set(['t-0=100 b confirmed', 't-1=200 b confirmed']));
    expect(w.of(0, 1)).toEqual([gone(110, 0), gone(210)]);
  });

  it('with two batches across: neither waits for the other', async () => {
    const x = intentOf({
      batch: 'x',
      members: [
        [0, 0, 10],
        [1, 0, 10],
      ],
      sessions: ['x1'],
    });
    const y = intentOf({
      batch: 'y',
      members: [
        [2, 0, 10],
        [3, 0, 10],
      ],
      sessions: ['y1'],
    });
    const w = world([...x, ...y], { x1: 'open', y1: 'open' });
    const [a, b] = [start(w, [0, 3]), start(w, [2, 1])];
    await w.clock.pass(10_000);
    expect([a.positions, b.positions]).toEqual([
      { 0: 10, 3: 10 },
      { 1: 10, 2: 10 },
    ]);
    expect(a.recovered.map(({ batch }) => batch).sort()).toEqual(['x', 'y']);
  });

  it('a batch that waits does not hold up another', async () => {
    const x = intentOf({
      batch: 'x',
      members: [
        [0, 0, 10],
        [1, 0, 10],
      ],
      sessions: ['x1'],
    });
    const y = intentOf({ batch: 'y', members: [[2, 0, 10]], sessions: ['y1'] });
    const w = world([...x, ...y], { x1: 'open', y1: 'open' });
    const run = start(w, [0, 2]);
    await w.clock.pass(5_000);
    expect(run.recovered.map(({ batch }) => batch)).toEqual(['y']);
    expect(run.pending.at(-1)).toMatchObject([{ batch: 'x', row: 6 }]);
  });
});

describe('own topic partitions that change meanwhile', () => {
  const waiting = (states: Record<string, SessionState> = OPEN) => {
    const w = world(intentOf(TWO), states);
    return { w, run: start(w, [0]) };
  };

  it('the intent is gone: consumed from what is read now', async () => {
    const { w, run } = waiting();
    await w.clock.pass(2_000);
    w.put(gone(42, 0));
    await w.clock.pass(1_000);
    expect([run.positions, run.recovered]).toEqual([{ 0: 42 }, []]);
    expect(w.lines.at(-1)).toMatchObject({
      level: 'warn',
      fields: { batch: 'b', offset: 42, now: 'no intent' },
    });
  });

  it('another intent became visible: that one is settled, its own anchor read first', async () => {
    const { w, run } = waiting();
    await w.clock.pass(2_000);
    const other = intentOf({
      batch: 'c',
      members: [
        [7, 0, 5],
        [0, 100, 104],
      ],
      sessions: ['c1'],
      confirmed: true,
    });
    for (const entry of other) w.put(entry);
    w.sessions.set('c1', 'open');
    await w.clock.pass(2_000);
    expect(run.positions).toEqual({ 0: 104 });
    expect(w.trail).toEqual(['t-0=100 b confirmed', 'commit c1', 'letters c', 't-0=104']);
  });

  it('no offset is left at all: the caller joins again', async () => {
    const { w, run } = waiting();
    await w.clock.pass(2_000);
    w.offsets.delete('t-0');
    await w.clock.pass(1_000);
    expect([code(run.error), run.pending.at(-1)]).toEqual(['kafka_commit_refused', []]);
  });
});

describe('what goes wrong on the way', () => {
  it.each(['confirmation', 'advance'])(
    'a refused %s: the caller forgets everything and joins again',
    async (which) => {
      const w = world(intentOf({ ...ONE, confirmed: which === 'advance' }), {
        s1: 'committed',
        s2: 'committed',
      });
      w.fail('offsets', new SinkError('kafka_commit_refused', 'generation'));
      const run = start(w, [0]);
      await w.clock.pass(0);
      expect([code(run.error), run.pending.at(-1)]).toEqual(['kafka_commit_refused', []]);
      expect(w.of(0)[0]!.offset).toBe(100);
    },
  );

  it('letters that cannot be published keep the offsets where they are', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), { s1: 'committed', s2: 'committed' });
    w.fail('letters', new SinkError('dead_letter_unwritable', 'ENOSPC'));
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect([code(run.error), w.trail]).toEqual(['dead_letter_unwritable', []]);
  });

  it('a session commit without outcome is looked at again', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), OPEN);
    w.fail('commit s1', new SinkError('commit_unknown', 'lost'));
    w.fail('state s1', new SinkError('maxcompute_transient', '502'));
    const run = start(w, [0]);
    await w.clock.pass(5_000);
    expect(run.positions).toEqual({ 0: 110 });
    expect(w.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });

  it('what waiting cannot mend is thrown', async () => {
    const w = world(intentOf({ ...ONE, confirmed: true }), OPEN);
    w.fail('commit s2', new SinkError('maxcompute_denied', 'no Update'));
    const run = start(w, [0]);
    await w.clock.pass(0);
    expect(code(run.error)).toBe('maxcompute_denied');
  });

  it('ends at once when the topic partitions are taken away, also while a session is being committed', async () => {
    const w = world(intentOf(TWO), OPEN);
    const waits = start(w, [0]);
    const hangs = start(world(intentOf({ ...TWO, confirmed: true }), OPEN), [0], {
      sessions: { state: async () => 'open', commit: () => new Promise(() => undefined) },
    });
    await w.clock.pass(1_000);
    for (const run of [waits, hangs]) run.abort.abort(new Error('revoked'));
    await w.clock.pass(0);
    expect([waits.error, hangs.error]).toEqual([new Error('revoked'), new Error('revoked')]);
    expect([waits.pending.at(-1), hangs.pending.at(-1)]).toEqual([[], []]);
  });
});
