import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { type Decoded, type Plain, run } from '../cells.ts';
import {
  cellAt,
  encode,
  framed,
  message,
  protobufSchema,
  scalars,
  schemaText,
  typed,
  wellKnown,
} from './samples.ts';

const ID = 0x01020304;

/** A value of the Confluent wire format, in the middle of other bytes. */
function decode(schema: SchemaText, value: Uint8Array, paths: readonly Path[]): Decoded {
  const decoder = createDecoder({ format: 'protobuf', paths });
  decoder.schemas!.add(ID, schema);
  const bytes = new Uint8Array(Buffer.concat([Buffer.from('before'), value, Buffer.from('\0behind')]));
  return run(decoder, paths, bytes, 6, 6 + value.length);
}

/** `declared`: the first message is that of the value. */
function raw(declared: string, body: Uint8Array | number[], ...paths: string[]): Decoded {
  const schema = protobufSchema(/^syntax|^edition/.test(declared) ? declared : schemaText(declared));
  return decode(schema, framed(ID, Uint8Array.from(body)), parsed(paths));
}

/** Encodes message M with protobufjs, then decodes. */
function through(declared: string, value: unknown, ...paths: string[]): Decoded {
  const text = schemaText(declared);
  return raw(text, encode(text, 'test.M', value), ...paths);
}

const parsed = (paths: readonly string[]): Path[] =>
  paths.map((path) => (path === '' ? [] : parsePath(path)));
const int = (value: number | bigint): Plain => ({ integer: BigInt(value) });
const cells = (...expected: Plain[]): Decoded => ({ cells: expected });

/** A tag, the length of the bytes, the bytes. */
const delimited = (tag: number, ...bytes: number[]) => {
  const { length } = bytes;
  return [tag, ...(length < 128 ? [length] : [(length & 127) | 128, length >> 7]), ...bytes];
};

const PATHS: Path[] = [
  ...[[], ['f_0'], ['f0'], ['f_1'], ['f_3'], ['f_0', 'f_0'], ['f0', 'f_1'], ['f_1', 'f0'], ['f_0', 0]],
  ...[
    ['f_0', 1, 'f_0'],
    ['f_1', 0],
    ['f_1', 0, 'f_1'],
    ['f_0', 'f_0', 'f_0'],
    ['f_0', 'x.y'],
  ],
  ...[
    ['f_1', '', 'f_0'],
    ['f_2', 'constructor'],
    ['f_0', 'value'],
    ['f_0', 'seconds'],
    ['f_1', 'nanos'],
  ],
  ['f_2', 'none'],
];

describe('what protobufjs encodes', () => {
  it('comes back in the cells, for random schemas, values and paths, packed or not', () => {
    const cases = message(2).chain((type) => type.sample.map((sample) => ({ type, sample })));
    fc.assert(
      fc.property(cases, fc.shuffledSubarray(PATHS, { minLength: 1 }), ({ type, sample }, paths) => {
        const text = schemaText(type.declared);
        const body = encode(text, `test.${type.type}`, sample.value);
        const schema = protobufSchema(text.replaceAll(/ \[packed = \w+\]/g, ''));
        const decoder = createDecoder({ format: 'protobuf', paths, schema, message: `test.${type.type}` });
        const result = run(decoder, paths, body, 0, body.length);
        expect(result).toEqual({ cells: paths.map((path) => cellAt(sample, path)) });
      }),
      { numRuns: 250 },
    );
  });

  it('comes back for every scalar and well-known type', () => {
    for (const { type, declared, sample } of [...scalars(), ...wellKnown()]) {
      const text = schemaText(`message M { ${type} f_0 = 1; repeated ${type} l = 2; }\n${declared}`);
      fc.assert(
        fc.property(sample, ({ value, cell }) => {
          const body = encode(text, 'test.M', { f_0: value, l: [value] });
          const members = [
            ['f_0', cell],
            ['l', { items: [cell] }],
          ] as [string, Plain][];
          expect(raw(text, body, 'f0', 'f_0', 'l[0]', '')).toEqual(cells(cell, cell, cell, { members }));
        }),
        { numRuns: 20 },
      );
    }
  });

  it('is a row or dirty when cut anywhere and when bytes change, and never throws', () => {
    const cases = typed(2).chain((type) => type.sample.map((sample) => ({ type, sample })));
    const ways = [['b'], [], ['f', 'f_0'], ['f', 0], ['f', 'f_0', 'f_0'], ['f', 'f_1', 0]] as Path[];
    fc.assert(
      fc.property(cases, fc.nat(), fc.nat({ max: 255 }), ({ type, sample }, where, byte) => {
        const text = schemaText(`message M { ${type.type} f = 1; bool b = 2; }\n${type.declared}`);
        const value = framed(ID, encode(text, 'test.M', { f: sample.value, b: true }));
        const decoder = createDecoder({ format: 'protobuf', paths: ways });
        decoder.schemas!.add(ID, protobufSchema(text));
        const row = (bytes: Uint8Array) => run(decoder, ways, bytes, 0, bytes.length);
        for (let end = 0; end < value.length; end++) row(value.subarray(0, end));
        const changed = Uint8Array.from(value);
        changed[5 + (where % (value.length - 5))] = byte;
        row(changed);
      }),
      { numRuns: 150 },
    );
  });
});

