import { describe, expect, it } from 'vitest';
import { createCopies, readCounts } from '../../../src/source/membership/copies.ts';

/** A request that was answered at `at`. */
function request(copies: ReturnType<typeof createCopies>, at: number, clean = true): Promise<boolean> {
  copies.sent();
  copies.answered(at, clean);
  return copies.once();
}

describe('whether a request was sent once', () => {
  it('is told by statistics that count as many requests as there were', async () => {
    const copies = createCopies();
    const first = request(copies, 10);
    copies.counted(11, 1);
    expect(await first).toBe(true);
    const second = request(copies, 20);
    copies.counted(20, 2);
    expect(await second).toBe(true);
  });

  it('is denied when there is one more, and one more stays one more', async () => {
    const copies = createCopies();
    const twice = request(copies, 10);
    copies.counted(11, 2);
    expect(await twice).toBe(false);
    const once = request(copies, 20);
    copies.counted(21, 3);
    expect(await once).toBe(true);
  });

  it('is not told by statistics that are older than the answer, or made while a request is on its way', async () => {
    const copies = createCopies();
    const twice = request(copies, 10);
    copies.counted(9, 1);
    copies.counted(11, 2);
    expect(await twice).toBe(false);
    copies.sent();
    copies.counted(15, 2);
    copies.answered(20, true);
    const once = copies.once();
    copies.counted(21, 3);
    expect(await once).toBe(true);
  });

  it('is unknown after an error, which may mean that it was never sent, until statistics were made in quiet', async () => {
    const copies = createCopies();
    copies.sent();
    copies.answered(5, false);
    const twice = request(copies, 10);
    copies.counted(11, 2);
    expect(await twice).toBe(false);
    const once = request(copies, 20);
    copies.counted(21, 3);
    expect(await once).toBe(true);
  });

  it('is unknown when the one before was given up', async () => {
    const copies = createCopies();
    const given = request(copies, 10);
    const next = request(copies, 20);
    expect(await given).toBe(false);
    copies.counted(21, 2);
    expect(await next).toBe(false);
  });

  it('is read from the statistics of the client', () => {
    const brokers = {
      'a:9092/1': { req: { Fetch: 9 } },
      GroupCoordinator: { req: { OffsetCommit: 3 } },
      bare: {},
    };
    expect(readCounts(JSON.stringify({ age: 2_500_000, brokers }))).toEqual({ ageMs: 2500, total: 3 });
  });
});
