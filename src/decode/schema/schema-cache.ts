import type { RejectionCode } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Dirty } from '../cell/cell.ts';
import type { SchemaCache } from '../decoder.ts';
import type { SchemaText } from './schema.ts';

/** The Confluent wire format: byte 0, the schema id as u32 big endian, then the body. */
export const HEADER_BYTES = 5;

/** What was made of each schema, and the finding of it by the header of a value. */
export interface CompiledSchemas<T extends object> extends SchemaCache {
  /** What was made of the schema that the header names, or why there is none. */
  find(bytes: Uint8Array, start: number, end: number): T | Dirty;
}

/** `compile` throws an Error that says why the text is no schema; `code` is for what does not fit its schema. */
export function createSchemaCache<T extends object>(
  compile: (schema: SchemaText) => T,
  code: RejectionCode,
): CompiledSchemas<T> {
  const made = new Map<number, T | Dirty>();
  const missing = new Set<number>();
  /** The one found last: most records of a chunk have the same schema. */
  let lastId = -1;
  let last: T | Dirty | undefined;

  function forget(id: number): void {
    made.delete(id);
    missing.delete(id);
    lastId = -1;
  }

  function lookUp(id: number): T | Dirty | undefined {
    if (id === lastId) return last;
    const found = made.get(id);
    if (found !== undefined) [lastId, last] = [id, found];
    return found;
  }

  function attempt(id: number, schema: SchemaText): T | Dirty {
    try {
      return compile(schema);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { code, message: `schema id ${id} cannot be used: ${reason}` };
    }
  }

  return {
    add(id, schema) {
      forget(id);
      if (schema === null) missing.add(id);
      made.set(id, schema === null ? notThere(id) : attempt(id, schema));
      if (made.size > LIMITS.schemaIds) forget(made.keys().next().value!);
    },
    forgetMissing() {
      for (const id of missing) forget(id);
    },
    unknown(bytes, start, end) {
      if (end - start < HEADER_BYTES || bytes[start] !== 0) return null;
      const id = schemaId(bytes, start);
      return lookUp(id) === undefined ? id : null;
    },
    find(bytes, start, end) {
      if (end - start < HEADER_BYTES)
        return { code, message: `${end - start} bytes are too few for magic byte and schema id` };
      if (bytes[start] !== 0) return { code, message: `the magic byte is ${bytes[start]}, not 0` };
      const id = schemaId(bytes, start);
      return lookUp(id) ?? notThere(id);
    },
  };
}

export function schemaId(bytes: Uint8Array, start: number): number {
  return (
    ((bytes[start + 1]! << 24) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 8) | bytes[start + 4]!) >>>
    0
  );
}

function notThere(id: number): Dirty {
  return { code: 'unknown_schema', message: `schema id ${id} is not in the registry` };
}
