import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, displayWidth, layOut, printable } from '../../src/preview/layout.ts';
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

describe('text in columns', () => {
  it('Chinese characters and emoji are two cells wide, accents none', () => {
    expect(['a', '杭州', 'Ｚ', '😀', 'e\u0301', ''].map(displayWidth)).toEqual([1, 4, 2, 2, 1, 0]);
  });

  it('is cut with an ellipsis only when it does not fit', () => {
    expect([cut('abcd', 4), cut('abcde', 4), cut('杭州市', 6), cut('杭州市', 5), cut('杭州市', 4)]).toEqual([
      'abcd',
      'abc…',
      '杭州市',
      '杭州…',
      '杭…',
    ]);
  });

  const anything = fc.string({ unit: 'grapheme', maxLength: 40 });

  it('never is wider than asked for, and keeps what fits', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 1, max: 50 }), (text, width) => {
        const kept = cut(text, width);
        expect(displayWidth(kept)).toBeLessThanOrEqual(width);
        expect(kept === text).toBe(displayWidth(text) <= width);
      }),
    );
  });

  it('nothing of a record reaches the terminal as a command', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(printable(text)).not.toMatch(/\p{Cc}|\p{Cf}|[\u2028\u2029]/u);
      }),
    );
    expect(printable('a\tb\u001b]0;x\u0007\u202e')).toBe('a\\tb\\u{1b}]0;x\\u{7}\\u{202e}');
    expect(printable('杭州 é 😀')).toBe('杭州 é 😀');
  });

  it('lines fit into the room as long as the first columns do', () => {
    const cells = fc.array(
      anything.map((text) => ({ text })),
      { minLength: 4, maxLength: 4 },
    );
    fc.assert(
      fc.property(
        fc.array(cells, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 45, max: 200 }),
        (rows, room) => {
          const { lines, hidden } = layOut(rows, room, 1);
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(Math.max(room, 80));
          expect(hidden).toBeGreaterThanOrEqual(0);
          if (room >= 40 + 3 * 8) expect(hidden).toBe(0);
        },
      ),
    );
  });
});
