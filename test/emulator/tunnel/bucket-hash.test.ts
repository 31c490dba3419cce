import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseType } from '../../../src/emulator/model/types.ts';
import type { Cell } from '../../../src/emulator/record/cells.ts';
import { bucketOf, type HasherName, keyHash } from '../../../src/emulator/tunnel/bucket-hash.ts';

interface Value {
  type: string;
  value: string | boolean | { seconds: string; nanos: number } | { hex: string };
}
const file = JSON.parse(readFileSync(new URL('../../vectors/hash.json', import.meta.url), 'utf8'));
const vectors: (Value & { default: number; legacy: number })[] = file.vectors;
const combined: {
  keys?: Value[];
  hasher?: HasherName;
  hashes: number[];
  combined: number;
  bucketCount?: number;
  bucket?: number;
}[] = file.combine;

/** The vectors come from the Java SDK; here is what a record reader makes of the same values. */
function cellOf({ type, value }: Value): Cell {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'object') {
    if ('hex' in value) return Buffer.from(value.hex, 'hex');
    return BigInt(value.seconds) * 1_000_000_000n + BigInt(value.nanos);
  }
  if (type === 'DATE') return Date.parse(value) / 86_400_000;
  if (type === 'DATETIME') return BigInt(Date.parse(value));
  if (type === 'BIGINT') return BigInt(value);
  return /INT$|FLOAT|DOUBLE/.test(type) ? Number(value) : value;
}

const hash = (one: Value, hasher: HasherName) => keyHash(parseType(one.type), hasher)!(cellOf(one));
const isDisputed = ({ type, value }: Value) =>
  type === 'BINARY' || (typeof value === 'object' && 'seconds' in value && value.seconds.startsWith('-'));

describe('bucket hashes', () => {
  it.each(vectors.map((vector) => [vector.type, JSON.stringify(vector.value), vector] as const))(
    'of %s %s are those of the Java SDK',
    (_type, _value, vector) => {
      const wanted = isDisputed(vector) ? [undefined, undefined] : [vector.default, vector.legacy];
      expect([hash(vector, 'default'), hash(vector, 'legacy')]).toEqual(wanted);
    },
  );

  it('are combined as the Java SDK combines them', () => {
    for (const { keys, hasher = 'default', hashes, bucketCount, bucket, combined: sum } of combined) {
      if (keys) expect(keys.map((key) => hash(key, hasher))).toEqual(hashes);
      // One bucket more than any sum of 32 bits shows the whole sum.
      expect(bucketOf(hashes, bucketCount ?? 2 ** 31)).toBe(bucketCount ? bucket : sum);
    }
  });

  it('are 0 for NULL, and unknown as soon as one of them is', () => {
    expect(keyHash(parseType('STRING'), 'default')!(null)).toBe(0);
    expect(bucketOf([1, undefined], 16)).toBeUndefined();
    expect(keyHash(parseType('ARRAY<BIGINT>'), 'default')).toBeUndefined();
  });
});
