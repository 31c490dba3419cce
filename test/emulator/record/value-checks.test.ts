import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createArrowReader } from '../../../src/emulator/arrow/arrow-reader.ts';
import { arrowFrames } from '../../../src/emulator/arrow/arrow-writer.ts';
import { parseType } from '../../../src/emulator/model/types.ts';
import { type Cell, rowHandler } from '../../../src/emulator/record/cells.ts';
import { createRecordReader } from '../../../src/emulator/record/record-reader.ts';
import { createRecordWriter } from '../../../src/emulator/record/record-writer.ts';
import { requiredColumns } from '../../../src/emulator/record/value-checks.ts';
import { createParquetWriter } from '../../../src/emulator/store/parquet/writer.ts';

interface TestColumn {
  name: string;
  type: string;
  nullable?: boolean;
}

const columnsOf = (columns: readonly TestColumn[]) =>
  columns.map(({ name, type, nullable = true }) => ({ name, type: parseType(type), nullable }));

function readRecords(columns: readonly TestColumn[], rows: readonly Cell[][]): Cell[][] {
  const typed = columnsOf(columns);
  const types = typed.map(({ type }) => type);
  const writer = createRecordWriter(types);
  for (const row of rows) writer.add(row);
  const read: Cell[][] = [];
  const keep = rowHandler(typed, (row) => read.push([...row]));
  const reader = createRecordReader(types, keep, requiredColumns(typed, ['key']));
  reader.push(writer.end());
  reader.end();
  return read;
}

/** As the store takes them: from the record into a file, without a cell. */
function stageRecords(columns: readonly TestColumn[], rows: readonly Cell[][]): void {
  const typed = columnsOf(columns);
  const types = typed.map(({ type }) => type);
  const writer = createRecordWriter(types);
  for (const row of rows) writer.add(row);
  const names = typed.map(({ name }) => name);
  const file = createParquetWriter(join(tmpdir(), `${randomUUID()}.parquet`), types, names);
  try {
    const reader = createRecordReader(types, file.onRecord);
    reader.push(writer.end());
    reader.end();
  } finally {
    file.abort();
  }
}

async function readArrow(columns: readonly TestColumn[], rows: readonly Cell[][]): Promise<Cell[][]> {
  const typed = columnsOf(columns);
  const read: Cell[][] = [];
  const reader = createArrowReader(typed, (row) => read.push([...row]), requiredColumns(typed, ['key']));
  async function* once() {
    yield rows;
  }
  for await (const piece of arrowFrames(typed, once(), { timestamp: 'struct' })) reader.push(piece);
  reader.end();
  return read;
}

const refusal = (error: { status?: number; code?: string; message: string }) => {
  expect(error).toMatchObject({ status: 400, code: 'MalformedDataStream' });
  return error.message;
};

/** What each format says to a column of `type` whose second row holds `cell`. */
async function said(type: string, cell: Cell): Promise<readonly string[]> {
  const columns = [
    { name: 'n', type: 'bigint' },
    { name: 'c', type },
  ];
  const rows: Cell[][] = [
    [1n, null],
    [2n, cell],
  ];
  const records = await Promise.resolve()
    .then(() => readRecords(columns, rows))
    .then(() => 'taken', refusal);
  const staged = await Promise.resolve()
    .then(() => stageRecords(columns, rows))
    .then(() => 'taken', refusal);
  const arrow = await readArrow(columns, rows).then(() => 'taken', refusal);
  return [records, staged, arrow];
}

const SECOND = 1_000_000_000n;
const large = 8 * 1024 * 1024 + 1;

/** Type, value, and what is wrong with it. */
const REFUSED: readonly (readonly [string, Cell, RegExp])[] = [
  ['date', -719163, /-719163 is outside date/],
  ['date', 2932897, /2932897 is outside date/],
  ['datetime', -62_135_683_200_001n, /is outside datetime/],
  ['datetime', 253_402_387_200_001n, /is outside datetime/],
  ['timestamp', -62_135_683_201n * SECOND, /are outside timestamp/],
  ['timestamp', 253_402_387_200n * SECOND, /are outside timestamp/],
  ['timestamp_ntz', 253_402_387_200n * SECOND, /are outside timestamp_ntz/],
  ['array<date>', [2932897], /2932897 is outside date/],
  ['varchar(3)', 'ab中文', /a text of 4 characters does not fit into varchar\(3\)/],
  ['char(2)', '😀😀😀', /a text of 3 characters does not fit into char\(2\)/],
  ['map<string,varchar(1)>', [['k', 'ab']], /does not fit into varchar\(1\)/],
  ['decimal(4,2)', '100', /100(\.00)? does not fit into decimal\(4,2\)/],
  ['decimal(4,2)', '-123.45', /-123.45 does not fit into decimal\(4,2\)/],
  ['array<decimal(38,18)>', [`1${'0'.repeat(20)}`], /does not fit into decimal\(38,18\)/],
  ['json', '{"a":', /a JSON value is none/],
  ['json', 'NaN', /a JSON value is none/],
  ['json', '', /a JSON value is none/],
  ['decimal(38,18)', `1${'0'.repeat(20)}`, /does not fit into decimal\(38,18\)/],
  ['map<string,bigint>', [[null, 1n]], /a MAP has a NULL key/],
  [
    'map<bigint,bigint>',
    [
      [1n, 1n],
      [2n, 2n],
      [1n, 3n],
    ],
    /a MAP has the key 1 twice/,
  ],
  ['string', 'x'.repeat(large), /a value of 8388609 bytes is larger than MaxFieldSize 8388608/],
  ['binary', new Uint8Array(large), /larger than MaxFieldSize/],
  [
    'array<array<boolean>>',
    Array<Cell>(9).fill(Array<boolean>(1024 * 1024).fill(true)),
    /larger than MaxFieldSize/,
  ],
];

