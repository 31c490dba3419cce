import { describe, expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import { harness } from './harness.ts';

const end = (positions: { offset: number }[] | undefined) => positions?.[0]?.offset;

describe('after a failure that ends the service', () => {
  it('nothing that is still handed over is acknowledged: it would skip the abandoned records', async () => {
    const h = harness({ flush: { rows: 2 } });
    h.fail('create', new SinkError('maxcompute_denied', 'no'));
    h.feed('dt=1', 'dt=1');
    await h.pass(10);
    expect(h.failure()?.code).toBe('maxcompute_denied');
    h.feed('dt=1');
    void h.coordinator.onRevoked(1);
    await h.pass(1_000);
    expect(h.acknowledged).toEqual([]);
    expect(h.budgetUsed()).toBe(0);
  });

  it('the same holds past the deadline of a shutdown', async () => {
    const h = harness();
    const release = h.hold('put');
    h.feed('dt=1');
    void h.coordinator.stop(1_000);
    await h.pass(1_100);
    expect(h.failure()?.code).toBe('shutdown_deadline');
    release();
    h.feed('dt=1');
    void h.coordinator.onRevoked(1);
    await h.pass(1_000);
    expect(h.acknowledged).toEqual([]);
  });
});

describe('trouble while topic partitions go', () => {
  it('is not followed by a rewind to topic partitions that were given up', async () => {
    const h = harness();
    h.feed('dt=1');
    await h.pass(10);
    h.fail('commit', new SinkError('session_lost', 'expired'));
    let revoked = false;
    void h.coordinator.onRevoked(1).then(() => {
      revoked = true;
    });
    await h.pass(120_000);
    expect(revoked).toBe(true);
    expect(h.trail).toContain('abandoned session_lost');
    expect(h.rewinds).toEqual([]);
  });

  it('is not followed by a second rejoin once they were given up', async () => {
    const h = harness();
    h.feed('dt=1');
    await h.pass(10);
    h.fail('acknowledge', new SinkError('kafka_commit_refused', 'generation'));
    void h.coordinator.onRevoked(1);
    await h.pass(120_000);
    expect(h.trail).not.toContain('rejoin');
  });

  it('a rewind that waits is void when they are lost, and when the service stops', async () => {
    for (const leave of ['lost', 'stop']) {
      const h = harness({ flush: { rows: 1 } });
      h.fail('commit', new SinkError('session_lost', 'expired'));
      h.feed('dt=1');
      await h.pass(20);
      expect(h.trail).toContain('abandoned session_lost');
      if (leave === 'lost') h.coordinator.onLost(1);
      else void h.coordinator.stop(1_000);
      await h.pass(120_000);
      expect(h.rewinds).toEqual([]);
    }
  });
});

describe('records that are going to be read again', () => {
  it('count as unacknowledged meanwhile: the lag does not vanish', async () => {
    const h = harness({ flush: { rows: 2 } });
    h.fail('commit', new SinkError('session_lost', 'expired'));
    h.feed('dt=1', 'dt=1');
    await h.pass(50);
    expect(h.trail).toContain('abandoned session_lost');
    expect(h.rewinds).toEqual([]);
    expect([...h.coordinator.unacknowledged()]).toMatchObject([{ first: 0, end: 2, records: 2 }]);
    await h.pass(1_000);
    expect(h.rewinds).toHaveLength(1);
    expect([...h.coordinator.unacknowledged()]).toEqual([]);
  });
});

describe('uploads', () => {
  it('of a batch go on while many blocks of another wait for their sessions', async () => {
    const h = harness({ flush: { rows: 20, blockBytes: 1 } });
    const release = h.hold('put dt=settling 0');
    h.feed(...Array.from({ length: 20 }, () => 'dt=settling'));
    await h.pass(10);
    const waiting = Array.from({ length: 12 }, (_, i) => `dt=${i}`);
    for (const name of waiting) h.hold(`create ${name}`);
    h.feed(...waiting);
    await h.pass(10);
    h.feed('dt=ready');
    await h.pass(10);
    release();
    await h.pass(10);
    expect(h.trail).toContain('put dt=ready 0');
    expect(h.acknowledged.map(end)).toEqual([20]);
  });

  it('a batch stays open all the while its sessions are over quota, also while one is asked for', async () => {
    const h = harness({ flush: { interval: 1_000 } });
    h.fail('create', new SinkError('maxcompute_over_quota', 'slow down'));
    h.feed('dt=1');
    await h.pass(100);
    const release = h.hold('create');
    await h.pass(10_000);
    expect(h.trail).not.toContain('sealed age');
    release();
    await h.pass(100);
    expect(h.acknowledged.map(end)).toEqual([1]);
  });
});

describe('dead letters of an abandoned batch', () => {
  it('that are still waiting for the disk are not written any more', async () => {
    const h = harness();
    const release = h.hold('append');
    h.feed('!');
    await h.pass(10);
    h.feed('!', '!');
    await h.pass(10);
    h.coordinator.onLost(1);
    release();
    await h.pass(10);
    expect(h.trail).not.toContain('append 2');
    expect(h.budgetUsed()).toBe(0);
  });

  it('that fail do not end the service', async () => {
    const h = harness({ flush: { rows: 1 } });
    const release = h.hold('append');
    h.fail('commit', new SinkError('session_lost', 'expired'));
    h.fail('append', new SinkError('dead_letter_unwritable', 'the file was removed'));
    h.feed('!', 'dt=1');
    await h.pass(10);
    h.coordinator.onLost(1);
    h.coordinator.onAssigned(7, [{ topic: 't', partition: 0, offset: 0 }], false);
    release();
    await h.pass(1_000);
    expect(h.failure()).toBeUndefined();
  });
});