describe('integers', () => {
  it('are exact at the edges of 64 bits, also above 2^63 and inside trees', () => {
    const max = 2n ** 64n - 1n;
    const declared = 'message M { uint64 u = 1; fixed64 f = 2; int64 i = 3; sint64 s = 4; }';
    const halves = (value: bigint) => ({ low: Number(value & 0xffff_ffffn), high: Number(value >> 32n) });
    const value = { u: halves(max), f: halves(max), i: halves(2n ** 63n), s: { low: 0, high: -(2 ** 31) } };
    const members: [string, Plain][] = [
      ['u', int(max)],
      ['f', int(max)],
      ['i', int(-(2n ** 63n))],
      ['s', int(-(2n ** 63n))],
    ];
    expect(through(declared, value, 'u', 'f', 'i', 's', '')).toEqual(
      cells(...members.map(([, cell]) => cell), { members }),
    );
  });

  it('take the lower bits of a longer varint, and any number but 0 is true', () => {
    const declared = 'message M { int32 i = 1; uint32 u = 2; bool b = 3; }';
    const body = [
      8, 0x81, 0x80, 0x80, 0x80, 0x10, 16, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 24, 0x80, 0x80, 0x80, 0x80, 0x10,
    ];
    expect(raw(declared, body, 'i', 'u', 'b')).toEqual(cells(int(1), int(0xffff_ffff), true));
  });
});

