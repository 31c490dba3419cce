/**
 * A writer schema as the readers see it: names resolved, defaults and documentation gone. A named type that
 * contains itself is a cycle of objects.
 */
export type AvroType =
  | { readonly kind: Primitive; readonly logical: Logical }
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
  readonly logical: Logical;
}

interface RecordType {
  readonly kind: 'record';
  readonly fields: readonly { readonly name: string; readonly type: AvroType }[];
}

/** The annotation of a primitive or fixed type; the empty name: none that means anything here. */
export interface Logical {
  readonly name: string;
  /** Digits behind the point of a `decimal`. */
  readonly scale: number;
}

/** The fewest bytes that a value takes; 0: every value of the type takes none. */
export function minBytes(type: AvroType, known: Map<AvroType, number> = new Map()): number {
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
      return known.get(type) ?? recordBytes(type, known);
    default:
      return 1;
  }
}

function recordBytes(type: RecordType, known: Map<AvroType, number>): number {
  known.set(type, 0); // met again only by a record that holds itself, of which no value exists
  const bytes = type.fields.reduce((sum, field) => sum + minBytes(field.type, known), 0);
  known.set(type, bytes);
  return bytes;
}

/** `make`, once per type. A type that contains itself meets a stand-in that finds the finished function when called. */
export function perType<I, O>(
  make: (type: AvroType) => (input: I) => O,
): (type: AvroType) => (input: I) => O {
  const made = new Map<AvroType, (input: I) => O>();
  return (type) => {
    const known = made.get(type);
    if (known !== undefined) return known;
    made.set(type, (input) => made.get(type)!(input));
    const finished = make(type);
    made.set(type, finished);
    return finished;
  };
}
