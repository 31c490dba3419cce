import { decimalNumber } from '../model/decimal.ts';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';

/** The two ways of the service to choose the bucket of a row (protocol 9.3). */
export type HasherName = 'default' | 'legacy';

/** The hash of a key value, 32 bits signed; undefined where the official clients do not agree on it. */
export type KeyHash = (value: Cell) => number | undefined;

interface Hasher {
  readonly number: (value: bigint) => number;
  readonly bytes: (bytes: Uint8Array) => number;
}

const HASHERS: Record<HasherName, Hasher> = {
  default: { number: defaultNumber, bytes: defaultBytes },
  legacy: { number: legacyNumber, bytes: legacyBytes },
};

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const low32 = (value: bigint): number => Number(BigInt.asIntN(32, value));

function defaultNumber(value: bigint): number {
  let mixed = wrap(~value + (value << 18n));
  mixed ^= mixed >> 31n;
  mixed = wrap(mixed * 21n);
  mixed ^= mixed >> 11n;
  mixed = wrap(mixed + (mixed << 6n));
  return low32(mixed ^ (mixed >> 22n));
}

function legacyNumber(value: bigint): number {
  return low32((value >> 32n) ^ value);
}

/** Bytes count as signed, as in Java. */
const signed = (byte: number): number => (byte << 24) >> 24;

function defaultBytes(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) {
    hash = (hash + signed(byte)) | 0;
    hash = (hash + (hash << 10)) | 0;
    hash ^= hash >> 6;
  }
  hash = (hash + (hash << 3)) | 0;
  hash ^= hash >> 11;
  return (hash + (hash << 15)) | 0;
}

function legacyBytes(bytes: Uint8Array): number {
  let hash = 0;
  for (const byte of bytes) hash = (Math.imul(hash, 31) + signed(byte)) | 0;
  return hash;
}

/** How a key column of this type is hashed; undefined: it cannot be a key. NULL is 0. */
export function keyHash(type: ColumnType, name: HasherName): KeyHash | undefined {
  const hash = valueHash(type, HASHERS[name]);
  return hash && ((value) => (value === null ? 0 : hash(value)));
}

function valueHash(type: ColumnType, hasher: Hasher): KeyHash | undefined {
  switch (type.name) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'DATETIME':
      return (value) => hasher.number(BigInt(value as number | bigint));
    case 'DATE':
      return (value) => hasher.number(BigInt(value as number) * 86_400n);
    case 'BOOLEAN':
      return (value) => (value ? 0x172ba9c7 : -0x3a59cb12);
    case 'FLOAT':
      return (value) => hasher.number(floatBits(value as number));
    case 'DOUBLE':
      return (value) => hasher.number(doubleBits(value as number));
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
      return (value) => hasher.bytes(Buffer.from(value as string));
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return (value) => timeHash(value as bigint, hasher);
    case 'DECIMAL':
      return (value) => decimalHash(value as string, type, hasher);
    case 'BINARY':
      // Java hashes a printable form of the bytes, PyODPS the bytes.
      return () => undefined;
    default:
      return undefined;
  }
}

const view = new DataView(new ArrayBuffer(8));

/** Any NaN hashes as the canonical one. */
function floatBits(value: number): bigint {
  view.setFloat32(0, Number.isNaN(value) ? Number.NaN : value);
  return BigInt(view.getInt32(0));
}

function doubleBits(value: number): bigint {
  view.setFloat64(0, Number.isNaN(value) ? Number.NaN : value);
  return view.getBigInt64(0);
}

const NANOS = 1_000_000_000n;

/** Java floors the seconds before 1970, PyODPS cuts them: with a fraction they differ. */
function timeHash(value: bigint, hasher: Hasher): number | undefined {
  const nanos = ((value % NANOS) + NANOS) % NANOS;
  if (value < 0n && nanos !== 0n) return undefined;
  return hasher.number(wrap(((value / NANOS) << 30n) | nanos));
}

/** The whole number of units of the column's scale, rounded half away from zero. */
function decimalHash(text: string, type: { precision: number; scale: number }, hasher: Hasher): number {
  const unscaled = decimalNumber(text, type.scale);
  if (type.precision <= 18) return hasher.number(wrap(unscaled));
  return (hasher.number(wrap(unscaled)) + hasher.number(wrap(unscaled >> 64n))) | 0;
}

/** The bucket of a row by the hashes of its key values; undefined where one of them is not known. */
export function bucketOf(hashes: readonly (number | undefined)[], buckets: number): number | undefined {
  let sum = 0;
  for (const hash of hashes) {
    if (hash === undefined) return undefined;
    sum = (sum + hash) | 0;
  }
  const combined = sum ^ (sum >> 8);
  return ((combined % buckets) + buckets) % buckets;
}