describe('absent fields', () => {
  it('of proto3 have their zero, but what has presence is missing', () => {
    const declared = `enum E { FIRST = 0; }
      message M { int64 i = 1; string s = 2; bytes x = 3; bool b = 4; double d = 5; E e = 6; M m = 7;
        optional int32 o = 8; oneof c { int32 p = 9; string q = 10; } repeated int32 l = 11; map<string, M> k = 12; }`;
    const zeros: [string, Plain][] = [
      ['i', int(0)],
      ['s', { string: '' }],
      ['x', { bytes: '' }],
      ['b', false],
      ['d', { double: 0 }],
      ['e', { string: 'FIRST' }],
      ['l', { items: [] }],
      ['k', { members: [] }],
    ];
    const names = [...zeros.map(([name]) => name), 'm', 'm.i', 'o', 'p', 'q', 'l[0]', 'k.a'];
    const missing = Array(7).fill(undefined);
    expect(raw(declared, [], ...names)).toEqual(cells(...zeros.map(([, zero]) => zero), ...missing));
    expect(raw(declared, [], '')).toEqual(cells({ members: zeros }));
    expect(raw(declared, [0x3a, 0], 'm.s', 'm.m.s', 'm')).toEqual(
      cells({ string: '' }, undefined, { members: zeros }),
    );
  });

  it('of proto2 are missing, or what the schema says', () => {
    const text = `syntax = "proto2";
      message M {
        optional int32 a = 1; required string r = 2;
        optional int64 b = 3 [default = -9223372036854775808]; optional uint64 c = 4 [default = 0xFFFFFFFFFFFFFFFF];
        optional string s = 5 [(x) = "[", default = "a\\"b\\x41\\101\\u00e9" 'c', deprecated = true];
        optional bytes y = 6 [default = "\\377\\0"]; optional double d = 7 [default = -inf];
        optional float f = 8 [default = 1.5e-3]; optional bool t = 9 [default = true];
        optional E e = 10 [default = TWO]; optional int32 o = 11 [default = 017]; optional double n = 12 [default = nan];
        enum E { ONE = 1; TWO = 2; }
      }`;
    const spelled: [string, Plain][] = [
      ['b', int(-(2n ** 63n))],
      ['c', int(2n ** 64n - 1n)],
      ['s', { string: 'a"bAAéc' }],
      ['y', { bytes: 'ff00' }],
      ['d', { double: Number.NEGATIVE_INFINITY }],
      ['f', { double: Math.fround(0.0015) }],
      ['t', true],
      ['e', { string: 'TWO' }],
      ['o', int(15)],
      ['n', { double: Number.NaN }],
    ];
    expect(raw(text, [], 'a', 'r', ...spelled.map(([name]) => name), '')).toEqual(
      cells(undefined, undefined, ...spelled.map(([, cell]) => cell), { members: spelled }),
    );
  });

  it('of an edition follow its features', () => {
    const text = `edition = "2023"; option features.field_presence = IMPLICIT;
      message M { int32 a = 1; int32 b = 2 [features.field_presence = EXPLICIT]; N n = 3 [features.message_encoding = DELIMITED];
        message X { option features = { field_presence: EXPLICIT }; int32 z = 1; } X x = 4; }
      message N { int32 c = 1; }`;
    expect(raw(text, [], 'a', 'b', 'n')).toEqual(cells(int(0), undefined, undefined));
    expect(raw(text, [0x1b, 8, 5, 0x1c, 0x22, 0], 'n.c', 'x.z', 'n')).toEqual(
      cells(int(5), undefined, { members: [['c', int(5)]] }),
    );
  });
});

