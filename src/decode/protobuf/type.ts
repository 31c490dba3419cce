import type { Cell } from '../cell/cell.ts';

/** A message as the readers see it: names looked up, defaults worked out. One that contains itself is a cycle of objects. */
export interface ProtoMessage {
  readonly kind: 'message';
  /** With its package, without a leading dot. */
  readonly name: string;
  readonly fields: readonly ProtoField[];
  /** The entry of a map: field 1 is the key, field 2 the value. */
  readonly isEntry: boolean;
  /** Messages declared inside, in their order: the message indexes of the Confluent wire format count these. */
  readonly messages: readonly ProtoMessage[];
}

export interface ProtoEnum {
  readonly kind: 'enum';
  readonly name: string;
  /** The first name of each number. */
  readonly names: ReadonlyMap<number, string>;
  readonly numbers: ReadonlyMap<string, number>;
  readonly first: string;
}

export const SCALARS = [
  ...['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64'],
  ...['fixed32', 'fixed64', 'sfixed32', 'sfixed64', 'bool', 'string', 'bytes'],
] as const;

/** One of {@link SCALARS}. */
export interface ProtoScalar {
  readonly kind: 'scalar';
  readonly name: string;
}

export type ProtoType = ProtoMessage | ProtoEnum | ProtoScalar;

export interface ProtoField {
  readonly name: string;
  /** The name in the JSON form: `orderId` of `order_id`. */
  readonly jsonName: string;
  readonly number: number;
  readonly type: ProtoType;
  readonly repeated: boolean;
  /** Whether a message stands between group tags, not behind its length. */
  readonly group: boolean;
  /** Fields of one number exclude each other; -1: none of these. */
  readonly oneof: number;
  /** What the field is when the record does not have it; null: missing. */
  readonly absent: Cell | null;
}

/** Wire types. */
export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const GROUP = 3;
export const END_GROUP = 4;
export const FIXED32 = 5;

export function wireType({ type, group }: ProtoField): number {
  if (type.kind === 'message') return group ? GROUP : LENGTH;
  if (type.kind === 'enum') return VARINT;
  switch (type.name) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return FIXED64;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return FIXED32;
    case 'string':
    case 'bytes':
      return LENGTH;
    default:
      return VARINT;
  }
}

/** Field number and wire type, as they stand before a value. */
export function tagOf(number: number, wire: number): number {
  return ((number << 3) | wire) >>> 0;
}
