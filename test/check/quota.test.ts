import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkQuota, type QuotaSettings, quotaFacts } from '../../src/check/quota.ts';

const MiB = 1024 * 1024;
const DEFAULTS: QuotaSettings = {
  intervalMs: 60_000,
  tablePartitions: 40,
  replicas: 1,
  blockBytes: 64 * MiB,
  memoryBytes: 256 * MiB,
  topicPartitions: 4,
};
const statusOf = (settings: Partial<QuotaSettings>, what: string) =>
  checkQuota({ ...DEFAULTS, ...settings }).items.find((item) => item.what === what)?.status;

describe('the quota arithmetic', () => {
  it('counts sessions, commits and bytes of one table', () => {
    const { uses, ...rest } = quotaFacts(DEFAULTS);
    expect(uses).toEqual([
      { tablePartitions: 1, sessions: 5, commits: 1, bytesPerSecond: 80_000_000 },
      { tablePartitions: 2, sessions: 10, commits: 2, bytesPerSecond: 80_000_000 },
      // 300 full blocks of 64 MiB in 300 s
      { tablePartitions: 40, sessions: 200, commits: 40, bytesPerSecond: 67_108_864 },
    ]);
    expect(rest).toEqual({ fits: true, tablePartitionsThatFit: 40, recommendedIntervalMs: null });
  });

  it('recommends an interval, and tells how many table partitions fit, when there are too many sessions', () => {
    const facts = quotaFacts({ ...DEFAULTS, replicas: 3 });
    expect(facts).toMatchObject({ fits: false, tablePartitionsThatFit: 33, recommendedIntervalMs: 90_000 });
    expect(facts.uses.at(-1)).toEqual({
      tablePartitions: 40,
      sessions: 600,
      commits: 120,
      bytesPerSecond: 0,
    });
  });

  it('of an unpartitioned table has one row', () => {
    expect(quotaFacts({ ...DEFAULTS, tablePartitions: 1 }).uses).toHaveLength(1);
  });

  it('counts several batches within the window of commits', () => {
    expect(quotaFacts({ ...DEFAULTS, intervalMs: 5_000, tablePartitions: 1 }).uses[0]!.commits).toBe(3);
  });

  it('what it recommends fits', () => {
    const settings = fc.record({
      intervalMs: fc.integer({ min: 1000, max: 600_000 }),
      tablePartitions: fc.integer({ min: 1, max: 1000 }),
      replicas: fc.integer({ min: 1, max: 200 }),
      blockBytes: fc.constant(64 * MiB),
      memoryBytes: fc.constant(256 * MiB),
    });
    fc.assert(
      fc.property(settings, (input) => {
        const { fits, recommendedIntervalMs, tablePartitionsThatFit } = quotaFacts(input);
        if (fits) return recommendedIntervalMs === null && tablePartitionsThatFit === input.tablePartitions;
        const slower = quotaFacts({ ...input, intervalMs: recommendedIntervalMs! });
        const fewer = { ...input, tablePartitions: Math.max(1, tablePartitionsThatFit) };
        return (
          recommendedIntervalMs! > input.intervalMs &&
          slower.fits &&
          (tablePartitionsThatFit === 0 || quotaFacts(fewer).fits)
        );
      }),
    );
  });
});

describe('its items', () => {
  it('warn of too many sessions, with what to set', () => {
    expect(statusOf({}, 'sessions')).toBe('ok');
    const item = checkQuota({ ...DEFAULTS, replicas: 4 }).items.find(({ what }) => what === 'sessions');
    expect(item).toMatchObject({
      status: 'warn',
      advice: 'Set flush.interval to 2m or more, or flush.maxTablePartitions to 25.',
    });
  });

  it('warn of replicas that would be idle', () => {
    expect(statusOf({ replicas: 4 }, 'replicas')).toBe('ok');
    expect(statusOf({ replicas: 5 }, 'replicas')).toBe('warn');
    expect(statusOf({ replicas: 5, topicPartitions: null }, 'replicas')).toBe('ok');
  });
});