describe('on the wire', () => {
  const nested =
    'message M { N n = 1; int32 z = 15; } message N { int32 a = 1; int32 b = 2; repeated int32 l = 3; N n = 4; }';

  it('the last of equal scalars wins', () => {
    expect(
      raw(
        'message M { int32 a = 1; string s = 2; }',
        [8, 1, 0x12, 1, 0x78, 8, 2, 0x12, 1, 0x79],
        'a',
        's',
        '',
      ),
    ).toEqual(
      cells(
        int(2),
        { string: 'y' },
        {
          members: [
            ['a', int(2)],
            ['s', { string: 'y' }],
          ],
        },
      ),
    );
  });

  it('the pieces of one message are merged, with other fields between them', () => {
    const body = [0x0a, 4, 8, 1, 0x18, 5, 0x78, 9, 0x0a, 4, 0x10, 2, 0x18, 6];
    const members: [string, Plain][] = [
      ['a', int(1)],
      ['b', int(2)],
      ['l', { items: [int(5), int(6)] }],
    ];
    expect(raw(nested, body, 'n.a', 'n.b', 'n.l[0]', 'n.l[1]', 'n.l', 'n', 'z')).toEqual(
      cells(int(1), int(2), int(5), int(6), { items: [int(5), int(6)] }, { members }, int(9)),
    );
    expect(raw(nested, body, '')).toEqual(
      cells({
        members: [
          ['n', { members }],
          ['z', int(9)],
        ],
      }),
    );
  });

  it('the pieces of a well-known type are merged too', () => {
    const declared =
      'message M { google.protobuf.Timestamp t = 1; google.protobuf.StringValue s = 2; google.protobuf.Duration d = 3; }';
    const body = [
      0x0a, 2, 8, 7, 0x12, 3, 0x0a, 1, 0x78, 0x0a, 2, 16, 9, 0x12, 0, 0x1a, 2, 8, 1, 0x1a, 6, 16, 0x80, 0xca,
      0xb5, 0xee, 1,
    ];
    expect(raw(declared, body, 't', 's', 'd', 't')).toEqual(
      cells({ instant: [7, 9] }, { string: 'x' }, { string: 'PT1.5S' }, { instant: [7, 9] }),
    );
  });

  it('a member of a oneof takes the place of the one before it, mapped or not', () => {
    const declared =
      'message M { oneof c { int32 a = 1; N n = 2; string s = 3; google.protobuf.Duration d = 5; } int32 z = 4; } message N { int32 x = 1; repeated int32 l = 2; }';
    const body = [0x12, 4, 8, 7, 0x10, 8, 8, 1, 0x20, 3];
    expect(raw(declared, body, 'a', 'n.x', 'n.l', 'n.l[0]', 'n', 's', 'z')).toEqual(
      cells(int(1), undefined, undefined, undefined, undefined, undefined, int(3)),
    );
    expect(raw(declared, body, 'n.x', 'n')).toEqual(cells(undefined, undefined));
    expect(raw(declared, body, '')).toEqual(
      cells({
        members: [
          ['a', int(1)],
          ['z', int(3)],
        ],
      }),
    );
    const again = [0x12, 4, 8, 7, 0x10, 8, 8, 1, 0x12, 2, 0x10, 9];
    expect(raw(declared, again, 'a', 'n.x', 'n.l', 'n.l[0]', 'n.l[1]')).toEqual(
      cells(undefined, int(0), { items: [int(9)] }, int(9), undefined),
    );
    expect(raw(declared, [0x2a, 2, 8, 1, 8, 4], 'd', 'a')).toEqual(cells(undefined, int(4)));
  });

  it('lists may be packed, single or both, whatever the schema says', () => {
    for (const packed of ['', ' [packed = true]', ' [packed = false]']) {
      const declared = `message M { repeated sint32 l = 1${packed}; int32 z = 2; }`;
      const body = [8, 1, 0x0a, 3, 2, 3, 4, 16, 5, 8, 5];
      const items = [-1, 1, -2, 2, -3].map(int);
      expect(raw(declared, body, 'l', 'l[0]', 'l[3]', 'l[4]', 'l[5]', 'z')).toEqual(
        cells({ items }, items[0], items[3], items[4], undefined, int(5)),
      );
    }
  });

  it('unknown fields, other wire types and extensions are passed over', () => {
    const declared = 'message M { int32 a = 1; string s = 2; repeated string l = 3; }';
    const unknown = [
      0x50,
      1,
      0x51,
      ...Array(8).fill(1),
      0x52,
      1,
      0,
      0x53,
      0x50,
      1,
      0x5b,
      0x5c,
      0x54,
      0x55,
      1,
      2,
      3,
      4,
    ];
    const others = [0x0a, 1, 7, 0x0d, 1, 1, 1, 1, 0x10, 5, 0x18, 5, 0x0b, 0x0c];
    expect(raw(declared, [...unknown, 8, 6, ...others], 'a', 's', 'l')).toEqual(
      cells(int(6), { string: '' }, { items: [] }),
    );
  });

  it('groups are messages, repeated ones and those of a oneof too', () => {
    const text = `syntax = "proto2"; message M { optional group Head = 1 { optional int32 a = 1; optional group In = 2 { optional int32 b = 3; } }
      repeated group Item = 4 { optional string s = 5; } oneof c { group Pick = 6 { optional int32 d = 1; } int32 e = 7; } }`;
    const body = [
      0x0b, 8, 1, 0x13, 0x18, 2, 0x14, 0x0c, 0x23, 0x2a, 1, 0x78, 0x24, 0x23, 0x24, 0x33, 8, 4, 0x34,
    ];
    const item = (...members: [string, Plain][]) => ({ members });
    expect(raw(text, body, 'head.a', 'head.in.b', 'item[0].s', 'item', 'pick.d', 'head')).toEqual(
      cells(
        int(1),
        int(2),
        { string: 'x' },
        { items: [item(['s', { string: 'x' }]), item()] },
        int(4),
        item(['a', int(1)], ['in', item(['b', int(2)])]),
      ),
    );
  });

  it('field numbers go up to 2^29 - 1', () => {
    expect(
      raw(
        'message M { int32 a = 536870911; int32 b = 300; }',
        [0xf8, 0xff, 0xff, 0xff, 0x0f, 7, 0xe0, 0x12, 8],
        'a',
        'b',
      ),
    ).toEqual(cells(int(7), int(8)));
  });
});

