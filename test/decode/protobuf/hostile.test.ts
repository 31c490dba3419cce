import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { LIMITS } from '../../../src/limits.ts';
import { type Decoded, type Plain, run } from '../cells.ts';
import { framed, protobufSchema, schemaText } from './samples.ts';

const parsed = (paths: readonly string[]): Path[] =>
  paths.map((path) => (path === '' ? [] : parsePath(path)));
const int = (value: number): Plain => ({ integer: BigInt(value) });

/** Values of the first message of a schema with registry id 7; `indexes`: of the message. */
function decode(schema: SchemaText, body: Uint8Array | number[], paths: string[], indexes = [0]): Decoded {
  const decoder = createDecoder({ format: 'protobuf', paths: parsed(paths) });
  decoder.schemas!.add(7, schema);
  const value = framed(7, Uint8Array.from(body), indexes);
  return run(decoder, parsed(paths), value, 0, value.length);
}

const raw = (declared: string, body: Uint8Array | number[], ...paths: string[]): Decoded =>
  decode(protobufSchema(schemaText(declared)), body, paths);

const text = (schema: string, references: SchemaText['references'] = [], body: number[] = []): Decoded =>
  decode(protobufSchema(schema, references), body, ['']);

const NODE =
  'message M { M m = 1; int32 v = 2; repeated M l = 3; repeated int32 n = 4; google.protobuf.Value j = 5; string s = 6; }';

/** As an unsigned varint. */
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** Field 1 so often, each without a byte. */
const empties = (count: number) => Buffer.alloc(2 * count, Uint8Array.of(0x0a, 0));

/** A message in a message, `levels` deep, each as field `tag`. */
function nested(tag: number, levels: number): number[] {
  const parts: number[][] = [];
  let length = 0;
  for (let i = 0; i < levels; i++) {
    parts.push([tag, ...varint(length)]);
    length += parts[i]!.length;
  }
  return parts.reverse().flat();
}

