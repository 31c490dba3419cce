import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAvroDecoder } from '../../../src/decode/avro/avro.ts';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import { LIMITS } from '../../../src/limits.ts';
import { framed } from '../../support/framed.ts';
import { type Decoded, type Plain, run } from '../cells.ts';
import { avroSchema, cellAt, encode, recordOf, scalars, typed } from './samples.ts';

const ID = 0x01020304;

function decode(schema: unknown, value: Uint8Array, paths: readonly Path[]): Decoded {
  const decoder = createAvroDecoder(paths);
  decoder.schemas!.add(ID, avroSchema(JSON.stringify(schema)));
  const bytes = new Uint8Array(Buffer.concat([Buffer.from('before'), value, Buffer.from('\0behind')]));
  return run(decoder, paths, bytes, 6, 6 + value.length);
}

/** Encodes with avsc, then decodes. */
function through(schema: unknown, value: unknown, ...paths: string[]): Decoded {
  const steps = paths.map((path) => (path === '' ? [] : parsePath(path)));
  return decode(schema, framed(ID, encode(schema, value)), steps);
}

function record(...fields: [string, unknown][]): unknown {
  return { type: 'record', name: 'R', fields: fields.map(([name, type]) => ({ name, type })) };
}

/** Written by hand: bytes behind the header. */
function raw(schema: unknown, body: number[], ...paths: string[]): Decoded {
  const steps = paths.map((path) => (path === '' ? [] : parsePath(path)));
  return decode(schema, framed(ID, Uint8Array.from(body)), steps);
}

const PATHS: Path[] = [
  [],
  ['f0'],
  ['f1'],
  ['f0', 'f0'],
  ['f1', 'f0'],
  ['f0', 0],
  ['f0', 1, 'f0'],
  ['f0', 'f1', 1],
  ['f2', 'none'],
];

