import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import type { Decoder, DecoderSpec } from '../../../src/decode/decoder.ts';
import { type Path, parsePath } from '../../../src/decode/path/path.ts';
import type { SchemaText } from '../../../src/decode/schema/schema.ts';
import { LIMITS } from '../../../src/limits.ts';
import { framed } from '../../support/framed.ts';
import { type Decoded, run } from '../cells.ts';

const spec = (paths: string[], more: Partial<DecoderSpec> = {}): DecoderSpec => ({
  format: 'jsonschema',
  paths: paths.map((path): Path => (path === '' ? [] : parsePath(path))),
  ...more,
});

const schemaOf = (schema: unknown, references: Record<string, unknown> = {}): SchemaText => ({
  type: 'JSON',
  text: typeof schema === 'string' ? schema : JSON.stringify(schema),
  references: Object.entries(references).map(([name, text]) => ({ name, text: JSON.stringify(text) })),
});

const withId = (value: string, id = 7): Uint8Array => framed(id, Buffer.from(`${value}\0`));

function decode(decoder: Decoder, paths: string[], value: string, id = 7): Decoded {
  const bytes = withId(value, id);
  return run(decoder, spec(paths).paths, bytes, 0, bytes.length - 1);
}

/** Of one record with a schema: is it taken, or why not? */
function judged(schema: SchemaText, value: string): string | null {
  const decoder = createDecoder(spec([''], { validate: true }));
  decoder.schemas!.add(7, schema);
  const decoded = decode(decoder, [''], value);
  if (!('dirty' in decoded)) return null;
  expect(decoded.dirty).toBe('invalid_jsonschema');
  return decoded.message;
}

describe('JSON with a schema in the registry', () => {
  it('is decoded as JSON behind its header', () => {
    const decoder = createDecoder(spec(['id', 'a.b']));
    expect(decoder.schemas!.unknown(withId('{}'), 0, 7)).toBe(7);
    decoder.schemas!.add(7, schemaOf({ type: 'object' }));
    expect(decoder.schemas!.unknown(withId('{}'), 0, 7)).toBe(null);
    expect(decode(decoder, ['id', 'a.b'], '{"id":9007199254740993,"a":{"b":"x"}}')).toEqual({
      cells: [{ number: '9007199254740993' }, { string: 'x' }],
    });
    expect(decode(decoder, ['id', 'a.b'], '{"id"')).toMatchObject({ dirty: 'invalid_json' });
    expect(decode(decoder, ['id', 'a.b'], '{}', 8)).toMatchObject({ dirty: 'unknown_schema' });
    const plain = new Uint8Array(Buffer.from('{"id":1}\0'));
    expect(run(decoder, spec(['id']).paths, plain, 0, 8)).toMatchObject({
      dirty: 'invalid_jsonschema',
      message: 'the magic byte is 123, not 0',
    });
  });

  it('is refused with a schema of another kind', () => {
    const decoder = createDecoder(spec(['id']));
    decoder.schemas!.add(7, { type: 'AVRO', text: '"string"', references: [] });
    expect(decode(decoder, ['id'], '{}')).toMatchObject({
      dirty: 'invalid_jsonschema',
      message: expect.stringMatching(/type AVRO, not JSON/),
    });
  });

  it('is not judged unless asked to', () => {
    const decoder = createDecoder(spec(['id']));
    decoder.schemas!.add(7, schemaOf({ type: 'array' }));
    expect(decode(decoder, ['id'], '{"id":1}')).toEqual({ cells: [{ number: '1' }] });
  });
});

describe('JSON with a schema in a file', () => {
  it('has no header', () => {
    const schema = schemaOf({ properties: { id: { type: 'integer' } } });
    const paths = spec(['id']).paths;
    const decoder = createDecoder(spec(['id'], { schema, validate: true }));
    expect(decoder.schemas).toBe(undefined);
    const decoded = (text: string) =>
      run(decoder, paths, new Uint8Array(Buffer.from(`${text}\0`)), 0, text.length);
    expect(decoded('{"id":1}')).toEqual({ cells: [{ number: '1' }] });
    expect(decoded('{"id":"a"}')).toEqual({
      dirty: 'invalid_jsonschema',
      message: '/id must be integer (#/properties/id/type)',
    });
  });

  it('must be one', () => {
    expect(() => createDecoder(spec(['id'], { schema: schemaOf('{') }))).toThrow(/unexpected end/);
  });
});

