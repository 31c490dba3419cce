import { LIMITS } from '../../limits.ts';
import { type Semantic, semanticOf } from '../cell/semantic.ts';
import type { SchemaText } from '../schema/schema.ts';
import type { AvroType, Logical, Primitive } from './type.ts';

type Json = Readonly<Record<string, unknown>>;
type Names = Map<string, AvroType>;

/**
 * Reads the text of a writer schema, and first those that it refers to. Names are resolved as the specification says;
 * what only concerns readers with a schema of their own (defaults, aliases, order) is left out, and so are rules about
 * what names may look like: the registry, or the one who wrote the file, has let them pass.
 *
 * @throws Error that says what is wrong with the schema
 */
export function parseAvroSchema({ type, text, references }: SchemaText): AvroType {
  if (type !== 'AVRO') throw new Error(`it is a schema of type ${type}, not AVRO`);
  const texts = [...references.map((reference) => reference.text), text];
  const length = texts.reduce((sum, one) => sum + one.length, 0);
  if (length > LIMITS.schemaChars)
    throw new Error(
      `it has ${length} characters with all that it refers to; the limit is ${LIMITS.schemaChars}`,
    );
  const names: Names = new Map();
  return texts.map((one) => typeOf(JSON.parse(one), { names, namespace: '', depth: 0 })).at(-1)!;
}

/** Where in the schemas we are. */
interface Place {
  readonly names: Names;
  /** Of the innermost named type around; empty: none. */
  readonly namespace: string;
  readonly depth: number;
}

function typeOf(schema: unknown, place: Place): AvroType {
  if (place.depth > LIMITS.depth) throw new Error(`its types are nested deeper than ${LIMITS.depth}`);
  if (typeof schema === 'string') return primitiveOf(schema, null) ?? named(schema, place);
  const inner = { ...place, depth: place.depth + 1 };
  if (Array.isArray(schema))
    return { kind: 'union', branches: schema.map((branch) => branchOf(branch, inner)) };
  if (isObject(schema)) return typed(schema, inner);
  throw new Error(`${show(schema)} is no type`);
}

function branchOf(schema: unknown, place: Place): AvroType {
  const branch = typeOf(schema, place);
  if (branch.kind === 'union') throw new Error('a union stands directly in a union');
  return branch;
}

function typed(schema: Json, place: Place): AvroType {
  const { type } = schema;
  switch (type) {
    case 'array':
      return { kind: 'array', items: typeOf(schema.items, place) };
    case 'map':
      return { kind: 'map', values: typeOf(schema.values, place) };
    case 'record':
    case 'error':
      return record(schema, place);
    case 'enum':
      return remember(schema, place, { kind: 'enum', symbols: symbolsOf(schema) });
    case 'fixed':
      return remember(schema, place, { kind: 'fixed', size: sizeOf(schema), logical: logicalOf(schema) });
    case 'bytes':
      return { kind: 'bytes', size: 0, logical: logicalOf(schema) };
    default:
      return (typeof type === 'string' && primitiveOf(type, logicalOf(schema))) || typeOf(type, place);
  }
}

const PRIMITIVES: readonly string[] = ['null', 'boolean', 'int', 'long', 'float', 'double', 'string'];

function primitiveOf(name: string, logical: Logical | null): AvroType | null {
  if (name === 'bytes') return { kind: 'bytes', size: 0, logical };
  return PRIMITIVES.includes(name) ? { kind: name as Primitive, logical } : null;
}

/** Remembered before its fields are read: they may lead back to it. */
function record(schema: Json, place: Place): AvroType {
  if (!Array.isArray(schema.fields)) throw new Error(`record ${show(schema.name)} has no fields`);
  const fields: { name: string; type: AvroType }[] = [];
  const made = remember(schema, place, { kind: 'record', fields, logical: logicalOf(schema) });
  const inner = { ...place, namespace: namespaceOf(fullName(schema, place)) };
  for (const field of schema.fields) {
    if (!isObject(field) || typeof field.name !== 'string' || field.type === undefined)
      throw new Error(`record ${show(schema.name)} has a field without name or type: ${show(field)}`);
    fields.push({ name: field.name, type: typeOf(field.type, inner) });
  }
  return made;
}

