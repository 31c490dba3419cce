import { describe, expect, it } from 'vitest';
import { readSchemaFile, schemaFileProblem } from '../../src/config/schema-file.ts';

/** `files`: absolute name -> content. */
const readerOf = (files: Record<string, string>) => (path: string) => {
  const text = files[path];
  if (text === undefined) throw Object.assign(new Error(`no ${path}`), { code: 'ENOENT' });
  return text;
};

const proto = (files: Record<string, string>) => readSchemaFile('/s/main.proto', 'protobuf', readerOf(files));

describe('a schema file', () => {
  it('is one schema', () => {
    const read = readerOf({ '/s/a.avsc': '{"type":"int"}', '/s/a.json': '{"type":"object"}' });
    expect(readSchemaFile('/s/a.avsc', 'avro', read)).toEqual({
      ...{ type: 'AVRO', text: '{"type":"int"}', references: [] },
    });
    expect(readSchemaFile('/s/a.json', 'jsonschema', read)).toMatchObject({ type: 'JSON', references: [] });
  });

  it('of Avro may be an array, whose last is the one of the values', () => {
    const item = { type: 'record', name: 'Item', fields: [] };
    const order = { type: 'array', items: 'Item' };
    const read = readerOf({ '/s/a.avsc': JSON.stringify([item, order]) });
    expect(readSchemaFile('/s/a.avsc', 'avro', read)).toEqual({
      type: 'AVRO',
      text: JSON.stringify(order),
      references: [{ name: 'Item', text: JSON.stringify(item) }],
    });
  });

  it('that is missing, no JSON or empty says so', () => {
    const read = readerOf({ '/s/cut': '{"type":', '/s/none': '[]' });
    const avro = (path: string) => () => readSchemaFile(path, 'avro', read);
    expect(avro('/s/gone')).toThrow('cannot be read: there is no such file');
    expect(avro('/s/cut')).toThrow(/^is no JSON: /);
    expect(avro('/s/none')).toThrow('holds no schema');
    expect(() => readSchemaFile('/s/none', 'csv', read)).toThrow('is of no use to format csv');
  });
});

it('a JSON Schema that cannot validate is refused where records are validated by it', () => {
  const read = readerOf({ '/s/a.json': '{"properties": {"id": {"$ref": "gone.json"}}}' });
  const options = { format: 'jsonschema', schemaFile: '/s/a.json' };
  expect(schemaFileProblem(options, read)).toBeNull();
  expect(schemaFileProblem({ ...options, validate: true }, read)).toMatch(
    /^is no schema that format jsonschema can use: .*gone\.json/,
  );
});

describe('a .proto file', () => {
  it.each([
    ['message A { int32 x = 1', null, /line 1: /],
    ['message A {} message B {}', null, /several messages: name one of these in message: A, B$/],
    ['message A {} message B {}', 'C', /no message C: name one of these in message: A, B$/],
  ])('that cannot be used says why: %s', (text, message, reason) => {
    const options = { format: 'protobuf', schemaFile: '/s/a.proto', message };
    const problem = schemaFileProblem(options, readerOf({ '/s/a.proto': `syntax = "proto3"; ${text}` }));
    expect(problem).toMatch(/^is no schema that format protobuf can use: /);
    expect(problem).toMatch(reason);
  });

  it('comes with its imports, by their names: dependencies first, each once, cycles ended', () => {
    const found = proto({
      '/s/main.proto': `syntax = "proto3"; // import "no.proto";
        /* import "neither.proto"; */
        import public "sub/a.proto"; import 'b.proto';
        import "google/protobuf/timestamp.proto";
        message M { string import_note = 1 [default = "import \\"nor.proto\\";"]; }`,
      '/s/sub/a.proto': 'import "b.proto"; import "c.proto"; import "main.proto"; // A',
      '/s/b.proto': '// B',
      '/s/sub/c.proto': 'import weak "sub/a.proto"; // C',
    });
    expect(found.references.map(({ name }) => name)).toEqual([
      'b.proto',
      'c.proto',
      'main.proto',
      'sub/a.proto',
    ]);
    expect(found.references[1]!.text).toContain('// C');
  });

  it('takes a well-known type of its own only when it is there', () => {
    const text = 'import "google/protobuf/any.proto";';
    expect(proto({ '/s/main.proto': text }).references).toEqual([]);
    const others = 'import "confluent/type/decimal.proto"; import "google/type/date.proto"; ';
    expect(proto({ '/s/main.proto': others + text }).references).toEqual([]);
    const own = { '/s/main.proto': text, '/s/google/protobuf/any.proto': '// own' };
    expect(proto(own).references).toEqual([{ name: 'google/protobuf/any.proto', text: '// own' }]);
  });

  it('with an import that is not there says which', () => {
    expect(() => proto({ '/s/main.proto': 'import "x/y.proto";' })).toThrow(
      'imports "x/y.proto", which cannot be read: there is no such file',
    );
  });
});
