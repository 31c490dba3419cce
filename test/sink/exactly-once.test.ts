import { describe, expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import { decodePointer } from '../../src/ledger/pointer.ts';
import { openBatch } from '../../src/sink/batch.ts';
import { intentOf } from '../../src/sink/intend.ts';
import type { BatchUpload } from '../../src/sink/upload.ts';
import { topicPartitionKey } from '../../src/source/source.ts';
import { harness } from './harness.ts';

const end = (positions: { offset: number }[] | undefined) => positions?.[0]?.offset;
const STEPS = /^(commit|intend|acknowledge|letters|rejoin|abandoned)/;
const steps = (h: ReturnType<typeof harness>) => h.trail.filter((step) => STEPS.test(step));

describe('exactly once', () => {
  it('intends at the unchanged offset before any session is committed', async () => {
    const h = harness({ exactlyOnce: true });
    h.feed('dt=1', '!');
    await h.pass(60_000);
    expect(steps(h)).toEqual([
      ...['letters durable', 'intend at 0', 'commit dt=1 1', 'letters acknowledged', 'acknowledge 2'],
    ]);
    expect(h.batches[0]!.phases).toHaveProperty('intend');
  });

  it('commits no session before Kafka has taken the intent', async () => {
    const h = harness({ exactlyOnce: true, flush: { rows: 1 } });
    const release = h.hold('intend');
    h.feed('dt=1');
    await h.pass(10_000);
    expect(steps(h)).toEqual([]);
    expect(h.batches[0]!.state).toBe('uploaded');
    release();
    await h.pass(10);
    expect(steps(h)).toEqual(['intend at 0', 'commit dt=1 1', 'acknowledge 1']);
  });

  it('sends the next intent with the advance: one offset commit per batch', async () => {
    const h = harness({ exactlyOnce: true, flush: { rows: 1 } });
    const release = h.hold('commit');
    h.feed('dt=1');
    await h.pass(10);
    h.feed('dt=2');
    await h.pass(10);
    release();
    await h.pass(10);
    expect(steps(h)).toEqual([
      ...['intend at 0', 'commit dt=1 1', 'acknowledge 1 and intend', 'commit dt=2 1', 'acknowledge 2'],
    ]);
  });

  it('commits the witness when all other sessions are committed', async () => {
    const h = harness({ exactlyOnce: true, flush: { rows: 3 } });
    const release = h.hold('commit dt=2 1');
    h.feed('dt=1', 'dt=2', 'dt=3');
    await h.pass(1_000);
    expect(steps(h)).toEqual(['intend at 0', 'commit dt=3 1']);
    release();
    await h.pass(10);
    expect(steps(h).slice(2)).toEqual(['commit dt=2 1', 'commit dt=1 1', 'acknowledge 3']);
  });

  it('leaves out of an intent the topic partitions that its batch does not move: nothing would overwrite it', () => {
    const upload = { facts: () => [{ tablePartition: 'dt=1', sessionId: 's1', blocks: 1, rowsInBlocks: 1 }] };
    const batch = openBatch('b', 1, upload as unknown as BatchUpload, 0, 0);
    const range = (partition: number, first: number, end: number) => ({
      ...{ topic: 't', partition, first, end, records: end - first, firstTimestamp: 1 },
    });
    for (const one of [range(0, 2, 2), range(1, 0, 3)]) batch.ranges.set(topicPartitionKey(one), one);
    const before = new Map(
      [range(0, 2, 2), range(1, 0, 0)].map((one) => [topicPartitionKey(one), { ...one, offset: one.end }]),
    );
    const identity = {
      to: { project: 'p', schema: null, table: 't' },
      cluster: null,
      mapping: '0123456789abcdef',
    };
    const intent = intentOf(batch, before, identity, 1);
    expect([...intent.keys()]).toEqual(['t-1']);
    expect(decodePointer(intent.get('t-1')!).list?.members).toEqual([{ topic: 't', partition: 1 }]);
  });

  it('needs no intent where no row is written', async () => {
    const h = harness({ exactlyOnce: true });
    h.feed('!');
    await h.pass(60_000);
    expect(steps(h)).toEqual(['letters durable', 'acknowledge 1', 'letters acknowledged']);
  });

  it('never removes letters whose offsets may have moved, answered or not', async () => {
    const h = harness({ exactlyOnce: true });
    h.fail('acknowledge', new SinkError('kafka_commit_refused', 'no answer'));
    h.feed('!');
    await h.pass(60_000);
    expect(h.trail).toContain('letters left');
    expect(h.trail).not.toContain('letters removed');
  });

  it.each(['intend', 'commit', 'acknowledge'])(
    'leaves a batch to recovery when its %s fails: its letters stay and the group is joined anew',
    async (step) => {
      const h = harness({ exactlyOnce: true, flush: { rows: 1 } });
      h.fail(step, new SinkError(step === 'commit' ? 'session_lost' : 'kafka_commit_refused', 'gone'));
      h.feed('!', 'dt=1');
      await h.pass(1_000);
      expect(h.trail).toContain('letters left');
      expect(h.trail).toContain('rejoin');
      expect(h.rewinds).toEqual([]);
      expect(h.acknowledged).toEqual([]);
    },
  );

  it('rejoins too when a later batch fails while an intent is out', async () => {
    const h = harness({ exactlyOnce: true, flush: { rows: 1 } });
    h.hold('commit');
    h.feed('dt=1');
    await h.pass(10);
    h.fail('put', new SinkError('session_lost', 'expired'));
    h.feed('dt=2');
    await h.pass(1_000);
    expect(steps(h)).toEqual([
      'intend at 0',
      ...['letters left', 'abandoned session_lost', 'letters removed', 'abandoned session_lost', 'rejoin'],
    ]);
    expect(h.rewinds).toEqual([]);
  });

  it.each([true, false])(
    'rejoins too while an advance without an intent is out, exactly once: %s',
    async (exactlyOnce) => {
      const h = harness({ exactlyOnce });
      const release = h.hold('acknowledge');
      h.feed('!');
      await h.pass(60_000);
      h.fail('create', new SinkError('session_lost', 'the table was dropped'));
      h.feed('dt=1');
      h.flush();
      await h.pass(10);
      release();
      await h.pass(1_000);
      // Read again from before, a record that is taken now would be a row and a letter that counts.
      expect([h.acknowledged.map(end), h.rewinds]).toEqual([[1], []]);
      expect(h.trail).toContain('rejoin');
    },
  );

  it('reads again without a rejoin while nobody else can know of the batch', async () => {
    const h = harness({ exactlyOnce: true, flush: { rows: 1 } });
    h.fail('put', new SinkError('session_lost', 'expired'));
    h.feed('dt=1');
    await h.pass(1_000);
    expect(h.trail).not.toContain('rejoin');
    expect(h.rewinds.map(end)).toEqual([0]);
  });

  it('finishes an intended batch when its topic partitions are revoked, and leaves it after the deadline', async () => {
    for (const late of [false, true]) {
      const h = harness({ exactlyOnce: true, flush: { rows: 1 }, revokeMs: 1_000 });
      const release = h.hold('commit');
      h.feed('dt=1');
      await h.pass(10);
      let given = false;
      void h.coordinator.onRevoked(1).then(() => {
        given = true;
      });
      await h.pass(late ? 1_100 : 100);
      release();
      await h.pass(100);
      expect(given).toBe(true);
      expect(h.acknowledged.map(end)).toEqual(late ? [] : [1]);
      expect(h.trail.includes('letters left')).toBe(late);
    }
  });
});

describe('an intent that would not fit into the metadata', () => {
  it('seals the batch earlier, though it may have more table partitions', async () => {
    const h = harness({ exactlyOnce: true, flush: { maxTablePartitions: 200 } });
    const values = Array.from({ length: 90 }, (_, i) => `dt=20261121,hr=09,mi=${i}`);
    for (const value of values) h.feed(value);
    await h.pass(60_000);
    expect(h.trail).toContain('sealed table_partitions');
    const most = Math.max(...h.batches.map((batch) => batch.upload.tablePartitions));
    expect(most).toBeGreaterThan(40);
    expect(most).toBeLessThan(60);
    await h.pass(60_000);
    expect(h.acknowledged.at(-1)?.[0]?.offset).toBe(90);
  });

  it('takes of one chunk no more table partitions at once than surely fit', async () => {
    const h = harness({ exactlyOnce: true, flush: { maxTablePartitions: 200 } });
    h.feed(...Array.from({ length: 90 }, (_, i) => `dt=20261121,hr=09,mi=${i}`));
    await h.pass(120_000);
    expect(h.batches.map((batch) => batch.upload.tablePartitions)).toEqual([40, 50]);
    expect(h.acknowledged.at(-1)?.[0]?.offset).toBe(90);
  });
});
