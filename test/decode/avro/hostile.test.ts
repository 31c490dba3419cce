import { describe, expect, it } from 'vitest';
import { createAvroDecoder } from '../../../src/decode/avro/avro.ts';
import { Cell } from '../../../src/decode/cell/cell.ts';
import { treeJson } from '../../../src/decode/cell/tree-json.ts';
import type { Path } from '../../../src/decode/path/path.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { LIMITS } from '../../../src/limits.ts';
import { framed } from '../../support/framed.ts';
import { type Decoded, run } from '../cells.ts';
import { avroSchema } from './samples.ts';

const ID = 7;

function decode(schema: SchemaText, body: Uint8Array, ...paths: Path[]): Decoded {
  const decoder = createAvroDecoder(paths);
  decoder.schemas!.add(ID, schema);
  const value = framed(ID, body);
  return run(decoder, paths, value, 0, value.length);
}

const count = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));
const schemaOf = (schema: unknown): SchemaText => avroSchema(JSON.stringify(schema));
const field = (name: string, type: unknown) => ({ name, type });
const record = (name: string, ...fields: object[]) => ({ type: 'record', name, fields });

/** A varint, zig-zag. */
function long(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt(value) * 2n; ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
}

describe('a schema that is made to harm', () => {
  const unusable = (reason: string) => ({
    dirty: 'invalid_avro',
    message: expect.stringContaining(`schema id ${ID} cannot be used: ${reason}`),
  });

  it('is nested without end', () => {
    const text = `${'{"type":"array","items":'.repeat(100_000)}"int"${'}'.repeat(100_000)}`;
    expect(decode(avroSchema(text), Buffer.of(0), [])).toMatchObject(unusable('its types are nested deeper'));
    expect(decode(avroSchema('['.repeat(100_000)), Buffer.of(0), [])).toMatchObject(unusable(''));
  });

  it('is a chain of types, each flat, without end', () => {
    const chain = [record('R0'), ...count(40_000, (i) => record(`R${i + 1}`, field('a', `R${i}`)))];
    const references = chain.map((one) => ({ name: one.name, text: JSON.stringify(one) }));
    const schema = { ...avroSchema('{"type":"array","items":"R40000"}'), references };
    for (const path of [[], [0, 'a', 'a']]) {
      const found = decode(schema, Buffer.of(0), path);
      expect(found).toMatchObject(unusable('its types are nested too deep'));
    }
  });

  it('is longer than the limit', () => {
    const schema = avroSchema(`"${' '.repeat(LIMITS.schemaChars)}"`);
    expect(decode(schema, Buffer.of(0), [])).toMatchObject(unusable(`it has ${LIMITS.schemaChars + 2} char`));
  });

  it('has 100,000 fields, and is read all the same', () => {
    const fields = count(100_000, (i) => field(`f${i}`, i % 2 === 0 ? 'int' : ['null', 'string']));
    const body = Buffer.from(count(100_000, (i) => (i % 2 === 0 ? 2 : 0)));
    expect(decode(schemaOf(record('R', ...fields)), body, ['f99998'], ['f99999'], ['f7'])).toEqual({
      cells: [{ integer: 1n }, null, null],
    });
  });

  it('has a union of 10,000 branches, in each of them one of 50, and a path through all', () => {
    const inner = count(50, (i) => record(`I${i}`, field('x', 'int')));
    const names = inner.map(({ name }) => name);
    const branches = count(10_000, (i) => record(`B${i}`, field('u', i === 0 ? inner : names)));
    const body = Buffer.from([...long(9_999), ...long(49), 6]);
    expect(decode(schemaOf(record('R', field('e', branches))), body, ['e', 'u', 'x'])).toEqual({
      cells: [{ integer: 3n }],
    });
  });

  it('doubles with every type: in records without bytes, and in unions', () => {
    const doubling = (last: unknown) =>
      count(60, (i) => i).reduce<unknown>(
        (inner, i) => record(`L${i}`, field('a', inner), field('b', i === 0 ? last : `L${i - 1}`)),
        last,
      );
    const empty = schemaOf(record('R', field('bomb', doubling('null')), field('a', 'int')));
    expect(decode(empty, Buffer.of(2), ['a'])).toEqual({ cells: [{ integer: 1n }] });
    expect(decode(empty, Buffer.of(2), ['bomb', 'b', 'b'], ['a'])).toMatchObject({ dirty: 'too_long' });
    const full = schemaOf(record('R', field('bomb', doubling('int')), field('a', 'int')));
    expect(decode(full, Buffer.alloc(1000), ['a'])).toMatchObject({ dirty: 'invalid_avro' });
    expect(decode(full, Buffer.alloc(1000), ['bomb'])).toMatchObject({ dirty: 'invalid_avro' });
  });

  it('has records that hold themselves, of which no value exists', () => {
    const self = schemaOf(record('R', field('r', 'R'), field('a', { type: 'array', items: 'R' })));
    for (const path of [['r', 'r'], ['a'], []])
      expect(decode(self, Buffer.alloc(100), path)).toMatchObject({ dirty: 'too_deep' });
    const items = schemaOf(record('A', field('a', { type: 'array', items: record('R', field('r', 'R')) })));
    expect(decode(items, Buffer.of(2, 0), ['a'])).toMatchObject({ dirty: 'invalid_avro' });
  });
});

