import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cell, TREE } from '../../../src/decode/cell/cell.ts';
import { treeJson } from '../../../src/decode/cell/tree-json.ts';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { DecoderSpec } from '../../../src/decode/decoder.ts';
import { parsePath } from '../../../src/decode/path/path.ts';
import { LIMITS } from '../../../src/limits.ts';
import { type Plain, plain } from '../cells.ts';
import { canalDdl, canalMessage, type Json } from './canal-samples.ts';

/** The cells of each row, or why the message is dirty. */
function rowsOf(message: Json | string, ...sources: string[]): (Plain | string)[][] | string {
  const spec: DecoderSpec = { format: 'json', envelope: 'canal', paths: sources.map(parsePath) };
  const decoder = createDecoder(spec);
  const text = typeof message === 'string' ? message : JSON.stringify(message);
  const bytes = new Uint8Array(Buffer.from(`{"${text}\0`));
  const cells = spec.paths.map(() => new Cell());
  const problem = decoder.decode(bytes, 2, bytes.length - 1, cells);
  if (problem) return `${problem.code}: ${problem.message}`;
  return Array.from({ length: decoder.rows!() }, (_, row) => {
    const dirty = row === 0 ? null : decoder.select!(row, cells);
    return dirty ? [`${dirty.code}: ${dirty.message}`] : cells.map(shown);
  });
}

const shown = (cell: Cell): Plain | string => (cell.kind === TREE ? treeJson(cell.tree!) : plain(cell));

const [a, b] = [
  { id: '111', name: 'scooter', weight: '5.18' },
  { id: '112', name: null, weight: '8.1' },
];