describe('maps', () => {
  it('have members whose names are the texts of the keys, and the last of equal keys wins', () => {
    const declared =
      'message M { map<sint64, string> i = 1; map<bool, N> b = 2; map<string, N> s = 3; } message N { int32 a = 1; int32 c = 2; }';
    const body = [
      ...delimited(0x0a, 8, 9, 0x12, 1, 0x78),
      ...delimited(0x12),
      ...delimited(0x12, 8, 1, ...delimited(0x12, 8, 3)),
      ...delimited(0x1a, 0x0a, 1, 0x6b, ...delimited(0x12, 8, 1)),
      ...delimited(0x1a, ...delimited(0x12, 16, 2), 0x0a, 1, 0x6b),
    ];
    const n = (a: number, c: number): Plain => ({
      members: [
        ['a', int(a)],
        ['c', int(c)],
      ],
    });
    expect(
      raw(declared, body, 'i', 'i.-5', 'b', 'b.true.a', 'b.false.a', 's.k.a', 's.k.c', 's', 's.z'),
    ).toEqual(
      cells(
        { members: [['-5', { string: 'x' }]] },
        { string: 'x' },
        {
          members: [
            ['false', n(0, 0)],
            ['true', n(3, 0)],
          ],
        },
        int(3),
        int(0),
        int(0),
        int(2),
        { members: [['k', n(0, 2)]] },
        undefined,
      ),
    );
  });

  it('may be declared as the entries that they are, as a registry prints them', () => {
    const text = `syntax = "proto3"; message M { repeated TagsEntry tags = 1; message TagsEntry { option map_entry = true; string key = 1; int32 value = 2; } }`;
    expect(raw(text, [0x0a, 5, 0x0a, 1, 0x6b, 0x10, 7, 0x0a, 0], 'tags.k', 'tags', 'tags.`x`')).toEqual(
      cells(
        int(7),
        {
          members: [
            ['k', int(7)],
            ['', int(0)],
          ],
        },
        undefined,
      ),
    );
  });
});

describe('well-known types', () => {
  const known = (type: string, body: number[], imported: string, ...paths: string[]): Decoded =>
    raw(
      `syntax = "proto3"; import "${imported}"; message M { ${type} f = 1; }`,
      delimited(0x0a, ...body),
      ...paths,
    );
  const decimal = (...body: number[]) =>
    known('confluent.type.Decimal', body, 'confluent/type/decimal.proto', 'f');

  it('of Confluent: a decimal is its number', () => {
    expect(decimal(0x0a, 2, 0xff, 0x85, 16, 9, 24, 2)).toEqual(cells({ number: '-1.23' }));
    expect(decimal(0x0a, 1, 5, 24, 3)).toEqual(cells({ number: '0.005' }));
    expect(decimal(0x0a, 2, 0, 0xc8)).toEqual(cells({ number: '200' }));
    expect(decimal(0x0a, 1, 5, 24, ...[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])).toEqual(
      cells({ number: '500' }),
    );
    expect(decimal()).toEqual(cells({ number: '0' }));
    expect(decimal(0x0a, 1, 5, 24, 0xff, 0xff, 3)).toMatchObject({ dirty: 'out_of_range' });
    expect(decimal(0x0a, 0x81, 1, ...Array(129).fill(1))).toMatchObject({ dirty: 'out_of_range' });
  });

  it('of Google: a complete date is a day, and a time of day is a time', () => {
    const date = (...body: number[]) => known('google.type.Date', body, 'google/type/date.proto', 'f');
    expect(date(8, 0xea, 0x0f, 16, 2, 24, 28)).toEqual(cells({ day: 20_512 }));
    expect(date(16, 2, 24, 28)).toEqual(
      cells({
        members: [
          ['year', int(0)],
          ['month', int(2)],
          ['day', int(28)],
        ],
      }),
    );
    expect(date(8, 0xea, 0x0f, 16, 2, 24, 30)).toMatchObject({ dirty: 'out_of_range' });
    const time = (...body: number[]) =>
      known('google.type.TimeOfDay', body, 'google/type/timeofday.proto', 'f');
    expect(time(8, 23, 16, 59, 24, 59, 32, 7)).toEqual(cells({ time: [86_399, 7] }));
    expect(time(8, 24)).toMatchObject({ dirty: 'out_of_range' });
    const money = known(
      'google.type.Money',
      [0x0a, 1, 0x78, 16, 5],
      'google/type/money.proto',
      'f.units',
      'f.currencyCode',
    );
    expect(money).toEqual(cells(int(5), { string: 'x' }));
  });

  it('of Google: field masks are text, Any stays what it is, and a wrapper tells null from zero', () => {
    const mask = [...delimited(0x0a, ...Buffer.from('a.b')), ...delimited(0x0a, ...Buffer.from('c_d'))];
    expect(
      known('google.protobuf.FieldMask', mask, 'google/protobuf/field_mask.proto', 'f', 'f.paths[1]'),
    ).toEqual(cells({ string: 'a.b,c_d' }, { string: 'c_d' }));
    expect(
      known('google.protobuf.Any', [0x0a, 1, 0x78, 0x12, 1, 9], 'google/protobuf/any.proto', 'f', 'f.value'),
    ).toEqual(
      cells(
        {
          members: [
            ['type_url', { string: 'x' }],
            ['value', { bytes: '09' }],
          ],
        },
        { bytes: '09' },
      ),
    );
    const wrapped =
      'message M { google.protobuf.Int32Value a = 1; google.protobuf.Int32Value b = 2; N n = 3; } message N { google.protobuf.StringValue s = 1; }';
    const n = (s: Plain): Plain => ({ members: [['s', s]] });
    const members: [string, Plain][] = [
      ['a', int(0)],
      ['b', null],
      ['n', n({ string: '' })],
    ];
    expect(raw(wrapped, [0x0a, 0, 0x1a, 0, 0x1a, 2, 0x0a, 0], 'a', 'b', 'n.s', 'n', '')).toEqual(
      cells(int(0), null, { string: '' }, n({ string: '' }), { members }),
    );
  });

  it('may be the value itself', () => {
    const struct = 'syntax = "proto3"; package google.protobuf; message Value { string string_value = 3; }';
    expect(raw(struct, [0x1a, 1, 0x78], '')).toEqual(cells({ string: 'x' }));
  });
});

