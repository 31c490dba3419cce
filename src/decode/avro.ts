import avro, { type Type } from 'avsc';
import { Cursor, Malformed } from './avro-cursor.ts';
import { compileReader, type Read } from './avro-read.ts';
import type { AvroType, Logical, Primitive } from './avro-type.ts';
import { type Dirty, MISSING } from './cell.ts';
import type { Decoder } from './decoder.ts';
import type { Path } from './path.ts';
import type { SchemaText } from './schema.ts';
import { createSchemaCache, HEADER_BYTES, schemaId } from './schema-cache.ts';
import { Scratch } from './scratch.ts';
import { buildTrie } from './trie.ts';

/**
 * Avro in the Confluent wire format (schema-cache.ts). avsc reads the
 * schemas (names, references, rules of the specification); the bodies are walked here, for the mapped
 * paths only, so that longs stay exact, lengths are checked before they are believed, and nothing is built
 * that no column takes. Every writer schema has its own reader, so schemas may change from record to record.
 */
export function createAvroDecoder(paths: readonly Path[], ignoreCase = false): Decoder {
  const trie = buildTrie(paths, ignoreCase);
  const scratch = new Scratch();
  const cursor = new Cursor();
  const schemas = createSchemaCache((schema) => ({ read: compile(schema) }), 'invalid_avro');

  function compile(schema: SchemaText): Read {
    if (schema.type !== 'AVRO') throw new Error(`it is a schema of type ${schema.type}, not AVRO`);
    return compileReader(parseSchema(schema), trie, scratch);
  }

  return {
    schemas,
    decode(bytes, start, end, cells) {
      const found = schemas.find(bytes, start, end);
      if ('code' in found) return found;
      scratch.reset();
      for (let i = 0; i < cells.length; i++) cells[i]!.kind = MISSING;
      cursor.set(bytes, start + HEADER_BYTES, end);
      try {
        found.read(cursor, cells);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        return { ...error.dirty, message: `schema id ${schemaId(bytes, start)}: ${error.message}` };
      }
      return cursor.at === end ? null : leftOver(schemaId(bytes, start), end - cursor.at);
    },
  };
}

function leftOver(id: number, bytes: number): Dirty {
  return { code: 'invalid_avro', message: `schema id ${id}: ${bytes} bytes are left over` };
}

function parseSchema({ text, references }: SchemaText): AvroType {
  const logicals = new Map<Type, Logical>();
  const options = { registry: {}, wrapUnions: true, typeHook: logicalHook(logicals) };
  const parse = (schema: string) =>
    avro.Type.forSchema(JSON.parse(schema, withoutDefault) as avro.Schema, options);
  for (const reference of references) parse(reference.text);
  return modelOf(parse(text), logicals);
}

/** Defaults are for readers that lack a field; avsc would refuse those that a JS number cannot hold. */
function withoutDefault(key: string, value: unknown): unknown {
  return key === 'default' ? undefined : value;
}

/** Notes the annotation of each type as avsc makes it; avsc itself knows none. */
function logicalHook(logicals: Map<Type, Logical>): (schema: unknown, options: object) => Type | undefined {
  let annotated: unknown = null;
  return (schema, options) => {
    const logical = schema === annotated ? null : logicalOf(schema);
    if (logical === null) return undefined;
    annotated = schema;
    const type = avro.Type.forSchema(schema as avro.Schema, options);
    logicals.set(type, logical);
    return type;
  };
}

/** Null for an annotation that the specification tells readers to ignore. */
function logicalOf(schema: unknown): Logical | null {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return null;
  const { logicalType, precision, scale = 0, size } = schema as Record<string, unknown>;
  if (typeof logicalType !== 'string') return null;
  if (logicalType === 'uuid' && size !== 16) return null;
  if (logicalType === 'decimal' && !isScale(scale, precision)) return null;
  return { name: logicalType, scale: Number(scale) };
}

function isScale(scale: unknown, precision: unknown): boolean {
  return (
    Number.isInteger(precision) &&
    Number.isInteger(scale) &&
    Number(scale) >= 0 &&
    Number(scale) <= Number(precision)
  );
}

const NO_LOGICAL: Logical = { name: '', scale: 0 };

/** avsc's types as plain data. */
function modelOf(root: Type, logicals: ReadonlyMap<Type, Logical>): AvroType {
  const made = new Map<Type, AvroType>();

  function of(type: Type): AvroType {
    const known = made.get(type);
    if (known !== undefined) return known;
    return type instanceof avro.types.RecordType ? record(type) : remember(type, other(type));
  }

  function remember(type: Type, model: AvroType): AvroType {
    made.set(type, model);
    return model;
  }

  /** Remembered before its fields are made: they may lead back to it. */
  function record(type: avro.types.RecordType): AvroType {
    const fields: { name: string; type: AvroType }[] = [];
    const model = remember(type, { kind: 'record', fields });
    for (const field of type.fields) fields.push({ name: field.name, type: of(field.type) });
    return model;
  }

  function other(type: Type): AvroType {
    const { types } = avro;
    const logical = logicals.get(type) ?? NO_LOGICAL;
    if (type instanceof types.ArrayType) return { kind: 'array', items: of(type.itemsType) };
    if (type instanceof types.MapType) return { kind: 'map', values: of(type.valuesType) };
    if (type instanceof types.WrappedUnionType) return { kind: 'union', branches: type.types.map(of) };
    if (type instanceof types.EnumType) return { kind: 'enum', symbols: type.symbols };
    if (type instanceof types.FixedType) return { kind: 'fixed', size: type.size, logical };
    if (type instanceof types.BytesType) return { kind: 'bytes', size: 0, logical };
    return { kind: primitive(type.typeName), logical };
  }

  return of(root);
}

const PRIMITIVES: readonly Primitive[] = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string'];

function primitive(name: string): Primitive {
  const found = PRIMITIVES.find((kind) => kind === name);
  if (found === undefined) throw new Error(`type ${name} is not supported`);
  return found;
}
