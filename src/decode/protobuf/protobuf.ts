import { SinkError } from '../../errors.ts';
import { type Cell, type Dirty, MISSING } from '../cell/cell.ts';
import type { Decoder, DecoderSpec } from '../decoder.ts';
import { createSchemaFields, type SchemaFields } from '../path/schema-fields.ts';
import { buildTrie, type PathNode } from '../path/trie.ts';
import type { SchemaText } from '../schema/schema.ts';
import { createSchemaCache, HEADER_BYTES, schemaId } from '../schema/schema-cache.ts';
import { Cursor, Malformed, malformed, readVarint } from './cursor.ts';
import { addProtobufFields } from './fields.ts';
import { compileReader } from './read.ts';
import { readProtobufSchema } from './schema.ts';
import type { Read } from './state.ts';
import type { ProtoMessage } from './type.ts';

/** A message with its reader, which is made when the first record needs it. */
interface Compiled {
  readonly type: ProtoMessage;
  read: Read | null;
  readonly messages: readonly Compiled[];
}

/**
 * Protobuf: in the Confluent wire format (schema-cache.ts), with the list of message indexes behind the schema
 * id; or, with a schema file, bare. The bytes are walked here for the mapped paths only, so that integers stay
 * exact, lengths are checked before they are believed, and nothing is built that no column takes.
 *
 * @throws SinkError `config_invalid` when the schema file is none, or does not have the message
 */
export function createProtobufDecoder(spec: DecoderSpec): Decoder {
  const { paths, unmapped } = spec;
  const trie = buildTrie(paths, spec.ignoreCase);
  const fields = unmapped ? createSchemaFields(paths, unmapped) : null;
  const decoder = spec.schema
    ? bareDecoder(messageOf(spec.schema, spec.message ?? null), { trie, fields })
    : framedDecoder({ trie, fields });
  return fields === null ? decoder : { ...decoder, unmappedFields: () => fields.take() };
}

/** What is wanted of a message. */
interface Wanted {
  readonly trie: PathNode;
  readonly fields: SchemaFields | null;
}

function framedDecoder(wanted: Wanted): Decoder {
  const cursor = new Cursor();
  const schemas = createSchemaCache(
    (schema) => ({ messages: compiled(messagesOf(schema)) }),
    'invalid_protobuf',
  );
  return {
    schemas,
    decode(bytes, start, end, cells) {
      const found = schemas.find(bytes, start, end);
      if ('code' in found) return found;
      cursor.set(bytes, start, start + HEADER_BYTES, end);
      try {
        const dirty = read(messageAt(found.messages, cursor), wanted, cursor, cells);
        return dirty && { ...dirty, message: `schema id ${schemaId(bytes, start)}: ${dirty.message}` };
      } catch (error) {
        return dirtyOf(error, `schema id ${schemaId(bytes, start)}: `);
      }
    },
  };
}

function bareDecoder(type: ProtoMessage, wanted: Wanted): Decoder {
  const cursor = new Cursor();
  const message: Compiled = { type, read: null, messages: [] };
  return {
    decode(bytes, start, end, cells) {
      cursor.set(bytes, start, start, end);
      try {
        return read(message, wanted, cursor, cells);
      } catch (error) {
        return dirtyOf(error, '');
      }
    },
  };
}

function read(
  message: Compiled,
  { trie, fields }: Wanted,
  cursor: Cursor,
  own: readonly Cell[],
): Dirty | null {
  if (message.read === null && fields) addProtobufFields(message.type, trie, fields);
  message.read ??= compileReader(message.type, trie);
  const kept = fields?.keeps ? fields : null;
  const cells = kept === null ? own : kept.bind(own);
  for (let i = 0; i < cells.length; i++) cells[i]!.kind = MISSING;
  message.read(cursor, cells);
  return kept === null ? null : kept.finish(own);
}

function dirtyOf(error: unknown, before: string): Dirty {
  if (!(error instanceof Malformed)) throw error;
  const field = error.fields.length === 0 ? '' : `field ${error.fields.join('.')}: `;
  return { code: error.code, message: `${before}${field}${error.message}` };
}

function messagesOf(schema: SchemaText): readonly ProtoMessage[] {
  if (schema.type !== 'PROTOBUF') throw new Error(`it is a schema of type ${schema.type}, not PROTOBUF`);
  const messages = readProtobufSchema(schema);
  if (messages.length === 0) throw new Error('it declares no message');
  return messages;
}

function compiled(types: readonly ProtoMessage[]): Compiled[] {
  return types.map((type) => ({ type, read: null, messages: compiled(type.messages) }));
}

/** The message that the indexes name: their count, then each, zigzag; a count of 0 is short for the first message. */
function messageAt(messages: readonly Compiled[], cursor: Cursor): Compiled {
  const count = readIndex(cursor);
  if (count === 0) return messages[0]!;
  let found: Compiled | undefined;
  for (let i = 0; i < count; i++) {
    const index = readIndex(cursor);
    found = (found === undefined ? messages : found.messages)[index];
    if (found === undefined) throw malformed(cursor, `the schema has no message of index ${index}`);
  }
  if (found === undefined) throw malformed(cursor, `a list of ${count} message indexes`);
  return found;
}

function readIndex(cursor: Cursor): number {
  readVarint(cursor);
  return (cursor.low >>> 1) ^ -(cursor.low & 1);
}

/** The message of a schema file whose values `decode` reads; `name` null: the only one. */
function messageOf(schema: SchemaText, name: string | null): ProtoMessage {
  const messages = declared(schema);
  const all = messages.flatMap(withInner);
  const wanted = name?.replace(/^\./, '');
  const found = wanted === undefined ? messages : all.filter((message) => message.name === wanted);
  if (found.length === 1) return found[0]!;
  const problem = wanted === undefined ? 'declares several messages' : `declares no message ${wanted}`;
  const names = all.slice(0, NAMES_SHOWN).map((message) => message.name);
  const more = all.length > names.length ? ', ...' : '';
  throw new SinkError(
    'config_invalid',
    `the Protobuf schema ${problem}: name one of these in message: ${names.join(', ')}${more}`,
  );
}

const NAMES_SHOWN = 30;

function withInner(message: ProtoMessage): ProtoMessage[] {
  return [message, ...message.messages.flatMap(withInner)];
}

function declared(schema: SchemaText): readonly ProtoMessage[] {
  try {
    return messagesOf(schema);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SinkError('config_invalid', `the Protobuf schema cannot be used: ${reason}`, error);
  }
}