describe('names in a schema', () => {
  it('are those of the innermost scope first', () => {
    const text = `syntax = "proto3"; package a.b;
      message M { message B { int32 x = 1; } B inner = 1; .a.b.B outer = 2; b.B relative = 3; B.C deep = 4; a.b.B.C full = 5; }
      message B { string y = 1; message C { string z = 1; } }`;
    const body = [
      10, 2, 8, 1, 18, 3, 10, 1, 0x79, 26, 3, 10, 1, 0x79, 34, 3, 10, 1, 0x7a, 42, 3, 10, 1, 0x7a,
    ];
    expect(raw(text, body, 'inner.x', 'outer.y', 'relative.y', 'deep.z', 'full.z')).toEqual(
      cells(int(1), { string: 'y' }, { string: 'y' }, { string: 'z' }, { string: 'z' }),
    );
  });

  it('come from references too, and options of any shape are passed over', () => {
    const schema = protobufSchema(
      `syntax = "proto3"; import "other/item.proto"; import "grpc/options.proto";
      option (openapi) = { info: { title: "x" } tags: [ { name: "a" }, { name: "b;]" } ] responses { key: "403" value: <a: 1> } };
      message M { option (m).x = -1.5e+3; other.Item item = 1 [(f) = { in: ["a", 'b'] }, deprecated = true, (g).h = "}"];
        reserved 5, 8 to max; reserved "old"; extensions 100 to 199 [declaration = { number: 100 }]; }
      extend google.protobuf.FieldOptions { string f = 50000; }
      service S { rpc Get(M) returns (stream M) { option (http) = { get: "/v1/{name=*}" }; } }
      // the end */`,
      [
        {
          name: 'other/item.proto',
          text: 'syntax = "proto3"; package other; /* { */ message Item { string sku = 1; }',
        },
      ],
    );
    expect(decode(schema, framed(ID, Uint8Array.of(10, 3, 10, 1, 0x78)), [['item', 'sku']])).toEqual(
      cells({ string: 'x' }),
    );
  });
});

