import { type Cell, type Dirty, MISSING } from '../cell/cell.ts';
import { Scratch } from '../cell/scratch.ts';
import type { Decoder } from '../decoder.ts';
import type { Path } from '../path/path.ts';
import { createSchemaFields } from '../path/schema-fields.ts';
import { buildTrie } from '../path/trie.ts';
import type { UnmappedSpec } from '../path/unmapped.ts';
import type { SchemaText } from '../schema/schema.ts';
import { createSchemaCache, HEADER_BYTES, schemaId } from '../schema/schema-cache.ts';
import { Cursor, Malformed } from './cursor.ts';
import { addAvroFields } from './fields.ts';
import { compileReader, type Read } from './read.ts';
import { parseAvroSchema } from './schema.ts';

/**
 * Avro: with a schema, values are bodies of it (no header, no schema id); without one they are in the Confluent wire
 * format (schema-cache.ts), and every writer schema has its own reader, so schemas may change from record to record.
 * Bodies are walked for the mapped paths only, so that longs stay exact, lengths are checked before they are believed,
 * and nothing is built that no column takes.
 *
 * @throws Error that says why the schema cannot be used
 */
export function createAvroDecoder(
  paths: readonly Path[],
  ignoreCase = false,
  schema: SchemaText | null = null,
  unmapped: UnmappedSpec | null = null,
): Decoder {
  const trie = buildTrie(paths, ignoreCase);
  const fields = unmapped && createSchemaFields(paths, unmapped);
  const kept = fields?.keeps ? fields : null;
  const telling = fields ? { unmappedFields: () => fields.take() } : {};
  const scratch = new Scratch();
  const cursor = new Cursor();

  function compile(text: SchemaText): { readonly read: Read } {
    try {
      const type = parseAvroSchema(text);
      if (fields !== null) addAvroFields(type, trie, fields);
      return { read: compileReader(type, trie, scratch) };
    } catch (error) {
      // Types that refer to each other in a long chain: the text itself may be flat.
      if (error instanceof RangeError) throw new Error('its types are nested too deep', { cause: error });
      throw error;
    }
  }

  function readBody(read: Read, bytes: Uint8Array, from: number, end: number, own: readonly Cell[]) {
    const cells = kept === null ? own : kept.bind(own);
    scratch.reset();
    for (let i = 0; i < cells.length; i++) cells[i]!.kind = MISSING;
    cursor.set(bytes, from, end);
    try {
      read(cursor, cells);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return error.dirty;
    }
    return cursor.at === end ? null : leftOver(end - cursor.at);
  }

  if (schema !== null) {
    const { read } = compile(schema);
    return {
      ...telling,
      decode(bytes, start, end, cells) {
        const dirty = readBody(read, bytes, start, end, cells);
        if (dirty !== null) return withHeaderHint(dirty, bytes, start, end);
        return kept === null ? null : kept.finish(cells);
      },
    };
  }
  const schemas = createSchemaCache(compile, 'invalid_avro');
  return {
    ...telling,
    schemas,
    decode(bytes, start, end, cells) {
      const found = schemas.find(bytes, start, end);
      if ('code' in found) return found;
      const undecoded = readBody(found.read, bytes, start + HEADER_BYTES, end, cells);
      const dirty = undecoded ?? (kept === null ? null : kept.finish(cells));
      return dirty && { ...dirty, message: `schema id ${schemaId(bytes, start)}: ${dirty.message}` };
    },
  };
}

function leftOver(bytes: number): Dirty {
  return { code: 'invalid_avro', message: `${bytes} bytes are left over` };
}

/** A value that does not fit the file's schema may have been written for a registry. */
function withHeaderHint(dirty: Dirty, bytes: Uint8Array, start: number, end: number): Dirty {
  if (end - start < HEADER_BYTES || bytes[start] !== 0) return dirty;
  const hint = `it begins like one with the schema id ${schemaId(bytes, start)}, but schemaFile is for values without`;
  return { ...dirty, message: `${dirty.message} (${hint})` };
}