describe('a hostile Protobuf value', () => {
  it('is too deep where it is looked into, and passed over where it is not', () => {
    for (const tag of [0x0a, 0x1a]) {
      expect(raw(NODE, nested(tag, 10_000), '')).toMatchObject({ dirty: 'too_deep' });
      expect(raw(NODE, [...nested(tag, 10_000), 16, 9], 'v')).toEqual({ cells: [int(9)] });
    }
    expect(raw(NODE, nested(0x0a, LIMITS.depth), '')).toHaveProperty('cells');
    expect(raw(NODE, nested(0x0a, LIMITS.depth + 1), '')).toMatchObject({ dirty: 'too_deep' });
    expect(raw(NODE, nested(0x0a, 10_000), 'm.m.v')).toEqual({ cells: [int(0)] });
  });

  it('has groups without end or inside one another', () => {
    const groups = (levels: number) => [...Array(levels).fill(0x53), ...Array(levels).fill(0x54)];
    expect(raw(NODE, [...groups(LIMITS.depth), 16, 9], 'v')).toEqual({ cells: [int(9)] });
    expect(raw(NODE, groups(10_000), 'v')).toMatchObject({ dirty: 'too_deep' });
    expect(raw(NODE, [0x53, 8, 1], 'v')).toMatchObject({
      ...{
        dirty: 'invalid_protobuf',
        message: 'schema id 7: field number 10: the group 10 does not end, at byte 10',
      },
    });
    expect(raw(NODE, [0x54], 'v')).toMatchObject({ dirty: 'invalid_protobuf' });
    expect(raw(NODE, [0x53, 0x5c], 'v')).toMatchObject({ dirty: 'invalid_protobuf' });
  });

  it('declares lengths that it does not have', () => {
    const huge = varint(100 * 1024 * 1024);
    for (const [tag, path] of [
      [0x0a, 'm.v'],
      [0x22, 'n'],
      [0x32, 's'],
      [0x1a, 'l[0].v'],
      [0x52, 'v'],
      [0x2a, 'j.a'],
    ] as const) {
      for (const length of [
        huge,
        [5],
        [0xff, 0xff, 0xff, 0xff, 0x0f],
        [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1],
      ])
        expect(raw(NODE, [tag, ...length, 1, 1], path)).toMatchObject({ dirty: 'invalid_protobuf' });
    }
    expect(raw(NODE, [0x0a, 2, 0x32, 5, 1, 1, 1, 1, 1], 'm.s')).toMatchObject({
      message: 'schema id 7: field m.s: a length of 5 does not fit the 0 bytes that are left, at byte 11',
    });
    expect(raw(NODE, [0x22, 2, 1, 0x80, 1], 'n')).toMatchObject({
      message: 'schema id 7: field n: the value ends in the middle of an integer, at byte 10',
    });
  });

  it('has tags and integers that cannot be', () => {
    for (const body of [
      [0],
      [7, 1],
      [0x0e, 1],
      [0x0f, 1],
      [16],
      [16, ...Array(10).fill(0xff), 0],
      [16, ...Array(9).fill(0x80), 2],
      [0xf8, 0xff, 0xff, 0xff, 0x1f, 1],
      [0x80, 0x80, 0x80, 0x80, 0x80, 1, 1],
      [0x51, 1, 2],
      [0x55, 1, 2],
    ])
      for (const path of ['v', '', 'm.v'])
        expect([body, raw(NODE, body, path)]).toEqual([
          body,
          expect.objectContaining({ dirty: 'invalid_protobuf' }),
        ]);
  });

  it('has text that is not UTF-8, if it is mapped', () => {
    expect(raw(NODE, [0x32, 1, 0xff], 's')).toMatchObject({ dirty: 'invalid_utf8' });
    expect(raw(NODE, [0x32, 1, 0xff], '')).toMatchObject({ dirty: 'invalid_utf8' });
    expect(raw(NODE, [0x32, 1, 0xff, 16, 1], 'v')).toEqual({ cells: [int(1)] });
    expect(raw('message M { map<string, int32> m = 1; }', [0x0a, 3, 0x0a, 1, 0xff], 'm.a')).toMatchObject({
      dirty: 'invalid_utf8',
    });
  });

  it('asks for more values than fit the memory', () => {
    const million = LIMITS.treeCells + 1;
    const ints = Buffer.concat([Buffer.from([0x22, ...varint(million)]), Buffer.alloc(million, 1)]);
    expect(raw(NODE, ints, 'n')).toMatchObject({ dirty: 'too_long' });
    const stamps = 'message M { repeated google.protobuf.Timestamp l = 1; }';
    expect(raw(stamps, empties(million), 'l')).toMatchObject({ dirty: 'too_long' });
    const fields = Array.from({ length: 1000 }, (_, i) => `int32 f${i} = ${i + 1};`).join(' ');
    const wide = `message M { repeated W l = 1; } message W { ${fields} }`;
    expect(raw(wide, empties(4000), 'l')).toMatchObject({ dirty: 'too_long' });
    expect(raw(wide, empties(4000), 'l[3999].f7')).toEqual({ cells: [int(0)] });
  });

  it('changes its mind a hundred thousand times', () => {
    const declared =
      'message M { oneof c { N a = 1; N b = 2; google.protobuf.Struct s = 3; } } message N { int32 x = 1; repeated int32 l = 2; }';
    const body = [...Array(100_000).fill([0x0a, 2, 8, 1, 0x12, 2, 8, 2, 0x1a, 0]).flat(), 0x12, 2, 8, 3];
    expect(raw(declared, body, 'a.x', 'b.x', 'b', 's.k', 'a.l')).toEqual({
      cells: [
        undefined,
        int(3),
        {
          members: [
            ['x', int(3)],
            ['l', { items: [] }],
          ],
        },
        undefined,
        undefined,
      ],
    });
    const pieces = empties(100_000);
    expect(raw('message M { google.protobuf.Struct s = 1; }', pieces, 's')).toEqual({
      cells: [{ members: [] }],
    });
  });

  it('has times and decimals that no column takes', () => {
    const declared =
      'message M { google.protobuf.Timestamp t = 1; google.protobuf.Duration d = 2; repeated google.protobuf.Timestamp l = 3; }';
    const late = [8, ...varint(253_402_300_800)];
    expect(raw(declared, [0x0a, late.length, ...late], 't')).toMatchObject({ dirty: 'out_of_range' });
    expect(raw(declared, [0x1a, late.length, ...late], 'l')).toMatchObject({ dirty: 'out_of_range' });
    expect(raw(declared, [0x0a, 6, 16, ...varint(1_000_000_000)], 't')).toMatchObject({
      dirty: 'out_of_range',
    });
    expect(raw(declared, [0x12, 3, 8, 1, 16, 1], 'd')).toMatchObject({ dirty: 'invalid_protobuf' });
    const mixed = [8, 1, 16, ...Array(9).fill(0xff), 1];
    expect(raw(declared, [0x12, mixed.length, ...mixed], 'd')).toMatchObject({ dirty: 'out_of_range' });
  });
});

