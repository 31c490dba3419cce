import { createRequire } from 'node:module';
import type * as Avsc from 'avsc';
import { LIMITS } from '../../limits.ts';
import type { SchemaText } from '../schema/schema.ts';

const require = createRequire(import.meta.url);

/**
 * What another reader of Avro, avsc, says of a schema and of a value by it: words for the operator where something is
 * wrong or the two readers differ; no record ever passes through it. It is loaded by the first call.
 *
 * @param body a value without header that our reader has read whole; absent: the schema alone is looked at
 * @returns avsc's message; null: it has no objection
 */
export function avroOpinion({ text, references }: SchemaText, body?: Uint8Array): string | null {
  const texts = [...references.map((reference) => reference.text), text];
  if (texts.reduce((sum, one) => sum + one.length, 0) > LIMITS.schemaChars) return null;
  try {
    const avsc = require('avsc') as typeof Avsc;
    const options = { registry: {}, typeHook: exactLongs(avsc), wrapUnions: true };
    const types = texts.map((one) => avsc.Type.forSchema(JSON.parse(one) as Avsc.Schema, options));
    if (body !== undefined) types.at(-1)!.fromBuffer(Buffer.from(body));
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Its own longs refuse what a number cannot hold. */
function exactLongs(avsc: typeof Avsc) {
  const long = avsc.types.LongType.__with({
    fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
    toBuffer: (value: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(value);
      return bytes;
    },
    fromJSON: BigInt,
    toJSON: Number,
    isValid: (value: unknown) => typeof value === 'bigint',
    compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
  });
  return (part: unknown): Avsc.Type | undefined =>
    part === 'long' || (part as { type?: unknown } | null)?.type === 'long' ? long : undefined;
}