function symbolsOf({ name, symbols }: Json): string[] {
  if (Array.isArray(symbols) && symbols.every((symbol) => typeof symbol === 'string')) return symbols;
  throw new Error(`enum ${show(name)} has no symbols`);
}

function sizeOf({ name, size }: Json): number {
  if (Number.isInteger(size) && Number(size) >= 0) return Number(size);
  throw new Error(`fixed ${show(name)} has no size`);
}

function remember(schema: Json, place: Place, type: AvroType): AvroType {
  place.names.set(fullName(schema, place), type);
  return type;
}

function fullName({ name, namespace }: Json, place: Place): string {
  if (typeof name !== 'string' || name === '') throw new Error('a record, enum or fixed type has no name');
  if (name.includes('.')) return name;
  const space = typeof namespace === 'string' ? namespace : place.namespace;
  return space === '' ? name : `${space}.${name}`;
}

const namespaceOf = (name: string): string => name.slice(0, Math.max(name.lastIndexOf('.'), 0));

function named(name: string, { names, namespace }: Place): AvroType {
  const near = name.includes('.') || namespace === '' ? undefined : names.get(`${namespace}.${name}`);
  const found = near ?? names.get(name);
  if (found === undefined) throw new Error(`type ${show(name)} is not defined`);
  return found;
}

const LOGICAL_TYPES: ReadonlyMap<string, Semantic | Logical> = new Map<string, Logical>([
  ['int date', { kind: 'day' }],
  ['int time-millis', { kind: 'time', perSecond: 1e3 }],
  ['long time-micros', { kind: 'time', perSecond: 1e6 }],
  ['long time-nanos', { kind: 'time', perSecond: 1e9 }],
  ['long timestamp-millis', { kind: 'instant', perSecond: 1e3 }],
  ['long timestamp-micros', { kind: 'instant', perSecond: 1e6 }],
  ['long timestamp-nanos', { kind: 'instant', perSecond: 1e9 }],
  ['long local-timestamp-millis', { kind: 'local', perSecond: 1e3 }],
  ['long local-timestamp-micros', { kind: 'local', perSecond: 1e6 }],
  ['long local-timestamp-nanos', { kind: 'local', perSecond: 1e9 }],
]);

/** Null for an annotation that does not fit its type: the specification tells readers to ignore it. */
function logicalOf(schema: Json): Logical | null {
  const { type, logicalType, size } = schema;
  const semantic = connectSemantic(schema);
  if (semantic !== null && fits(semantic, type)) return semantic;
  if (logicalType === 'uuid') return type === 'fixed' && size === 16 ? { kind: 'uuid' } : null;
  if (logicalType === 'duration') return type === 'fixed' && size === 12 ? { kind: 'duration' } : null;
  if (logicalType === 'decimal') return type === 'bytes' || type === 'fixed' ? decimalOf(schema) : null;
  return LOGICAL_TYPES.get(`${type} ${logicalType}`) ?? null;
}

/** The name that Kafka Connect gave the schema before it became Avro. */
function connectSemantic(schema: Json): Semantic | null {
  const name = schema['connect.name'];
  const parameters = schema['connect.parameters'];
  return typeof name === 'string' ? semanticOf(name, isObject(parameters) ? parameters : schema) : null;
}

function fits({ kind }: Semantic, type: unknown): boolean {
  if (kind === 'variable_decimal') return type === 'record';
  if (kind === 'decimal') return type === 'bytes' || type === 'fixed';
  return type === 'int' || type === 'long';
}

function decimalOf({ scale = 0, precision }: Json): Logical | null {
  if (!Number.isInteger(precision) || !Number.isInteger(scale)) return null;
  const digits = Number(scale);
  return digits >= 0 && digits <= Number(precision) ? { kind: 'decimal', scale: digits } : null;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const show = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, LIMITS.sampleChars);