describe('what avsc encodes', () => {
  it('comes back in the cells, for random schemas, values and paths', () => {
    const cases = fc
      .array(typed(3), { maxLength: 4 })
      .map(recordOf)
      .chain((type) => type.sample.map((sample) => ({ schema: type.schema, sample })));
    fc.assert(
      fc.property(cases, fc.shuffledSubarray(PATHS, { minLength: 1 }), ({ schema, sample }, paths) => {
        const value = framed(ID, encode(schema, sample.value));
        expect(decode(schema, value, paths)).toEqual({ cells: paths.map((path) => cellAt(sample, path)) });
      }),
      { numRuns: 1000 },
    );
  });

  it('comes back for every scalar and logical type', () => {
    for (const { schema, sample } of scalars()) {
      fc.assert(
        fc.property(sample, ({ value, cell }) => {
          const wrapped = record(['f0', schema]);
          const bytes = framed(ID, encode(wrapped, { f0: value }));
          expect(decode(wrapped, bytes, [['f0'], []])).toEqual({
            cells: [cell, { members: [['f0', cell]] }],
          });
          expect(decode(schema, framed(ID, encode(schema, value)), [[]])).toEqual({ cells: [cell] });
        }),
        { numRuns: 60 },
      );
    }
  });

  it('is dirty when cut anywhere, and never throws when bytes change', () => {
    const cases = typed(2).chain((type) => type.sample.map((sample) => ({ schema: type.schema, sample })));
    fc.assert(
      fc.property(cases, fc.nat(), fc.nat({ max: 255 }), ({ schema, sample }, where, byte) => {
        const wrapped = record(['f0', schema], ['f1', 'boolean']);
        const value = framed(ID, encode(wrapped, { f0: sample.value, f1: true }));
        for (const paths of [
          [['f1']],
          [[]],
          [
            ['f0', 'f0'],
            ['f0', 0],
          ],
        ] as Path[][]) {
          for (let end = 0; end < value.length; end++) {
            expect(decode(wrapped, value.subarray(0, end), paths)).toMatchObject({ dirty: 'invalid_avro' });
          }
          expect(decode(wrapped, Buffer.concat([value, Buffer.from([0])]), paths)).toMatchObject({
            dirty: 'invalid_avro',
          });
          const changed = Uint8Array.from(value);
          changed[5 + (where % (value.length - 5))] = byte;
          decode(wrapped, changed, paths);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('Avro values', () => {
  it('keep longs at the edges of 64 bits, also annotated ones and inside trees', () => {
    const max = 2n ** 63n - 1n;
    const schema = record(
      ['a', 'long'],
      ['b', { type: 'long', logicalType: 'timestamp-nanos' }],
      ['c', 'long'],
    );
    expect(through(schema, { a: max, b: -max - 1n, c: 2n ** 53n + 1n }, 'a', 'b', '')).toEqual({
      cells: [
        { integer: max },
        { instant: [-9223372037, 145224192] },
        {
          members: [
            ['a', { integer: max }],
            ['b', { instant: [-9223372037, 145224192] }],
            ['c', { integer: 2n ** 53n + 1n }],
          ],
        },
      ],
    });
  });

  it('take timestamps before 1970 to the second below', () => {
    const schema = record(
      ['ms', { type: 'long', logicalType: 'timestamp-millis' }],
      ['us', { type: 'long', logicalType: 'local-timestamp-micros' }],
    );
    expect(through(schema, { ms: -1n, us: -1_500_000n }, 'ms', 'us')).toEqual({
      cells: [{ instant: [-1, 999_000_000] }, { local: [-2, 500_000_000] }],
    });
  });

  it('go through nullable records, arrays and maps', () => {
    const inner = { type: 'record', name: 'Tag', fields: [{ name: 'desc', type: ['null', 'string'] }] };
    const schema = record(
      ['tag', ['null', inner]],
      ['tags', { type: 'array', items: 'Tag' }],
      ['m', { type: 'map', values: 'int' }],
    );
    const value = {
      tag: { Tag: { desc: { string: 'x' } } },
      tags: [{ desc: null }, { desc: { string: 'y' } }],
      m: { k: 7 },
    };
    expect(
      through(schema, value, 'tag.desc', 'tags[1].desc', 'tags[0].desc', 'tags[2].desc', 'm.k', 'm.z', 'tag'),
    ).toEqual({
      cells: [
        { string: 'x' },
        { string: 'y' },
        null,
        undefined,
        { integer: 7n },
        undefined,
        { members: [['desc', { string: 'x' }]] },
      ],
    });
    expect(through(schema, { ...value, tag: null }, 'tag.desc', 'tag')).toEqual({ cells: [undefined, null] });
  });

  it('may be of a type that contains itself', () => {
    const node = record(['v', 'int'], ['next', ['null', 'R']]);
    const chain = (length: number): object => ({
      v: length,
      next: length > 1 ? { R: chain(length - 1) } : null,
    });
    const nested = (v: number): Plain => ({
      members: [
        ['v', { integer: BigInt(v) }],
        ['next', v > 1 ? nested(v - 1) : null],
      ],
    });
    expect(through(node, chain(3), 'v', 'next.next.v', 'next.next.next', '')).toEqual({
      cells: [{ integer: 3n }, { integer: 1n }, null, nested(3)],
    });
    expect(through(node, chain(LIMITS.depth), 'v')).toEqual({ cells: [{ integer: BigInt(LIMITS.depth) }] });
    expect(through(node, chain(LIMITS.depth + 1), 'v')).toMatchObject({ dirty: 'too_deep' });
    expect(through(node, chain(LIMITS.depth + 1), '')).toMatchObject({ dirty: 'too_deep' });
    expect(raw(record(['r', 'R']), [], 'r.r')).toMatchObject({ dirty: 'too_deep' });
  });

  it('fill all columns that take one path', () => {
    expect(through(record(['a', 'long']), { a: 2n ** 60n }, 'a', 'a')).toEqual({
      cells: [{ integer: 2n ** 60n }, { integer: 2n ** 60n }],
    });
  });

  it('ignore annotations that the specification calls invalid, and read a uuid of 16 bytes', () => {
    const fixed = (name: string, size: number, rest: object) => ({ type: 'fixed', name, size, ...rest });
    const schema = record(
      ['d', fixed('D', 1, { logicalType: 'decimal', precision: 2, scale: 3 })],
      ['u', fixed('U', 16, { logicalType: 'uuid' })],
      ['x', fixed('X', 2, { logicalType: 'uuid' })],
      ['s', { type: 'string', logicalType: 'date' }],
      ['later', 'U'],
    );
    const uuid = '00112233-4455-6677-8899-aabbccddeeff';
    const u = Buffer.from(uuid.replaceAll('-', ''), 'hex');
    const value = { d: Buffer.from([1]), u, x: Buffer.from([1, 2]), s: 'today', later: u };
    expect(through(schema, value, 'd', 'u', 'x', 's', 'later')).toEqual({
      cells: [{ bytes: '01' }, { string: uuid }, { bytes: '0102' }, { string: 'today' }, { string: uuid }],
    });
  });

  it('read blocks with and without their size, and the last of equal map keys', () => {
    const schema = record(['m', { type: 'map', values: { type: 'array', items: 'int' } }], ['z', 'int']);
    const map = [0x03, 0x08, 2, 0x61, 0x01, 0x02, 2, 0, 2, 0x62, 0, 2, 2, 0x61, 0x02, 0x06, 0, 0, 0x0a];
    // Two entries in a sized block ("a": [1], "b": []), then one more "a": [3].
    map.splice(1, 1, 0x12);
    map.splice(4, 3, 0x01, 0x02, 0x02);
    expect(raw(schema, map, 'm.a[0]', 'm.b', 'z')).toEqual({
      cells: [{ integer: 3n }, { items: [] }, { integer: 5n }],
    });
    expect(raw(schema, map, 'z')).toEqual({ cells: [{ integer: 5n }] });
  });
});

describe('a dirty Avro value', () => {
  const long = record(['a', 'long']);

  it('is not framed', () => {
    expect(decode(long, new Uint8Array(0), [['a']])).toMatchObject({
      dirty: 'invalid_avro',
      message: expect.stringContaining('0 bytes'),
    });
    expect(decode(long, Uint8Array.from([0, 1, 2, 3]), [['a']])).toMatchObject({ dirty: 'invalid_avro' });
    expect(decode(long, Buffer.from('{"a":1}'), [['a']])).toMatchObject({
      dirty: 'invalid_avro',
      message: 'the magic byte is 123, not 0',
    });
  });

  it('has integers, lengths or numbers that cannot be', () => {
    const cases: [unknown, number[]][] = [
      ['long', Array(10).fill(0xff).concat(0)],
      ['long', [...Array(9).fill(0x80), 0x02]],
      ['int', [0x80, 0x80, 0x80, 0x80, 0x20]],
      ['boolean', [2]],
      ['string', [0x01]],
      ['string', [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
      ['bytes', [0x08, 1, 2]],
      [
        ['null', 'int'],
        [0x04, 0],
      ],
      [
        ['null', 'int'],
        [0x01, 0],
      ],
      [{ type: 'enum', name: 'E', symbols: ['A'] }, [0x02]],
      [{ type: 'array', items: 'null' }, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0]],
      [{ type: 'array', items: 'null' }, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0]],
      [{ type: 'array', items: 'double' }, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0]],
      [{ type: 'map', values: 'int' }, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0]],
      [{ type: 'array', items: 'int' }, [0x01, 0xfe, 0xff, 0xff, 0x0f, 0]],
    ];
    for (const [type, body] of cases) {
      expect([type, raw(record(['a', type]), body, 'a')]).toEqual([
        type,
        expect.objectContaining({ dirty: 'invalid_avro' }),
      ]);
    }
  });

  it('has a string that is not UTF-8, if it is mapped', () => {
    const schema = record(['a', 'string'], ['b', 'int']);
    expect(raw(schema, [2, 0xff, 0], 'a')).toMatchObject({ dirty: 'invalid_utf8' });
    expect(raw(schema, [2, 0xff, 0], '')).toMatchObject({ dirty: 'invalid_utf8' });
    expect(raw(schema, [2, 0xff, 0], 'b')).toEqual({ cells: [{ integer: 0n }] });
  });

  it('is not_an_object when a field is mapped', () => {
    expect(raw('int', [2], 'a')).toMatchObject({ dirty: 'not_an_object' });
    expect(raw(['null', long], [0], 'a')).toMatchObject({ dirty: 'not_an_object' });
    expect(raw(['null', long], [2, 2], 'a')).toEqual({ cells: [{ integer: 1n }] });
    expect(raw({ type: 'array', items: 'int' }, [0], 'a')).toMatchObject({ dirty: 'not_an_object' });
    expect(raw(long, [2], '[0]')).toMatchObject({ dirty: 'not_an_object' });
  });

  it('has a decimal that no column takes, or more inner values than bytes', () => {
    const decimal = record(['a', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 0 }]);
    expect(through(decimal, { a: Buffer.alloc(1000, 1) }, 'a')).toMatchObject({ dirty: 'out_of_range' });
    const levels = [...Array(40).keys()];
    const bomb = levels.reduce<unknown>(
      (inner, i) => ({
        type: 'record',
        name: `L${i}`,
        fields: [
          { name: 'a', type: inner },
          { name: 'b', type: i === 0 ? 'null' : `L${i - 1}` },
        ],
      }),
      'null',
    );
    expect(raw(bomb, [], '')).toMatchObject({ dirty: 'too_long' });
  });
});

describe('writer schemas', () => {
  const header = (id: number, ...body: number[]) => framed(id, Uint8Array.from(body));
  const schemaText = (type: unknown) => JSON.stringify(record(['a', type]));

  function decoderOf(...paths: Path[]) {
    return createDecoder({ format: 'avro', paths });
  }

  it('are asked for once per id', () => {
    const decoder = decoderOf(['a']);
    const value = header(0xffff_fffe, 2);
    expect(decoder.schemas!.unknown(value, 0, value.length)).toBe(0xffff_fffe);
    decoder.schemas!.add(0xffff_fffe, avroSchema(schemaText('int')));
    expect(decoder.schemas!.unknown(value, 0, value.length)).toBe(null);
    expect(run(decoder, [['a']], value, 0, value.length)).toEqual({ cells: [{ integer: 1n }] });
    for (const other of [Buffer.from('{"a":1}'), Buffer.alloc(4), Buffer.alloc(0)]) {
      expect(decoder.schemas!.unknown(other, 0, other.length)).toBe(null);
    }
    expect(createDecoder({ format: 'json', paths: [] }).schemas).toBe(undefined);
  });

  it('may differ from record to record', () => {
    const decoder = decoderOf(['a']);
    decoder.schemas!.add(1, avroSchema(schemaText('int')));
    decoder.schemas!.add(2, avroSchema(schemaText('string')));
    decoder.schemas!.add(3, avroSchema(JSON.stringify(record(['b', 'int']))));
    const results = [header(1, 2), header(2, 2, 0x78), header(3, 2)].map((value) =>
      run(decoder, [['a']], value, 0, value.length),
    );
    expect(results).toEqual([
      { cells: [{ integer: 1n }] },
      { cells: [{ string: 'x' }] },
      { cells: [undefined] },
    ]);
  });

  it('that the registry lacks make records dirty until they are forgotten', () => {
    const decoder = decoderOf(['a']);
    const value = header(9, 2);
    decoder.schemas!.add(9, null);
    expect(decoder.schemas!.unknown(value, 0, value.length)).toBe(null);
    expect(run(decoder, [['a']], value, 0, value.length)).toMatchObject({ dirty: 'unknown_schema' });
    decoder.schemas!.forgetMissing();
    expect(decoder.schemas!.unknown(value, 0, value.length)).toBe(9);
    decoder.schemas!.add(9, avroSchema(schemaText('int')));
    decoder.schemas!.forgetMissing();
    expect(run(decoder, [['a']], value, 0, value.length)).toEqual({ cells: [{ integer: 1n }] });
  });

  it.each([
    ['not JSON', 'syntax = "proto3";'],
    ['an unknown type', '{"type":"record","name":"R","fields":[{"name":"a","type":"Missing"}]}'],
    ['an empty object', '{}'],
    ['null', 'null'],
    ['nesting without end', `${'{"type":"array","items":'.repeat(100_000)}"int"${'}'.repeat(100_000)}`],
  ])('that are broken make every record dirty and say why: %s', (_, text) => {
    const decoder = decoderOf(['a']);
    decoder.schemas!.add(1, avroSchema(text));
    expect(run(decoder, [['a']], header(1, 2), 0, 6)).toMatchObject({
      dirty: 'invalid_avro',
      message: expect.stringMatching(/^schema id 1 cannot be used: ./),
    });
  });

  it('keep fields whose default no number can hold, and ambiguous unions', () => {
    const text =
      '{"type":"record","name":"R","fields":[{"name":"a","type":"long","default":9223372036854775807},{"name":"b","type":["int","long","float","double"]}]}';
    const decoder = decoderOf(['a'], ['b']);
    decoder.schemas!.add(1, avroSchema(text));
    expect(run(decoder, [['a'], ['b']], header(1, 2, 2, 4), 0, 8)).toEqual({
      cells: [{ integer: 1n }, { integer: 2n }],
    });
  });

  it('may refer to schemas of other subjects', () => {
    const item = {
      type: 'record',
      name: 'Item',
      namespace: 'shop',
      fields: [{ name: 'sku', type: 'string' }],
    };
    const main = {
      type: 'record',
      name: 'Order',
      namespace: 'shop',
      fields: [{ name: 'item', type: 'Item' }],
    };
    const decoder = decoderOf(['item', 'sku']);
    decoder.schemas!.add(1, {
      ...avroSchema(JSON.stringify(main)),
      references: [{ name: 'shop.Item', text: JSON.stringify(item) }],
    });
    expect(run(decoder, [['item', 'sku']], header(1, 2, 0x78), 0, 7)).toEqual({ cells: [{ string: 'x' }] });
  });

  it('are bounded in number', () => {
    const decoder = decoderOf(['a']);
    for (let id = 0; id <= LIMITS.schemaIds; id++) decoder.schemas!.add(id, null);
    expect(decoder.schemas!.unknown(header(0), 0, 5)).toBe(0);
    expect(decoder.schemas!.unknown(header(1), 0, 5)).toBe(null);
  });
});