describe('a message of Canal', () => {
  it('has a row for each element of data', () => {
    const sources = [
      'id',
      'name',
      '__op__',
      '__deleted__',
      '__row__',
      '__source_time__',
      '__source__.database',
    ];
    const same = [{ instant: [1_732_181_571, 0] }, { string: 'inventory' }];
    const rows = (op: string, deleted: boolean) => [
      [{ string: '111' }, { string: 'scooter' }, { string: op }, deleted, { integer: 0n }, ...same],
      [{ string: '112' }, null, { string: op }, deleted, { integer: 1n }, ...same],
    ];
    expect(rowsOf(canalMessage('INSERT', [a, b]), ...sources)).toEqual(rows('insert', false));
    expect(rowsOf(canalMessage('DELETE', [a, b]), ...sources)).toEqual(rows('delete', true));
    const old = [{ name: 'x' }, { name: 'y' }];
    expect(rowsOf(canalMessage('UPDATE', [a, b], old), ...sources)).toEqual(rows('update', false));
  });

  it('has the fields before an update: those that it changed, and the rest', () => {
    const update = canalMessage(
      'UPDATE',
      [a, b, a],
      [{ weight: '5.15' }, { name: 'car', weight: null }, null],
    );
    expect(
      rowsOf(update, '__before__.weight', 'weight', '__before__.name', '__after__.name', '__before__.none'),
    ).toEqual([
      [{ string: '5.15' }, { string: '5.18' }, { string: 'scooter' }, { string: 'scooter' }, undefined],
      [null, { string: '8.1' }, { string: 'car' }, null, undefined],
      [{ string: '5.18' }, { string: '5.18' }, { string: 'scooter' }, { string: 'scooter' }, undefined],
    ]);
    expect(rowsOf(update, '__before__', '__after__')).toEqual([
      ['{"id":"111","name":"scooter","weight":"5.15"}', { json: JSON.stringify(a) }],
      ['{"id":"112","name":"car","weight":null}', { json: JSON.stringify(b) }],
      [{ json: JSON.stringify(a) }, { json: JSON.stringify(a) }],
    ]);
  });

  it('has one image of other changes', () => {
    const sources = ['__before__.id', '__after__.id', '__before__', '__after__'];
    const [id, whole] = [{ string: '111' }, { json: JSON.stringify(a) }];
    expect(rowsOf(canalMessage('INSERT', [a]), ...sources)).toEqual([[undefined, id, undefined, whole]]);
    expect(rowsOf(canalMessage('DELETE', [a]), ...sources)).toEqual([[id, undefined, whole, undefined]]);
  });

  it('has members of its own', () => {
    const sources = ['__source__.pkNames[0]', '__source__.mysqlType.name', '__source__.ts', '__source__'];
    const message = canalMessage('INSERT', [a]);
    expect(rowsOf(message, ...sources)).toEqual([
      [
        ...[{ string: 'id' }, { string: 'varchar(255)' }, { number: '1732181571225' }],
        { json: JSON.stringify(message) },
      ],
    ]);
  });

  it('without rows is dirty as such', () => {
    expect(rowsOf(canalDdl('ALTER', 'ALTER TABLE `products` ADD COLUMN c int'), 'id')).toMatch(
      /^no_row: type "ALTER"/,
    );
    expect(rowsOf(canalDdl('QUERY', 'CREATE DATABASE `x`'), 'id')).toMatch(/^no_row/);
    expect(rowsOf(canalDdl('TRUNCATE', 'truncate table products'), 'id')).toMatch(/^no_row/);
    expect(rowsOf(canalMessage('TRUNCATE', null), 'id')).toMatch(/^no_row/);
    expect(rowsOf(canalMessage('INSERT', null), 'id')).toBe('no_row: the message has no rows in data');
    expect(rowsOf(canalMessage('INSERT', []), 'id')).toBe('no_row: the message has no rows in data');
    expect(rowsOf(canalMessage('constructor', [a]), 'id')).toMatch(/^no_row/);
  });

  it('that is none is dirty', () => {
    expect(rowsOf('{"id":1}', 'id')).toMatch(/^not_an_envelope: the value has no type/);
    expect(rowsOf({ ...canalMessage('INSERT', null), data: 'x' }, 'id')).toMatch(
      /^not_an_envelope: data is no array/,
    );
    expect(rowsOf({ ...canalMessage('INSERT', null), data: a }, 'id')).toMatch(
      /^not_an_envelope: data is no array/,
    );
    expect(rowsOf({ ...canalMessage('INSERT', [a]), es: 'now' }, '__source_time__')).toMatch(
      /^not_an_envelope: es/,
    );
    const mixed = { ...canalMessage('INSERT', [a]), data: [a, 1] };
    expect(rowsOf(mixed, '__op__')).toEqual([
      [{ string: 'insert' }],
      ['not_an_envelope: an element of data is no object'],
    ]);
    expect(rowsOf('[1]', 'id')).toMatch(/^not_an_object/);
    expect(rowsOf('{"type":"INSERT","data":[{]}', 'id')).toMatch(/^invalid_json/);
    const half = '{"type":"INSERT","data":[{"id":"1"},{"id":"\\ud800"}]}';
    expect(rowsOf(half, 'id')).toEqual([
      [{ string: '1' }],
      [expect.stringMatching(/^invalid_utf8: in data\[1\]/)],
    ]);
  });

  it('of more rows than may be is dirty', () => {
    const data = `[${'{},'.repeat(LIMITS.rowsPerRecord)}{}]`;
    expect(rowsOf(`{"type":"INSERT","data":${data}}`, '__op__')).toMatch(
      /^row_too_large: data has more than/,
    );
  });

  it('is found whatever white space and nesting is in it', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constant(null),
      fc.jsonValue({ maxDepth: 3 }),
      fc.constantFrom(']', '}', '"', '\\', '[{', '\\"]'),
    );
    const space = fc.constantFrom(0, 1, '\t', '\n  ');
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), space, (values, indent) => {
        const data = values.map((x, n) => ({ n, x, y: 'end' }));
        const message = JSON.stringify({ type: 'INSERT', data, z: [1] }, null, indent);
        expect(rowsOf(message, 'n', 'y')).toEqual(
          values.map((_, n) => [{ number: `${n}` }, { string: 'end' }]),
        );
      }),
      { numRuns: 500 },
    );
  });
});
