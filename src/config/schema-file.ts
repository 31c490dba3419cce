import { dirname, resolve } from 'node:path';
import { avroOpinion } from '../decode/avro/opinion.ts';
import { createDecoder } from '../decode/create-decoder.ts';
import type { DecodeOptions, Format } from '../decode/format.ts';
import { BUILT_IN } from '../decode/protobuf/built-in.ts';
import type { SchemaText } from '../decode/schema/schema.ts';
import { fileReason } from './interpolate.ts';
import { readSmallFile } from './small-file.ts';

/** Formats whose values are read by a schema, and how the registry calls it. */
const SCHEMA_TYPES: ReadonlyMap<string, SchemaText['type']> = new Map([
  ['avro', 'AVRO'],
  ['protobuf', 'PROTOBUF'],
  ['jsonschema', 'JSON'],
]);

/** Null: values of this format are read without a schema. */
export const schemaTypeOf = (format: unknown): SchemaText['type'] | null =>
  SCHEMA_TYPES.get(String(format)) ?? null;

/** Gets absolute paths; throws when it cannot read. */
export type ReadFile = (path: string) => string;

const readText: ReadFile = (path) => readSmallFile(path).toString('utf8');

/**
 * The schema of `schemaFile`: an .avsc file (one schema, or an array whose last is the one of the values and refers to
 * the others), a .proto file with all that it imports, or a JSON Schema. That it can be used is the decoder's to say.
 *
 * @throws Error that goes on behind "the file NAME ..."
 */
export function readSchemaFile(path: string, format: string, read: ReadFile = readText): SchemaText {
  const type = schemaTypeOf(format);
  if (type === null) throw new Error(`is of no use to format ${format}`);
  const text = readOrSay(path, read);
  if (type === 'PROTOBUF') return { type, text, references: importsOf(path, text, read) };
  const parsed = parseJson(text);
  return type === 'AVRO' && Array.isArray(parsed) ? lastOf(parsed) : { type, text, references: [] };
}

/** What is wrong with the `schemaFile` among these options of a key or value; goes on behind "the file NAME ...". */
export function schemaFileProblem(options: Readonly<Record<string, unknown>>, read: ReadFile): string | null {
  const { format, schemaFile, message, validate } = options;
  if (schemaTypeOf(format) === null) return null;
  try {
    const schema = readSchemaFile(String(schemaFile), String(format), read);
    return unusable({
      format: format as Format,
      schema,
      ...(typeof message === 'string' ? { message } : {}),
      ...(validate === true ? { validate } : {}),
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function unusable(options: DecodeOptions): string | null {
  try {
    createDecoder({ ...options, paths: [] });
    return null;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const reason = `is no schema that format ${options.format} can use: ${why}`;
    const other = options.format === 'avro' && options.schema ? avroOpinion(options.schema) : null;
    return other === null ? reason : `${reason} (avsc says: ${other})`;
  }
}

function readOrSay(path: string, read: ReadFile): string {
  try {
    return read(path);
  } catch (error) {
    throw new Error(`cannot be read: ${fileReason(error)}`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`is no JSON: ${fileReason(error)}`, { cause: error });
  }
}

function lastOf(schemas: readonly unknown[]): SchemaText {
  if (schemas.length === 0) throw new Error('holds no schema');
  const texts = schemas.map((schema) => JSON.stringify(schema));
  return {
    type: 'AVRO',
    text: texts.at(-1)!,
    references: texts.slice(0, -1).map((text, i) => ({ name: nameOf(schemas[i]), text })),
  };
}

const nameOf = (schema: unknown): string => String((schema as { name?: unknown } | null)?.name ?? '');

/** A comment, an import (its file in group 2) or any other text in quotes. */
const IMPORT_OR_TEXT =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|\bimport\s+(?:public\s+|weak\s+)?(["'])([^"'\n]+)\1\s*;|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
/** Every reader of .proto files brings these along, and ours some more. */
const WELL_KNOWN = /^google\/protobuf\//;

/**
 * What a .proto file imports, direct and indirect, by the names in the imports: dependencies first, each once. A name is
 * looked for from the folder of the first file, as by protoc, and then from the folder of the file that imports it.
 */
function importsOf(path: string, text: string, read: ReadFile): SchemaText['references'] {
  const root = dirname(path);
  const found: { name: string; text: string }[] = [];
  const seen = new Set<string>();

  function collect(importer: string, source: string): void {
    for (const [, , name] of source.matchAll(IMPORT_OR_TEXT)) {
      if (name === undefined || seen.has(name)) continue;
      seen.add(name);
      const file = find(name, [resolve(root, name), resolve(dirname(importer), name)]);
      if (file === null) continue;
      collect(file.path, file.text);
      found.push({ name, text: file.text });
    }
  }

  function find(name: string, paths: readonly string[]): { path: string; text: string } | null {
    const [first, second] = paths.map((candidate) => attempt(candidate, read));
    const file = first?.text !== undefined ? first : second;
    if (file?.text !== undefined) return { path: file.path, text: file.text };
    if (WELL_KNOWN.test(name) || BUILT_IN.has(name)) return null;
    throw new Error(`imports ${JSON.stringify(name)}, which cannot be read: ${first?.reason}`);
  }

  collect(path, text);
  return found;
}

function attempt(path: string, read: ReadFile): { path: string; text?: string; reason?: string } {
  try {
    return { path, text: read(path) };
  } catch (error) {
    return { path, reason: fileReason(error) };
  }
}