describe('the message indexes', () => {
  const schema = protobufSchema(`syntax = "proto3";
    message A { int32 a = 1; message B { int32 b = 1; message C { int32 c = 1; } } map<string, B> m = 2; message D { int32 d = 1; } }
    enum E { X = 0; } message F { int32 f = 1; }`);

  it('choose the message, also one inside another', () => {
    const by = (indexes: number[], path: string) => decode(schema, [8, 9], [path], indexes);
    expect(by([0], 'a')).toEqual({ cells: [int(9)] });
    expect(by([2, 0], 'a')).toEqual({ cells: [int(9)] });
    expect(by([2, 2], 'f')).toEqual({ cells: [int(9)] });
    expect(by([4, 0, 0], 'b')).toEqual({ cells: [int(9)] });
    expect(by([4, 0, 2], 'd')).toEqual({ cells: [int(9)] });
    expect(by([6, 0, 0, 0], 'c')).toEqual({ cells: [int(9)] });
    expect(by([0x84, 0, 0, 2], 'd')).toEqual({ cells: [int(9)] });
  });

  it('that the schema does not have are dirty', () => {
    for (const indexes of [
      [],
      [2],
      [2, 4],
      [2, 1],
      [4, 0, 4],
      [1],
      [0xfe, 0xff, 0xff, 0xff, 0x0f, 0],
      [0x80],
    ])
      expect([indexes, decode(schema, [], ['a'], indexes)]).toEqual([
        indexes,
        expect.objectContaining({ dirty: 'invalid_protobuf' }),
      ]);
    expect(decode(schema, [8, 9], ['a'], [2, 4])).toMatchObject({
      message: 'schema id 7: the schema has no message of index 2, at byte 8',
    });
  });
});

describe('a hostile schema', () => {
  const unusable = (why: string) => ({ dirty: 'invalid_protobuf', message: expect.stringContaining(why) });

  it('is no Protobuf', () => {
    for (const [schema, why] of [
      ['{"type":"record"}', 'line 1: expected a declaration, but found {'],
      ['', 'declares no message'],
      ['syntax = "proto4"; message M {}', 'expected proto2, proto3 or an edition'],
      ['message M {\n  int32 a = ; }', 'line 2: expected a field number from 1 to 536870911, not ;'],
      ['message M { int32 a = 0; }', 'field number'],
      ['message M { int32 a = 1; int32 b = 1; }', 'M has two fields of number 1'],
      ['message M { Missing a = 1; }', 'field a of M: there is no type Missing'],
      ['message M { int32 a = 1 [default = x]; }', 'default x is no whole number'],
      ['message M {} message M {}', 'M is declared twice'],
      ['message M { map<double, N> m = 1; } ', 'there is no type N'],
      ['message M { /* ', 'a comment is not closed'],
      ['message M { string s = "\n"; }', 'cannot stand here'],
      ['message M { ', 'the text ends'],
      ['message M { int32 a = 1 [(x) = { a: [', 'the text ends'],
      ['enum E { } message M { }', 'enum E has no values'],
      ['message M { N n = 1; } import "a.proto"; message M2 { reserved 1', "expected ';'"],
    ] as const)
      expect([schema, text(schema)]).toEqual([schema, expect.objectContaining(unusable(why))]);
    const avro = decode({ type: 'AVRO', text: '"int"', references: [] }, [], ['']);
    expect(avro).toMatchObject(unusable('of type AVRO, not PROTOBUF'));
  });

  it('nests, names or repeats without measure', () => {
    const bomb = `${'message M {'.repeat(10_000)}${'}'.repeat(10_000)}`;
    expect(text(bomb)).toMatchObject(unusable('at most 100 messages inside one another'));
    expect(text(`message M { ${'optional group G = 1 {'.repeat(10_000)}`)).toMatchObject(
      unusable('at most 100'),
    );
    expect(text(`package ${'a.'.repeat(10_000)}b; message M {}`)).toMatchObject(unusable('expected'));
    expect(text('/* '.repeat(1_000_000))).toMatchObject(unusable('comment'));
    expect(text(`${'"'.repeat(1_000_001)}`)).toMatchObject(unusable('expected'));
    const fields = Array.from({ length: 30_000 }, (_, i) => `int32 f${i} = ${i + 1};`).join('');
    expect(decode(protobufSchema(`message M { ${fields} }`), [8, 1], ['f0'])).toEqual({ cells: [int(1)] });
    const chain = Array.from(
      { length: 10_000 },
      (_, i) => `message M${i} { M${(i + 1) % 10_000} next = 1; }`,
    ).join('\n');
    expect(decode(protobufSchema(chain), [0x0a, 0], ['next.next'])).toEqual({ cells: [undefined] });
  });

  it('imports in a circle, twice or nothing that is there', () => {
    const references = [
      { name: 'a.proto', text: 'import "b.proto"; message A { optional B b = 1; }' },
      { name: 'b.proto', text: 'import "a.proto"; message B { optional A a = 1; optional int32 v = 2; }' },
      {
        name: 'other/b.proto',
        text: 'import "a.proto"; message B { optional A a = 1; optional int32 v = 2; }',
      },
    ];
    const schema = 'import "a.proto"; import "google/api/annotations.proto"; message M { optional A a = 1; }';
    expect(decode(protobufSchema(schema, references), [0x0a, 4, 0x0a, 2, 16, 5], ['a.b.v'])).toEqual({
      cells: [int(5)],
    });
    expect(text(schema, [{ name: 'a.proto', text: 'message {' }])).toMatchObject(
      unusable('a.proto: line 1: expected a name'),
    );
  });
});
