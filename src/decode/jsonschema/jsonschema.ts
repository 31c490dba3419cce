import { LIMITS } from '../../limits.ts';
import type { Dirty } from '../cell/cell.ts';
import type { Decoder, DecoderSpec } from '../decoder.ts';
import { createJsonDecoder } from '../json/json.ts';
import { isTyped } from '../json/type.ts';
import { compileTyping, type Typing } from '../json/typing.ts';
import type { SchemaText } from '../schema/schema.ts';
import { createSchemaCache, HEADER_BYTES, schemaId } from '../schema/schema-cache.ts';
import { annotatedType } from './types.ts';
import { compileValidator, type Validate } from './validate.ts';

/** A schema as far as it is always needed. */
interface Known {
  readonly schema: SchemaText;
  /** Null: its annotations say nothing of a mapped path. */
  readonly typing: Typing | null;
}

const CODE = 'invalid_jsonschema';

/**
 * JSON in the Confluent wire format (schema-cache.ts), or without header where the schema is in a file. The body is
 * read as any JSON; the schema adds the types of Kafka Connect's annotations and, with `validate`, its judgement.
 * A schema that cannot be used for it makes every record dirty. Validation sees what JSON.parse sees (numbers beyond 2^53 are rounded there); the cells stay exact.
 */
export function createJsonSchemaDecoder(spec: DecoderSpec): Decoder {
  const { paths, ignoreCase = false, schema = null, validate = false, unmapped } = spec;
  const json = createJsonDecoder(paths, ignoreCase, unmapped);
  const check = validate ? createCheck() : () => null;
  const compile = (text: SchemaText): Known => ({ schema: text, typing: typingOf(text, spec) });

  function decodeBody(
    known: Known,
    bytes: Uint8Array,
    at: number,
    end: number,
    cells: Parameters<Decoder['decode']>[3],
  ) {
    const problem = json.decode(bytes, at, end, cells) ?? check(known.schema, bytes, at, end);
    return problem ?? known.typing?.(cells, cells) ?? null;
  }

  if (schema !== null) {
    const known = compile(schema);
    if (validate) compileValidator(schema); // so that a start fails, not every record
    return { ...json, decode: (bytes, start, end, cells) => decodeBody(known, bytes, start, end, cells) };
  }
  const schemas = createSchemaCache(compile, CODE);
  return {
    ...json,
    schemas,
    decode(bytes, start, end, cells) {
      const found = schemas.find(bytes, start, end);
      if ('code' in found) return found;
      const problem = decodeBody(found, bytes, start + HEADER_BYTES, end, cells);
      return problem && { ...problem, message: `schema id ${schemaId(bytes, start)}: ${problem.message}` };
    },
  };
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function typingOf(schema: SchemaText, { paths, ignoreCase = false }: DecoderSpec): Typing | null {
  if (schema.type !== 'JSON') throw new Error(`it is a schema of type ${schema.type}, not JSON`);
  refuseBomb(schema);
  const type = annotatedType(schema);
  return isTyped(type) ? compileTyping(type, paths, ignoreCase, CODE) : null;
}

/** Before anything else looks at it. */
function refuseBomb({ text, references }: SchemaText): void {
  const texts = [text, ...references.map((reference) => reference.text)];
  const length = texts.reduce((sum, one) => sum + one.length, 0);
  if (length > LIMITS.jsonSchemaChars)
    throw new Error(`it has more than ${LIMITS.jsonSchemaChars} characters`);
  for (const one of texts) {
    const bytes = new Uint8Array(Buffer.from(one, 'utf8'));
    const problem = createJsonDecoder([]).decode(bytes, 0, bytes.length, []);
    if (problem) throw new Error(problem.message);
  }
}

/** Judges the body of a record by its schema; the validators used last are kept. */
function createCheck() {
  const made = new Map<SchemaText, Validate | Error>();

  function validatorOf(schema: SchemaText): Validate | Error {
    const known = made.get(schema) ?? compiled(schema);
    made.delete(schema);
    made.set(schema, known);
    if (made.size > LIMITS.validators) made.delete(made.keys().next().value!);
    return known;
  }

  return (schema: SchemaText, bytes: Uint8Array, at: number, end: number): Dirty | null => {
    if (end - at > LIMITS.validatedBytes) {
      return {
        code: CODE,
        message: `${end - at} bytes are too many to be validated (${LIMITS.validatedBytes})`,
      };
    }
    const validate = validatorOf(schema);
    if (validate instanceof Error)
      return { code: CODE, message: `the schema cannot be used: ${validate.message}` };
    const message = validate(parsed(bytes, at, end), end - at);
    return message === null ? null : { code: CODE, message };
  };
}

/** Valid JSON, perhaps behind a byte order mark. */
const parsed = (bytes: Uint8Array, at: number, end: number): unknown =>
  JSON.parse(TEXT.decode(bytes.subarray(at, end)));

const TEXT = new TextDecoder('utf-8');

function compiled(schema: SchemaText): Validate | Error {
  try {
    return compileValidator(schema);
  } catch (error) {
    return new Error(reasonOf(error));
  }
}