describe('a schema file', () => {
  const several = protobufSchema(
    'package p; message A { optional int32 a = 1; message B { optional int32 b = 1; } } message C { }',
  );
  const one = protobufSchema(
    'package p; message A { optional int32 a = 1; message B { optional int32 b = 1; } }',
  );
  const bare = (schema: SchemaText, name: string | null, path: string): Decoded => {
    const decoder = createDecoder({ format: 'protobuf', paths: [[path]], schema, message: name });
    expect(decoder.schemas).toBe(undefined);
    return run(decoder, [[path]], Uint8Array.of(8, 5), 0, 2);
  };

  it('is read without headers, by its only message or the one that is named', () => {
    expect(bare(one, null, 'a')).toEqual(cells(int(5)));
    expect(bare(several, 'p.A', 'a')).toEqual(cells(int(5)));
    expect(bare(several, '.p.A.B', 'b')).toEqual(cells(int(5)));
    const decoder = createDecoder({ format: 'protobuf', paths: [['a']], schema: one });
    expect(run(decoder, [['a']], Uint8Array.of(8), 0, 1)).toMatchObject({
      message: 'field a: the value ends in the middle of an integer, at byte 2',
    });
  });

  it('is refused with the messages that it has, or with what is wrong in it', () => {
    const refused = (schema: SchemaText, name: string | null) => () => bare(schema, name, 'a');
    expect(refused(several, null)).toThrow(
      'the Protobuf schema declares several messages: name one of these in message: p.A, p.A.B, p.C',
    );
    expect(refused(several, 'A')).toThrow(
      'declares no message A: name one of these in message: p.A, p.A.B, p.C',
    );
    expect(refused(protobufSchema('message {'), null)).toThrow('cannot be used: line 1: expected a name');
  });

  it('without a mapped field must be a message all the same', () => {
    const decoder = createDecoder({ format: 'protobuf', paths: [], schema: one });
    expect(run(decoder, [], Uint8Array.of(8, 5), 0, 2)).toEqual(cells());
    expect(run(decoder, [], Uint8Array.of(8), 0, 1)).toMatchObject({ dirty: 'invalid_protobuf' });
  });
});

describe('paths', () => {
  const declared =
    'message M { int32 order_id = 1; int32 fooBar = 2; int32 foo_bar = 3; int32 x = 4 [json_name = "@y"]; }';

  it('say the name of the schema or the JSON name, unless another field is called so', () => {
    const body = [8, 1, 16, 2, 24, 3, 32, 4];
    expect(raw(declared, body, 'order_id', 'orderId', 'fooBar', 'foo_bar', 'x', '`@y`')).toEqual(
      cells(int(1), int(1), int(2), int(3), int(4), int(4)),
    );
  });

  it('match in any case when asked for', () => {
    const decoder = createDecoder({ format: 'protobuf', paths: [['ORDERID']], ignoreCase: true });
    decoder.schemas!.add(ID, protobufSchema(schemaText(declared)));
    const value = framed(ID, Uint8Array.of(8, 9));
    expect(run(decoder, [['ORDERID']], value, 0, value.length)).toEqual(cells(int(9)));
  });

  it('may have the names that objects of JavaScript have', () => {
    const odd =
      'message M { int32 __proto__ = 1; int32 constructor = 2; map<string, int32> m = 3; message toString { int32 valueOf = 1; } toString hasOwnProperty = 4; }';
    const body = [8, 1, 16, 2, 0x1a, 13, 0x0a, 9, ...Buffer.from('__proto__'), 16, 3, 0x22, 2, 8, 4];
    expect(raw(odd, body, '__proto__', 'constructor', 'm.__proto__', 'm', 'hasOwnProperty.valueOf')).toEqual(
      cells(int(1), int(2), int(3), { members: [['__proto__', int(3)]] }, int(4)),
    );
    expect(({} as Record<string, unknown>).valueOf).toBe(Object.prototype.valueOf);
  });

  it('into elements need a list', () => {
    expect(raw('message M { int32 a = 1; }', [8, 1], '[0]')).toMatchObject({ dirty: 'not_an_object' });
    expect(raw('message M { int32 a = 1; }', [8, 1], 'a.b', 'a[0]', 'z')).toEqual(
      cells(undefined, undefined, undefined),
    );
  });
});
