import { describe, expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import { LIMITS } from '../../src/limits.ts';
import { harness } from './harness.ts';

const end = (positions: { offset: number }[] | undefined) => positions?.[0]?.offset;

describe('a batch', () => {
  it('goes create, put, verify, commit, acknowledge, and is acknowledged past its last record', async () => {
    const h = harness();
    h.feed('dt=1', 'dt=2', 'dt=1');
    await h.pass(60_000);
    expect(h.trail).toEqual([
      'encode 0-3',
      'create dt=1',
      'create dt=2',
      'sealed age',
      'put dt=1 0',
      'put dt=2 0',
      'verify dt=1 1',
      'verify dt=2 1',
      'commit dt=2 1',
      'commit dt=1 2',
      'acknowledge 3',
    ]);
    expect(h.budgetUsed()).toBe(0);
  });

  it('is not acknowledged while one of its sessions is not committed', async () => {
    const h = harness();
    const release = h.hold('commit');
    h.feed('dt=1');
    await h.pass(61_000);
    expect(h.acknowledged).toEqual([]);
    release();
    await h.pass(10);
    expect(h.acknowledged.map(end)).toEqual([1]);
  });

  it('is sealed by rows, by bytes and by age, and the reason is told', async () => {
    const byRows = harness({ flush: { rows: 2 } });
    byRows.feed('dt=1', 'dt=1');
    await byRows.pass(10);
    expect(byRows.trail).toContain('sealed rows');
    const byBytes = harness({ flush: { bytes: 150 } });
    byBytes.feed('dt=1', 'dt=1');
    await byBytes.pass(10);
    expect(byBytes.trail).toContain('sealed bytes');
    const byAge = harness({ flush: { interval: 5_000 } });
    byAge.feed('dt=1');
    await byAge.pass(4_900);
    expect(byAge.trail).not.toContain('sealed age');
    await byAge.pass(200);
    expect(byAge.trail).toContain('sealed age');
  });

  it('never opens more table partitions than it may, even when one chunk has more', async () => {
    const h = harness({ flush: { maxTablePartitions: 2 } });
    h.feed('dt=1', 'dt=2', 'dt=3', 'dt=4', 'dt=5');
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([2, 4, 5]);
    expect(h.trail.filter((t) => t === 'sealed table_partitions')).toHaveLength(2);
    expect(h.batches.every((batch) => batch.upload.tablePartitions <= 2)).toBe(true);
  });

  it('keeps the order of offsets though a later chunk is encoded first', async () => {
    const h = harness({ flush: { rows: 1 } });
    const release = h.hold('encode');
    h.feed('dt=1');
    await h.pass(0);
    h.feed('dt=1');
    release();
    await h.pass(20);
    expect(h.acknowledged.map(end)).toEqual([1, 2]);
  });

  it('fills while the one before it commits, and commits after it', async () => {
    const h = harness({ flush: { rows: 1 } });
    const release = h.hold('commit');
    h.feed('dt=1');
    await h.pass(10);
    h.feed('dt=2');
    await h.pass(10);
    expect(h.trail).toContain('put dt=2 0');
    release();
    await h.pass(10);
    expect(h.trail.filter((t) => t.startsWith('commit') || t.startsWith('ack'))).toEqual([
      'commit dt=1 1',
      'acknowledge 1',
      'commit dt=2 1',
      'acknowledge 2',
    ]);
  });

  it('stays open longer while two others wait for their commit', async () => {
    const h = harness({ flush: { interval: 1_000 } });
    const release = h.hold('commit');
    for (let i = 0; i < 4; i++) {
      h.feed('dt=1');
      await h.pass(2_000);
    }
    expect(h.trail.filter((t) => t.startsWith('sealed'))).toHaveLength(2);
    release();
    await h.pass(20);
    expect(h.acknowledged.map(end)).toEqual([1, 2, 4]);
  });

  it('stays open longer while a session cannot be created for want of quota', async () => {
    const h = harness({ flush: { interval: 1_000 } });
    h.fail('create', new SinkError('maxcompute_over_quota', 'slow down'));
    h.feed('dt=1');
    await h.pass(1_500);
    expect(h.trail).not.toContain('sealed age');
    await h.pass(20_000);
    expect(h.acknowledged.map(end)).toEqual([1]);
  });

  it('waits out an outage with its rows in hand', async () => {
    const h = harness({ flush: { rows: 1 } });
    for (let i = 0; i < 3; i++) h.fail('put', new SinkError('maxcompute_unreachable', 'down'));
    for (let i = 0; i < 3; i++) h.fail('verify', new SinkError('maxcompute_transient', 'failing'));
    h.feed('dt=1');
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([1]);
    expect(h.rewinds).toEqual([]);
  });

  it('uploads the largest open block early when the budget gets short', async () => {
    const h = harness({ budgetBytes: 500_000 });
    for (let i = 0; i < 15; i++) {
      h.feed(...Array.from({ length: 400 }, () => 'dt=1'));
      await h.pass(10);
    }
    expect(h.trail.filter((t) => t.startsWith('put')).length).toBeGreaterThan(0);
    expect(h.acknowledged).toEqual([]);
    expect(h.budgetUsed()).toBeLessThan(500_000);
  });
});

describe('memory', () => {
  it('under pressure is uploaded far enough for paused topic partitions to resume', async () => {
    const h = harness({ budgetBytes: 20_000_000 });
    for (let i = 0; i < 80; i++) {
      h.feed(...Array.from({ length: 2000 }, () => 'dt=1'));
      await h.pass(10);
      expect(h.budgetUsed()).toBeLessThan(20_000_000 * LIMITS.resumeShare);
    }
  });
});

describe('dead letters', () => {
  it('are durable before the offset moves', async () => {
    const h = harness();
    h.feed('!', 'dt=1', '!');
    await h.pass(60_000);
    const order = ['append 2', 'letters durable', 'letters acknowledged', 'acknowledge 3'];
    expect(h.trail.filter((t) => order.includes(t))).toEqual(order);
    expect(h.letters.map((letter) => letter.offset)).toEqual([0, 2]);
  });

  it('that cannot be written stop the service, and nothing is acknowledged', async () => {
    const h = harness();
    h.fail('append', new SinkError('dead_letter_unwritable', 'disk full'));
    h.feed('!', 'dt=1');
    await h.pass(61_000);
    expect(h.failure()?.code).toBe('dead_letter_unwritable');
    expect(h.acknowledged).toEqual([]);
  });
});

describe('a failure', () => {
  it('reads again from the acknowledged offsets when a session is lost', async () => {
    const h = harness({ flush: { rows: 2 } });
    h.feed('dt=1', 'dt=1');
    await h.pass(10);
    h.fail('commit', new SinkError('session_lost', 'expired'));
    h.feed('dt=1', 'dt=1');
    await h.pass(1_000);
    expect(h.rewinds.map(end)).toEqual([2]);
    h.feed('dt=1', 'dt=1');
    await h.pass(10);
    expect(h.acknowledged.map(end)).toEqual([2, 4]);
    expect(h.budgetUsed()).toBe(0);
  });

  it('commits nothing when the server holds other blocks', async () => {
    const h = harness({ flush: { rows: 1 } });
    h.fail('verify', new SinkError('block_mismatch', 'missing: block 0'));
    h.feed('dt=1');
    await h.pass(1_000);
    expect(h.trail.filter((t) => t.startsWith('commit'))).toEqual([]);
    expect(h.rewinds.map(end)).toEqual([0]);
    h.feed('dt=1');
    await h.pass(10);
    expect(h.acknowledged.map(end)).toEqual([1]);
  });

  it('reads again what was made for the table as it was, once another plan is in force', async () => {
    const h = harness();
    h.coordinator.onPlanChanged();
    h.feed('dt=1');
    await h.pass(10);
    h.coordinator.onPlanChanged();
    await h.pass(1_000);
    expect(h.rewinds.map(end)).toEqual([0]);
    h.feed('dt=1');
    h.flush();
    await h.pass(60_000);
    expect(h.acknowledged.map(end)).toEqual([1]);
    expect(h.budgetUsed()).toBe(0);
  });

  it('of an offset commit forgets everything and joins again', async () => {
    const h = harness({ flush: { rows: 1 } });
    h.fail('acknowledge', new SinkError('kafka_commit_refused', 'generation'));
    h.feed('dt=1');
    await h.pass(1_000);
    expect(h.trail).toContain('abandoned kafka_commit_refused');
    expect(h.trail).toContain('rejoin');
  });

  it('that waiting cannot mend ends the service', async () => {
    const h = harness({ flush: { rows: 1 } });
    h.fail('create', new SinkError('maxcompute_denied', 'no'));
    h.feed('dt=1');
    await h.pass(10);
    expect(h.failure()?.code).toBe('maxcompute_denied');
    expect(h.acknowledged).toEqual([]);
  });

  it('of a worker narrows down to the one record, which becomes a dead letter; all others become rows', async () => {
    const h = harness({ flush: { rows: 8, interval: 1_000 } });
    const values = Array.from({ length: 8 }, (_, i) => (i === 5 ? '?' : 'dt=1'));
    h.feed(...values);
    for (let round = 0; round < 12 && h.acknowledged.length === 0; round++) {
      const seen = h.rewinds.length;
      for (let i = 0; i < 100 && h.rewinds.length === seen && h.acknowledged.length === 0; i++)
        await h.pass(1_000);
      if (h.rewinds.length > seen) h.feed(...values);
    }
    expect(h.acknowledged.map(end)).toEqual([8]);
    expect(h.letters.map((letter) => [letter.offset, letter.code])).toEqual([[5, 'worker_crash']]);
    expect(h.trail).toContain('commit dt=1 7');
  });
});

describe('when topic partitions go', () => {
  it('a revoke finishes what was polled before they are given up', async () => {
    const h = harness();
    h.feed('dt=1', 'dt=1');
    let done = false;
    void h.coordinator.onRevoked(1).then(() => {
      done = true;
    });
    await h.pass(100);
    expect(done).toBe(true);
    expect(h.trail).toContain('sealed revoke');
    expect(h.acknowledged.map(end)).toEqual([2]);
  });

  it('a revoke that cannot finish in its time abandons the batch without a commit', async () => {
    const h = harness({ revokeMs: 1_000 });
    const release = h.hold('put');
    h.feed('dt=1');
    let done = false;
    void h.coordinator.onRevoked(1).then(() => {
      done = true;
    });
    await h.pass(2_000);
    expect(done).toBe(true);
    expect(h.trail).toContain('abandoned revoke');
    release();
    await h.pass(1_000);
    expect(h.acknowledged).toEqual([]);
    expect(h.trail.filter((t) => t.startsWith('commit'))).toEqual([]);
    expect(h.budgetUsed()).toBe(0);
  });

  it('lost ones are forgotten at once', async () => {
    const h = harness();
    h.feed('dt=1');
    await h.pass(10);
    h.coordinator.onLost(1);
    await h.pass(61_000);
    expect(h.acknowledged).toEqual([]);
    expect(h.trail).toContain('abandoned lost');
    expect(h.budgetUsed()).toBe(0);
  });

  it('chunks of an older assignment are thrown away', async () => {
    const h = harness();
    h.feed('dt=1');
    h.coordinator.onLost(1);
    h.feed('dt=1');
    await h.pass(61_000);
    expect(h.acknowledged).toEqual([]);
    expect(h.budgetUsed()).toBe(0);
  });
});

describe('an offset that is in no log any more', () => {
  it('ends the service only when what was read before is acknowledged', async () => {
    const h = harness();
    const release = h.hold('put');
    h.feed('dt=1', 'dt=1');
    h.coordinator.onFailure(new SinkError('offset_lost', 'deleted'));
    await h.pass(100);
    expect(h.failure()).toBeUndefined();
    release();
    await h.pass(100);
    expect(h.acknowledged.map(end)).toEqual([2]);
    expect(h.failure()?.code).toBe('offset_lost');
  });

  it('ends it without that when it takes longer than a revoke may', async () => {
    const h = harness({ revokeMs: 1_000 });
    h.hold('put');
    h.feed('dt=1');
    h.coordinator.onFailure(new SinkError('offset_lost', 'deleted'));
    await h.pass(1_100);
    expect(h.failure()?.code).toBe('offset_lost');
    expect(h.acknowledged).toEqual([]);
    expect(h.trail).toContain('abandoned shutdown');
  });
});

describe('a shutdown', () => {
  it('whose batch is abandoned by trouble says so, and why', async () => {
    const h = harness();
    h.fail('acknowledge', new SinkError('kafka_commit_refused', 'generation'));
    h.feed('dt=1');
    const stopped = h.coordinator.stop(5_000);
    await h.pass(100);
    await stopped;
    expect(h.failure()).toMatchObject({ code: 'shutdown_deadline', exit: 5 });
    expect(h.failure()?.message).toContain('kafka_commit_refused');
  });

  it('says so too when records were waiting to be read again', async () => {
    const h = harness({ flush: { rows: 1 } });
    h.fail('commit', new SinkError('session_lost', 'expired'));
    h.feed('dt=1');
    await h.pass(50);
    await h.coordinator.stop(5_000);
    expect(h.failure()?.message).toContain('session_lost');
  });

  it('has nothing to say of batches that were abandoned and read again', async () => {
    const h = harness({ flush: { rows: 1 } });
    h.fail('commit', new SinkError('session_lost', 'expired'));
    h.feed('dt=1');
    await h.pass(50);
    await h.pass(1_000);
    h.feed('dt=1');
    await h.pass(50);
    await h.coordinator.stop(5_000);
    expect(h.failure()).toBeNull();
  });

  it('finishes what was polled', async () => {
    const h = harness();
    h.feed('dt=1');
    const stopped = h.coordinator.stop(5_000);
    await h.pass(100);
    await stopped;
    expect(h.acknowledged.map(end)).toEqual([1]);
    expect(h.failure()).toBeNull();
  });

  it('past its deadline leaves the batch to be read again and says so', async () => {
    const h = harness();
    h.hold('put');
    h.feed('dt=1');
    const stopped = h.coordinator.stop(1_000);
    await h.pass(1_100);
    await stopped;
    expect(h.failure()?.code).toBe('shutdown_deadline');
    expect(h.failure()?.message).toMatch(
      /^not done within 1000 ms: batch \S+ has been sealed for 1 s, waiting for block 0 of session s0$/,
    );
    expect(h.acknowledged).toEqual([]);
  });

  it('names the last failure of what it waited for, and chunks that never came back', async () => {
    const h = harness();
    for (let i = 0; i < 50; i++)
      h.fail('create', new SinkError('maxcompute_unreachable', 'connection refused'));
    h.feed('dt=1', 'dt=2');
    await h.pass(10);
    h.hold('encode');
    h.feed('dt=1');
    const stopped = h.coordinator.stop(3_000);
    await h.pass(3_100);
    await stopped;
    const { message } = h.failure()!;
    expect(message).toMatch(
      /has been open for 3 s, waiting for session for dt=[12] and 1 more: connection refused/,
    );
    expect(message).toContain('chunks with the workers or waiting for a schema: 1');
  });
});
