import avro from 'avsc';

/** avsc's own long type refuses what a number cannot hold. */
const exactLong = avro.types.LongType.__with({
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

const isLong = (part: unknown): boolean => part === 'long' || (part as { type?: unknown }).type === 'long';

/** A schema by another implementation of Avro: longs are bigints, the branch of a union is named. */
export const avroType = (schema: unknown): avro.Type =>
  avro.Type.forSchema(schema as avro.Schema, {
    ...{ wrapUnions: true, registry: {} },
    typeHook: (part: unknown) => (isLong(part) ? exactLong : undefined),
  });