describe('a judgement', () => {
  const order = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    type: 'object',
    required: ['id'],
    properties: {
      id: { type: 'integer' },
      price: { type: 'number', minimum: 0 },
      code: { type: 'string', pattern: '^[A-Z]{2}\\d+$' },
      kind: { enum: ['a', 'b'] },
      mail: { type: 'string', format: 'email' },
      items: { type: 'array', uniqueItems: true },
    },
    patternProperties: { '^x_': { type: 'string' } },
    additionalProperties: false,
  };
  it.each([
    ['{"id":1}', null],
    ['{"id":1,"price":0.5,"code":"AB1","kind":"b","mail":"no mail","x_a":"b"}', null],
    ['{"id":1,"items":[1,"1",{"a":1,"b":2},{"a":1}]}', null],
    ['{"id":1,"items":[{"a":1,"b":2},{"b":2,"a":1}]}', /^schema id 7: \/items must NOT have duplicate items/],
    ['{}', /the value must have required property 'id' \(#\/required\)/],
    ['{"id":1.5}', /\/id must be integer/],
    ['{"id":1,"price":-1}', /\/price must be >= 0/],
    ['{"id":1,"code":"secret"}', /\/code must match pattern "\^\[A-Z\]\{2\}\\d\+\$"/],
    ['{"id":1,"kind":"c"}', /allowed values/],
    ['{"id":1,"x_a":5}', /\/x_a must be string/],
    ['{"id":1,"other":5}', /additional properties: "other"/],
    ['[]', /must be object/],
  ])('%s', (value, expected) => {
    const message = judged(schemaOf(order), value);
    if (expected === null) expect(message).toBe(null);
    else expect(message).toMatch(expected);
    expect(message ?? '').not.toContain('secret');
  });

  it.each([
    ['draft-06', 'http://json-schema.org/draft-06/schema#', { contains: { const: 1 } }, '[2]', '[1]'],
    [
      'draft-07',
      'https://json-schema.org/draft-07/schema',
      { if: { type: 'string' }, else: false },
      '1',
      '""',
    ],
    ['no draft', undefined, { if: { type: 'string' }, else: false }, '1', '""'],
    [
      '2019-09',
      'https://json-schema.org/draft/2019-09/schema',
      { dependentRequired: { a: ['b'] }, unevaluatedProperties: { type: 'number' } },
      '{"a":1}',
      '{"a":1,"b":2}',
    ],
    [
      '2020-12',
      'https://json-schema.org/draft/2020-12/schema',
      { prefixItems: [{ type: 'number' }], items: { type: 'string' } },
      '[1,2]',
      '[1,"a"]',
    ],
  ])('by %s', (_, $schema, schema, bad, good) => {
    expect(judged(schemaOf({ $schema, ...schema }), good)).toBe(null);
    expect(judged(schemaOf({ $schema, ...schema }), bad)).toMatch(/must|is false/);
  });

  it.each([
    ['draft-04', { $schema: 'http://json-schema.org/draft-04/schema#' }, /draft-04.* is not supported/],
    ['a draft of nobody', { $schema: 'urn:mine' }, /"urn:mine" is not supported/],
    ['no schema', [], /no JSON object/],
    ['a type that is none', { type: 'nothing' }, /no schema of its draft: \/type must be/],
    ['a reference to nowhere', { $ref: 'other.json' }, /can't resolve reference other\.json/],
    ['a pattern with a lookahead', { pattern: '(?=a)' }, /no lookaround/],
    ['no JSON', '{"a":', /unexpected end/],
  ])('by %s: every record is dirty', (_, schema, expected) => {
    expect(judged(schemaOf(schema), '{}')).toMatch(/^schema id 7/);
    expect(judged(schemaOf(schema), '{}')).toMatch(expected);
  });

  it('follows references by name, relative ones and those of references', () => {
    const references = {
      'item.json': { type: 'object', properties: { cost: { $ref: 'money.json#/definitions/money' } } },
      'money.json': { definitions: { money: { type: 'number' } } },
    };
    const items = { properties: { item: { $ref: 'item.json' } } };
    for (const $id of [undefined, 'http://example.com/schemas/order.json']) {
      const schema = schemaOf({ $id, ...items }, references);
      expect(judged(schema, '{"item":{"cost":1}}')).toBe(null);
      expect(judged(schema, '{"item":{"cost":"1"}}')).toMatch(/\/item\/cost must be number/);
    }
    const own = {
      'item.json': { $id: 'http://example.com/lib/item.json', ...references['item.json'] },
      'money.json': references['money.json'],
    };
    expect(judged(schemaOf(items, own), '{"item":{"cost":"1"}}')).toMatch(/must be number/);
    const byId = { properties: { item: { $ref: 'http://example.com/lib/item.json' } } };
    expect(judged(schemaOf(byId, own), '{"item":{"cost":"1"}}')).toMatch(/must be number/);
  });

  it('keeps only the validators used last', () => {
    const decoder = createDecoder(spec([''], { validate: true }));
    const ids = [...Array(LIMITS.validators + 3).keys()];
    for (const id of ids) decoder.schemas!.add(id, schemaOf({ const: id }));
    for (const id of [...ids, 0]) {
      expect(decode(decoder, [''], `${id}`, id)).toEqual({ cells: [{ number: `${id}` }] });
      expect(decode(decoder, [''], '-1', id)).toMatchObject({ dirty: 'invalid_jsonschema' });
    }
  });
});

describe('hostile schemas and values', () => {
  it('finds nothing on the prototype and changes nothing there', () => {
    const schema = schemaOf(
      '{"required":["constructor","toString"],"properties":{"__proto__":{"type":"number"},"constructor":{"type":"string"}}}',
    );
    expect(judged(schema, '{}')).toMatch(/required property 'constructor'/);
    expect(judged(schema, '{"constructor":"a","toString":1,"__proto__":{"polluted":1}}')).toBe(null);
    expect(judged(schemaOf({ additionalProperties: false }), '{"__proto__":{"polluted":1}}')).toMatch(
      /__proto__/,
    );
    expect(judged(schemaOf({ const: { valueOf: 1 } }), '{"valueOf":1}')).toMatch(/cannot be validated|^$/);
    expect(judged(schemaOf({ $async: true, type: 'string' }), '1')).toMatch(/must be string/);
    expect(({} as { polluted?: number }).polluted).toBe(undefined);
  });

  it('ends soon when references multiply', () => {
    const definitions = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => {
        const next = { $ref: `#/definitions/d${i + 1}` };
        return [`d${i}`, i === 39 ? {} : { allOf: [next, { ...next }] }];
      }),
    );
    expect(judged(schemaOf({ definitions, $ref: '#/definitions/d0' }), '1')).toMatch(/too many references/);
  });

  it('ends soon with patterns and many items', () => {
    expect(judged(schemaOf({ pattern: '^(a+)+$' }), `"${'a'.repeat(50_000)}!"`)).toMatch(/pattern/);
    const items = `[${Array.from({ length: 30_000 }, (_, i) => `{"a":${i}}`).join()}]`;
    expect(judged(schemaOf({ uniqueItems: true }), items)).toBe(null);
  });

  it('refuses schemas and values that are too large or too deep', () => {
    const deep = `${'{"not":'.repeat(10_000)}{}${'}'.repeat(10_000)}`;
    expect(judged(schemaOf(deep), '1')).toMatch(/nested deeper/);
    const large = (chars: number) => schemaOf({ enum: ['x'.repeat(chars)] });
    expect(judged(large(LIMITS.jsonSchemaChars), '1')).toMatch(/more than \d+ characters$/);
    expect(judged(large(LIMITS.validatorChars), '1')).toMatch(/too many to validate by/);
    const names = Array.from({ length: LIMITS.validatorPatterns + 1 }, (_, i) => [
      `^a${i}`,
      { type: 'string' },
    ]);
    expect(judged(schemaOf({ patternProperties: Object.fromEntries(names) }), '1')).toMatch(
      /more than 1000 patterns/,
    );
    expect(judged(schemaOf({}), `"${'x'.repeat(LIMITS.validatedBytes)}"`)).toMatch(
      /too many to be validated/,
    );
  });

  it('takes objects with as many fields as a table has columns', () => {
    const names = Array.from({ length: 1200 }, (_, i) => `field_${i}`);
    const schema = schemaOf({
      required: names,
      properties: Object.fromEntries(names.map((name) => [name, { type: 'integer', minimum: 0 }])),
    });
    const value = Object.fromEntries(names.map((name, i) => [name, i]));
    expect(judged(schema, JSON.stringify(value))).toBe(null);
    expect(judged(schema, JSON.stringify({ ...value, field_7: -1 }))).toMatch(/\/field_7 must be >= 0/);
  });

  it('may contain itself', () => {
    const tree = { properties: { left: { $ref: '#' }, right: { $ref: '#' } }, additionalProperties: false };
    const nested = '{"left":{"left":{"right":{}}}}';
    expect(judged(schemaOf(tree), nested)).toBe(null);
    expect(judged(schemaOf(tree), nested.replace('{}', '{"a":1}'))).toMatch(/\/left\/left\/right must NOT/);
    expect(judged(schemaOf({ $ref: '#' }), '1')).toMatch(/too many references|call stack|cannot be/);
  });
});

