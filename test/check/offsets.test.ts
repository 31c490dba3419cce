import { describe, expect, it } from 'vitest';
import { checkCommitted, offsetsTable } from '../../src/check/offsets.ts';
import { commitNote } from '../../src/source/membership/note.ts';

const log = (partition: number, low: number, high: number) => ({ topic: 't', partition, low, high });
const position = (partition: number, offset: number) => {
  return {
    topic: 't',
    partition,
    offset,
    metadata: commitNote({ size: 2, unstarted: [], topicId: null, pipeline: 'p', table: 'demo.t' }, false),
  };
};

describe('committed offsets', () => {
  it('of a new group are none', () => {
    const { items, topicPartitions } = checkCommitted('latest', [log(0, 0, 5)], []);
    expect(items[0]).toMatchObject({ status: 'ok', evidence: expect.stringContaining('starts at latest') });
    expect(topicPartitions[0]).toMatchObject({ committed: null, behind: null, start: 'latest' });
  });

  it('within the log are counted with what is behind', () => {
    const { items, topicPartitions } = checkCommitted(
      'earliest',
      [log(0, 0, 1500), log(1, 7, 7)],
      [position(0, 250), position(1, 7)],
    );
    expect(items).toHaveLength(1);
    expect(items[0]!.evidence).toBe('2 of 2 topic partitions, all within the log, 1,250 records behind');
    expect(topicPartitions.map(({ start }) => start)).toEqual(['250 (committed)', '7 (committed)']);
  });

  it('whose metadata a start would not understand fail as the start would', () => {
    const broken = { ...position(0, 250), metadata: 'maxsink2;tp=4;sum=0;' };
    const { items, topicPartitions } = checkCommitted('earliest', [log(0, 0, 1500)], [broken]);
    expect(items).toMatchObject([{ status: 'fail', code: 'ledger_unreadable' }]);
    expect(topicPartitions).toEqual([]);
  });

  it.each([
    ['deleted', [log(0, 10, 20), log(1, 0, 0)], [position(0, 5), position(1, 0)]],
    ['ends before', [log(0, 0, 20), log(1, 0, 0)], [position(0, 25), position(1, 0)]],
    ['nothing committed though', [log(0, 0, 20), log(1, 0, 20)], [position(0, 15)]],
  ])('that are lost (%s) fail as a start would', (why, bounds, positions) => {
    const { items, topicPartitions } = checkCommitted('earliest', bounds, positions);
    expect(items[0]).toMatchObject({ status: 'fail', code: 'offset_lost' });
    expect(items[0]!.evidence).toContain(why);
    expect(topicPartitions.filter(({ start }) => start === 'offset_lost')).toHaveLength(1);
  });

  it('are shown in one row each, at most a screen of them', () => {
    expect(offsetsTable([])).toEqual([]);
    const many = Array.from({ length: 30 }, (_, partition) => log(partition, 0, 1));
    const [exhibit] = offsetsTable(checkCommitted('earliest', many, []).topicPartitions);
    const rows = exhibit?.kind === 'table' ? exhibit.rows : [];
    expect(rows).toHaveLength(25);
    expect(rows.at(-1)).toEqual(['... 6 more']);
  });
});
