import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { createComplaints } from '../../src/source/complaints.ts';

describe('what the Kafka client complains of', () => {
  it('is logged at once, and then once a minute with how often it came, whatever numbers are in it', () => {
    const lines: string[] = [];
    const log = createLog({ level: 'warn', stream: { write: (line) => lines.push(line) } });
    let now = 0;
    const complain = createComplaints(log, { now: () => now, sleep: async () => {} });
    for (; now < 150_000; now += 1_000) complain(`kafka: down after ${now} ms`, { code: -195 });
    complain('kafka: another matter', {});
    const told = lines.map((line) => JSON.parse(line)).map(({ msg, again, code }) => [msg, again, code]);
    expect(told).toEqual([
      ['kafka: down after 0 ms', undefined, -195],
      ['kafka: down after 60000 ms', 59, -195],
      ['kafka: down after 120000 ms', 59, -195],
      ['kafka: another matter', undefined, undefined],
    ]);
  });
});
