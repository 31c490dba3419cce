import avro, { type Type } from 'avsc';
import { LIMITS } from '../limits.ts';
import { Cursor, Malformed } from './avro-cursor.ts';
import { compileReader, type Read } from './avro-read.ts';
import type { AvroType, Logical, Primitive } from './avro-type.ts';
import { type Dirty, MISSING } from './cell.ts';
import type { SchemaDecoder } from './decoder.ts';
import type { Path } from './path.ts';
import { Scratch } from './scratch.ts';
import { buildTrie } from './trie.ts';

/**
 * Avro in the Confluent wire format: byte 0, the schema id as u32 big endian, the body. avsc reads the
 * schemas (names, references, rules of the specification); the bodies are walked here, for the mapped
 * paths only, so that longs stay exact, lengths are checked before they are believed, and nothing is built
 * that no column takes. Every writer schema has its own reader, so schemas may change from record to record.
 */
const HEADER_BYTES = 5;

export function createAvroDecoder(paths: readonly Path[], ignoreCase = false): SchemaDecoder {
  const trie = buildTrie(paths, ignoreCase);
  const scratch = new Scratch();
  const cursor = new Cursor();
  const readers = new Map<number, Read | Dirty>();
  const missing = new Set<number>();

  return {
    addSchema(id, text) {
      forget(id);
      if (text === null) missing.add(id);
      readers.set(id, text === null ? unknown(id) : compile(id, text));
      if (readers.size > LIMITS.schemaIds) forget(readers.keys().next().value!);
    },

    forgetMissing() {
      for (const id of missing) forget(id);
    },

    unknownSchema(bytes, start, end) {
      if (end - start < HEADER_BYTES || bytes[start] !== 0) return null;
      const id = schemaId(bytes, start);
      return readers.has(id) ? null : id;
    },

    decode(bytes, start, end, cells) {
      if (end - start < HEADER_BYTES)
        return notFramed(`${end - start} bytes are too few for magic byte and schema id`);
      if (bytes[start] !== 0) return notFramed(`the magic byte is ${bytes[start]}, not 0`);
      const id = schemaId(bytes, start);
      const read = readers.get(id) ?? unknown(id);
      if (typeof read !== 'function') return read;
      scratch.reset();
      for (let i = 0; i < cells.length; i++) cells[i]!.kind = MISSING;
      cursor.set(bytes, start + HEADER_BYTES, end);
      try {
        read(cursor, cells);
      } catch (error) {
        if (error instanceof Malformed)
          return { ...error.dirty, message: `schema id ${id}: ${error.message}` };
        throw error;
      }
      return cursor.at === end ? null : notFramed(`schema id ${id}: ${end - cursor.at} bytes are left over`);
    },
  };

  function forget(id: number): void {
    readers.delete(id);
    missing.delete(id);
  }

  function compile(id: number, text: string): Read | Dirty {
    try {
      return compileReader(parseSchema(text), trie, scratch);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { code: 'invalid_avro', message: `schema id ${id} is no Avro schema: ${reason}` };
    }
  }
}

function schemaId(bytes: Uint8Array, start: number): number {
  return (
    ((bytes[start + 1]! << 24) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 8) | bytes[start + 4]!) >>>
    0
  );
}

function unknown(id: number): Dirty {
  return { code: 'unknown_schema', message: `schema id ${id} is not in the registry` };
}

function notFramed(message: string): Dirty {
  return { code: 'invalid_avro', message };
}

/** Schemas that refer to other subjects come from the registry as `{references: [text...], schema: text}`. */
function parseSchema(text: string): AvroType {
  const parsed: unknown = JSON.parse(text, withoutDefault);
  const logicals = new Map<Type, Logical>();
  const options = { registry: {}, wrapUnions: true, typeHook: logicalHook(logicals) };
  if (!hasReferences(parsed)) return modelOf(avro.Type.forSchema(parsed as avro.Schema, options), logicals);
  for (const reference of parsed.references)
    avro.Type.forSchema(JSON.parse(reference, withoutDefault), options);
  return modelOf(avro.Type.forSchema(JSON.parse(parsed.schema, withoutDefault), options), logicals);
}

interface WithReferences {
  readonly references: readonly string[];
  readonly schema: string;
}

function hasReferences(parsed: unknown): parsed is WithReferences {
  return typeof parsed === 'object' && parsed !== null && 'references' in parsed && !('type' in parsed);
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