const TAKEN: readonly (readonly [string, Cell])[] = [
  ['bigint', -(2n ** 63n)],
  ['date', -719162],
  ['date', 2932896],
  ['datetime', 253_402_300_799_999n],
  ['timestamp', 253_402_300_799n * SECOND + 999_999_999n],
  ['timestamp', -62_135_596_800n * SECOND],
  ['char(2)', '😀😀'],
  ['decimal(4,2)', '-99.99'],
  ['decimal(2,2)', '0.99'],
  ['json', '{"a": [1, null]}'],
  ['decimal(4,2)', '+9.994'],
  ['varchar(3)', '中文x'],
  ['interval_day_time', -1n],
  ['string', 'x'.repeat(large - 1)],
];

describe('values', () => {
  it.each(REFUSED)(
    'of %s that it does not take are refused in records and in Arrow alike',
    async (type, cell, text) => {
      for (const message of await said(type, cell)) {
        expect(message).toMatch(text);
        expect(message).toMatch(/^row 1: column /);
      }
    },
  );

  it.each(TAKEN)('of %s at its edge are taken', async (type, cell) => {
    expect(await said(type, cell)).toEqual(['taken', 'taken', 'taken']);
  });

  it('with more fraction digits than the scale are taken if rounding leaves room', async () => {
    const read = (text: string) => readRecords([{ name: 'd', type: 'decimal(4,2)' }], [[text]]);
    expect(read('99.994')).toEqual([['99.994']]);
    expect(() => read('99.995')).toThrow(/99.995 does not fit into decimal\(4,2\)/);
    expect(() => read('.')).toThrow(/no decimal/);
  });

  it.each([
    ['1E-18', '0.000000000000000001'],
    ['0E-18', '0.000000000000000000'],
    ['-1.5e+3', '-1500'],
    ['12.345E1', '123.45'],
    ['12.345E-1', '1.2345'],
    ['.5e1', '5'],
    ['5.E-1', '0.5'],
  ])('of DECIMAL may have an exponent: %s', (text, plain) => {
    const columns = [
      { name: 'd', type: 'decimal(38,18)' },
      { name: 'a', type: 'array<decimal(38,18)>' },
    ];
    expect(readRecords(columns, [[text, [text]]])).toEqual([[plain, [plain]]]);
  });

  it.each(['1e', 'e1', '1e1.5', '1e1000', '1ee1', 'NaN', 'Infinity'])(
    'of DECIMAL are refused when they are no number: %s',
    (text) => {
      const read = () => readRecords([{ name: 'd', type: 'decimal(38,18)' }], [[text]]);
      expect(read).toThrow(`row 0: column d: "${text}" is no decimal`);
    },
  );

  it('of DECIMAL must fit with their exponent', () => {
    const read = (text: string) => readRecords([{ name: 'd', type: 'decimal(4,2)' }], [[text]]);
    expect(() => read('1e2')).toThrow(/100 does not fit into decimal\(4,2\)/);
    expect(read('9999e-2')).toEqual([['99.99']]);
  });

  it('must be there in NOT NULL columns and in keys', async () => {
    const columns = [
      { name: 'key', type: 'bigint' },
      { name: 'must', type: 'string', nullable: false },
      { name: 'may', type: 'string' },
    ];
    const good: Cell[] = [1n, 'x', null];
    for (const [row, text] of [
      [[null, 'x', 'x'], /^row 1: column key is NULL/],
      [[1n, null, 'x'], /^row 1: column must is NULL/],
    ] as const) {
      expect(() => readRecords(columns, [good, [...row]])).toThrow(text);
      await expect(readArrow(columns, [good, [...row]])).rejects.toThrow(text);
    }
    expect(readRecords(columns, [good])).toEqual([good]);
    expect(await readArrow(columns, [good])).toEqual([good]);
  });

  it('of texts must be UTF-8', async () => {
    const NOT_UTF8 = /row 0: column s: a text is not valid UTF-8, other bytes are kept .* in BINARY only/;
    const bytes = new Uint8Array([0x61, 0xff]);
    const writer = createRecordWriter([{ name: 'BINARY' }]);
    writer.add([bytes]);
    const columns = columnsOf([{ name: 's', type: 'string' }]);
    const types = columns.map(({ type }) => type);
    const records = createRecordReader(
      types,
      rowHandler(columns, () => {}),
    );
    expect(() => records.push(writer.end())).toThrow(NOT_UTF8);
    const arrow = createArrowReader(columns, () => {});
    async function* once() {
      yield [[bytes]];
    }
    const push = async () => {
      const binary = columnsOf([{ name: 's', type: 'binary' }]);
      for await (const piece of arrowFrames(binary, once(), { timestamp: 'struct' })) arrow.push(piece);
    };
    await expect(push()).rejects.toThrow(NOT_UTF8);
  });
});
