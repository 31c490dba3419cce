import type { Semantic } from '../cell/semantic.ts';

/**
 * A writer schema as the readers see it: names resolved; defaults, aliases and documentation gone, which are for
 * readers with a schema of their own. A named type that contains itself is a cycle of objects.
 */
export type AvroType =
  | { readonly kind: Primitive; readonly logical: Logical | null }
  | BinaryType
  | { readonly kind: 'enum'; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | RecordType;

export type Primitive = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'string';

export interface BinaryType {
  readonly kind: 'bytes' | 'fixed';
  /** Bytes of a fixed value; of no meaning for `bytes`, which say their length themselves. */
  readonly size: number;
  readonly logical: Logical | null;
}

export interface RecordType {
  readonly kind: 'record';
  readonly fields: readonly { readonly name: string; readonly type: AvroType }[];
  readonly logical: Logical | null;
}

/** What the schema says a value means; it always fits the type. `uuid` is of 16 bytes, `duration` of 12. */
export type Logical = Semantic | { readonly kind: 'uuid' } | { readonly kind: 'duration' };

const fewest = new WeakMap<AvroType, number>();

/** The fewest bytes that a value takes. 0: every value of the type takes none. Infinity: no value exists. */
export function minBytes(type: AvroType): number {
  switch (type.kind) {
    case 'null':
      return 0;
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'fixed':
      return type.size;
    case 'record':
      return fewest.get(type) ?? recordBytes(type);
    default:
      return 1;
  }
}

function recordBytes(type: RecordType): number {
  fewest.set(type, Number.POSITIVE_INFINITY); // met again only by a record that holds itself
  const bytes = type.fields.reduce((sum, field) => sum + minBytes(field.type), 0);
  fewest.set(type, bytes);
  return bytes;
}

/** `make`, once per type. A type that contains itself meets a stand-in that finds the finished function when called. */
export function perType<A extends unknown[]>(
  make: (type: AvroType) => (...input: A) => void,
): (type: AvroType) => (...input: A) => void {
  const made = new Map<AvroType, (...input: A) => void>();
  return (type) => {
    const known = made.get(type);
    if (known !== undefined) return known;
    made.set(type, (...input) => made.get(type)!(...input));
    const finished = make(type);
    made.set(type, finished);
    return finished;
  };
}
