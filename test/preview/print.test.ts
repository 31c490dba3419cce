import { describe, expect, it } from 'vitest';
import type { Preview, PreviewRow } from '../../src/preview/preview.ts';
import { printPreview } from '../../src/preview/print.ts';

const place = { topic: 'orders', partition: 0 };
const row = (offset: number, values: PreviewRow['row']): PreviewRow => ({
  ...place,
  ...{ offset, tablePartition: 'dt=20261120', row: values },
});

const PREVIEW: Preview = {
  table: {
    ...{ name: 'demo.ods_orders', exists: true },
    columns: [
      { name: 'id', type: 'BIGINT' },
      { name: 'city', type: 'STRING' },
      { name: 'note', type: 'STRING' },
    ],
    partitionKeys: [{ name: 'dt', type: 'STRING' }],
  },
  read: {
    ...{ from: 'committed', records: 3, ended: 'log_end', ms: 1234, trouble: null },
    topicPartitions: [{ ...place, first: 0, from: 0, end: 3 }],
  },
  rows: [
    row(0, { id: '7', city: '杭州', note: 'two\nlines' }),
    row(1, { id: '1000000', city: 'Zürich', note: null }),
  ],
  rejections: [
    {
      ...{ ...place, offset: 2, stage: 'type', code: 'not_exact', column: 'id' },
      ...{
        message: '1.5 does not fit BIGINT without losing digits',
        sample: '{"id": 1.5, "n": "\u001b[31m"}',
      },
    },
  ],
  filtered: 0,
  skipped: {},
  warnings: [],
};

describe('for people', () => {
  it('a nested value is JSON', () => {
    const [line] = printPreview({ ...PREVIEW, rows: [row(0, { note: { a: [1, null] } })] }, 20, 100).slice(1);
    expect(line).toMatch(/\{"a":\[1,null\]\}$/);
  });

  it('rows stand in columns, then what was rejected and why, then a summary', () => {
    expect(printPreview(PREVIEW, 20, 100)).toEqual([
      'record      table partition       id  city    note',
      'orders-0-0  dt=20261120            7  杭州    two\\nlines',
      'orders-0-1  dt=20261120      1000000  Zürich  NULL',
      '',
      'rejected',
      'orders-0-2  not_exact (type)  column id: 1.5 does not fit BIGINT without losing digits',
      '  {"id": 1.5, "n": "\\u{1b}[31m"}',
      '',
      '3 records read in 1.2 s (--from committed): 2 rows of demo.ods_orders, 1 rejected; nothing was written',
      'there are no more records',
    ]);
  });

  it('an unpartitioned table has no column for table partitions', () => {
    const table = { ...PREVIEW.table, partitionKeys: [] };
    expect(printPreview({ ...PREVIEW, table }, 20, 100)[0]).toBe('record           id  city    note');
  });

  it('lines are cut to the terminal, and columns without room are named', () => {
    const lines = printPreview(PREVIEW, 20, 44);
    expect(lines.slice(0, 4)).toEqual([
      'record      table partition       id  city',
      'orders-0-0  dt=20261120            7  杭州',
      'orders-0-1  dt=20261120      1000000  Zürich',
      'without room, see --json: note',
    ]);
    expect(lines).toContain('  {"id": 1.5, "n": "\\u{1b}[31m"}');
    expect(printPreview(PREVIEW, 20, 20)).toContain('  {"id": 1.5, "n": …');
    // The reason is never cut.
    expect(lines.join()).toContain('column id: 1.5 does not fit BIGINT without losing digits');
  });

  it('records that are left out are counted, dirty ones by reason', () => {
    const shown = { ...PREVIEW, filtered: 3, skipped: { invalid_json: 4, tombstone: 1 } };
    expect(printPreview(shown, 20, 100).join('\n')).toContain(
      'rejected, 3 filtered, 5 skipped (invalid_json 4, tombstone 1); nothing was written',
    );
    expect(printPreview(PREVIEW, 20, 100).join('\n')).toContain('rejected; nothing was written');
  });

  it('a table that is missing is said to be', () => {
    const table = { ...PREVIEW.table, exists: false };
    expect(printPreview({ ...PREVIEW, table }, 20, 100)[0]).toBe(
      'the table demo.ods_orders is missing: shown as it would be created (table.create: if_missing)',
    );
  });

  const nothing = { ...PREVIEW, rows: [], rejections: [] };
  const ended = (read: Partial<Preview['read']>, wanted = 20) =>
    printPreview({ ...nothing, read: { ...PREVIEW.read, ...read } }, wanted, 200);

  it.each([
    ['the topic is empty', { records: 0, topicPartitions: [{ ...place, first: 4, from: 4, end: 4 }] }],
    [
      'there are no records from there on (--from committed); --from earliest shows the first ones, --from latest the last',
      { records: 0, topicPartitions: [{ ...place, first: 0, from: 3, end: 3 }] },
    ],
    ['time was up before 20 records had come: raise --timeout', { records: 0, ended: 'deadline' as const }],
    [
      'time was up before 20 records had come: raise --timeout (all broker connections are down)',
      { records: 0, ended: 'deadline' as const, trouble: 'all broker connections are down' },
    ],
  ])('%s', (expected, read) => expect(ended(read)).toEqual([expected]));

  it('says no more than the sum when it found what was asked for', () =>
    expect(ended({ ended: 'records' }, 3)).toEqual([
      '3 records read in 1.2 s (--from committed): 0 rows of demo.ods_orders, 0 rejected; nothing was written',
    ]));
});