describe("Kafka Connect's annotations", () => {
  const data = 'org.apache.kafka.connect.data';
  const schema = {
    type: 'object',
    properties: {
      day: { type: 'integer', title: `${data}.Date`, 'connect.version': 1, 'connect.type': 'int32' },
      at: {
        oneOf: [{ type: 'null' }, { type: 'integer', title: `${data}.Timestamp`, 'connect.type': 'int64' }],
      },
      price: {
        type: 'string',
        title: `${data}.Decimal`,
        'connect.type': 'bytes',
        'connect.parameters': { scale: '2' },
      },
      raw: { type: 'string', 'connect.type': 'bytes' },
      ratio: { type: 'number', 'connect.type': 'float64' },
      id: { type: 'integer', 'connect.type': 'int64' },
      counts: {
        type: 'object',
        'connect.type': 'map',
        additionalProperties: { $ref: 'day.json#/properties/day' },
      },
      numbered: {
        type: 'array',
        'connect.type': 'map',
        items: {
          type: 'object',
          properties: { key: { type: 'integer' }, value: { $ref: '#/properties/raw' } },
        },
      },
      next: { $ref: '#' },
      days: { type: 'array', items: { $ref: '#/properties/day' } },
      plain: { type: 'object', properties: { a: { type: 'string' } } },
      loop: { $ref: '#/properties/loop' },
    },
  };

  it.each([
    ['day', '20000', { day: 20_000 }],
    ['at', '1500', { instant: [1, 500_000_000] }],
    ['at', 'null', null],
    ['price', '"BNI="', { number: '12.34' }],
    ['price', '12.34', { number: '12.34' }],
    ['raw', '"AP8="', { bytes: '00ff' }],
    ['ratio', '"NaN"', { double: Number.NaN }],
    ['id', '9007199254740993', { number: '9007199254740993' }],
    ['counts', '{"a":1}', { members: [['a', { day: 1 }]] }],
    ['numbered', '[{"key":1,"value":"AA=="}]', { members: [['1', { bytes: '00' }]] }],
    ['next', '{"next":{"day":1}}', { members: [['next', { members: [['day', { day: 1 }]] }]] }],
    ['days', '[1,2]', { items: [{ day: 1 }, { day: 2 }] }],
    ['plain', '{"a":"b"}', { json: '{"a":"b"}' }],
    ['loop', '[1]', { json: '[1]' }],
  ])('%s of %s', (field, value, expected) => {
    const decoder = createDecoder(spec([field]));
    decoder.schemas!.add(7, schemaOf(schema, { 'day.json': { properties: { day: schema.properties.day } } }));
    expect(decode(decoder, [field], `{"${field}":${value}}`)).toEqual({ cells: [expected] });
  });

  it('make a value dirty that does not fit', () => {
    const decoder = createDecoder(spec(['day', 'next.next.day']));
    decoder.schemas!.add(7, schemaOf(schema));
    expect(decode(decoder, ['day', 'next.next.day'], '{"next":{"next":{"day":"x"}}}')).toEqual({
      dirty: 'invalid_jsonschema',
      message: 'schema id 7: field next.next.day does not fit its schema: it is no integer, so no day',
    });
  });
});
