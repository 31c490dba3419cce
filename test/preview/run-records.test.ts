import { describe, expect, it } from 'vitest';
import { runRecords } from '../../src/preview/run-records.ts';
import type { Message } from '../../src/source/client/client.ts';
import { planOf } from '../mapping/support.ts';

const message = (offset: number, value: string): Message => ({
  topic: 'orders',
  partition: 0,
  offset,
  timestamp: 1,
  key: null,
  value: Buffer.from(value),
  size: value.length,
  headers: [],
});

describe('a preview of concealed columns', () => {
  it('shows masked values, no sample, and counts what the filter leaves out', async () => {
    const plan = planOf({
      columns: { id: 'BIGINT', phone: 'STRING' },
      table: {
        columns: {
          id: { from: 'id' },
          phone: { from: 'phone', mask: { kind: 'named', name: 'phone' } },
        },
        filter: 'id != 2',
      },
    });
    const messages = [
      message(0, '{"id":1,"phone":"13800138000"}'),
      message(1, '{"id":2,"phone":"13800138000"}'),
      message(2, '{"id":"x","phone":"13800138000"}'),
    ];
    const logs = [{ topic: 'orders', partition: 0, first: 0, from: 0, end: 3 }];
    const outcome = await runRecords({ messages, logs }, plan, 0, async () => null);
    expect(outcome.rows.map(({ offset, values }) => [offset, [...values]])).toEqual([
      [
        0,
        [
          [1, '1'],
          [2, '138****8000'],
        ],
      ],
    ]);
    expect(outcome.filtered).toBe(1);
    expect(outcome.rejections).toMatchObject([{ offset: 2, code: 'wrong_type', column: 'id', sample: null }]);
    expect(JSON.stringify(outcome.rejections)).not.toContain('138001');
  });
});