describe('a value that is made to harm', () => {
  const node = schemaOf(
    record('R', field('next', ['null', 'R']), field('all', { type: 'array', items: 'R' })),
  );
  const tree = schemaOf(record('R', field('m', { type: 'map', values: { type: 'array', items: 'R' } })));

  it('has 10,000 levels', () => {
    const chain = Buffer.from([...count(10_000, () => 2), 0, ...count(10_001, () => 0)]);
    const maps = Buffer.from(count(10_000, () => [2, 0, 2]).flat());
    for (const path of [[], ['next', 'next'], ['all'], ['x']]) {
      expect(decode(node, chain, path)).toMatchObject({
        dirty: 'too_deep',
        message: `schema id ${ID}: the value is nested deeper than ${LIMITS.depth} levels`,
      });
    }
    for (const path of [[], ['m', ''], ['x']])
      expect(decode(tree, maps, path)).toMatchObject({ dirty: 'too_deep' });
  });

  it('has unions in arrays in maps, as deep as they may be, on a small stack', () => {
    const deep = (type: unknown, levels: number): unknown =>
      levels === 0 ? type : { type: 'array', items: ['null', deep(type, levels - 1)] };
    const schema = schemaOf(record('R', field('a', deep('R', 240))));
    const value = Buffer.from([...count(4_000, () => [2, 2]).flat(), ...count(9_000, () => 0)]);
    expect(decode(schema, value, ['a'])).toMatchObject({ dirty: 'too_deep' });
    expect(decode(schema, value, ['b'])).toMatchObject({ dirty: 'too_deep' });
  });

  it('has more items than bytes', () => {
    const nulls = { type: 'array', items: 'null' };
    const schema = schemaOf(record('R', field('a', { type: 'array', items: nulls }), field('b', 'int')));
    const bomb = Buffer.from([...long(5_000), ...count(5_000, () => [...long(100_000), 0]).flat(), 0, 2]);
    expect(decode(schema, bomb, ['a'])).toMatchObject({ dirty: 'too_long' });
    expect(decode(schema, bomb, ['a', 4_999, 99_999], ['b'])).toEqual({ cells: [null, { integer: 1n }] });
    expect(decode(schema, bomb, ['b'])).toEqual({ cells: [{ integer: 1n }] });
  });

  it('has blocks whose number or size lies', () => {
    const schema = schemaOf(record('R', field('a', { type: 'array', items: 'int' }), field('b', 'int')));
    const bodies = [
      [...long(2 ** 40), 2, 2],
      [...long(-3), ...long(2 ** 40), 2, 2, 2, 0, 2],
      [...long(2), 2],
      [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    ];
    for (const body of bodies)
      for (const path of ['a', 'b'])
        expect([body, path, decode(schema, Buffer.from(body), [path])]).toMatchObject([
          body,
          path,
          { dirty: 'invalid_avro' },
        ]);
  });

  it('has members that are names of JavaScript', () => {
    const schema = schemaOf({ type: 'map', values: { type: 'map', values: 'int' } });
    const name = (text: string) => [...long(text.length), ...Buffer.from(text)];
    const value = framed(ID, Buffer.from([2, ...name('__proto__'), 2, ...name('constructor'), 2, 0, 0]));
    const paths = [[], ['__proto__', 'constructor'], ['toString'], ['__proto__', 'polluted']];
    const decoder = createAvroDecoder(paths);
    decoder.schemas!.add(ID, schema);
    const cells = paths.map(() => new Cell());
    expect(decoder.decode(value, 0, value.length, cells)).toBe(null);
    expect(treeJson(cells[0]!.tree!)).toBe('{"__proto__":{"constructor":1}}');
    expect(run(decoder, paths, value, 0, value.length)).toMatchObject({
      cells: [expect.anything(), { integer: 1n }, undefined, undefined],
    });
    expect(({} as { constructor: unknown }).constructor).toBe(Object);
  });
});
