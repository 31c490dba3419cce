import type { Bytes } from './bytes.ts';

/** Thrift's compact protocol, as far as Parquet's page headers and footer need it: fields in ascending order. */
export interface Struct {
  i32(field: number, value: number): void;
  i64(field: number, value: number): void;
  boolean(field: number, value: boolean): void;
  text(field: number, value: string): void;
  struct(field: number, write: (inner: Struct) => void): void;
  structs<T>(field: number, items: readonly T[], write: (inner: Struct, item: T) => void): void;
  numbers(field: number, items: readonly number[]): void;
  texts(field: number, items: readonly string[]): void;
}

const TYPE = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

export function writeStruct(out: Bytes, write: (struct: Struct) => void): void {
  let last = 0;
  const header = (field: number, type: number) => {
    out.byte(((field - last) << 4) | type);
    last = field;
  };
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    out.varint(bytes.length);
    out.copy(bytes, 0, bytes.length);
  };
  const list = <T>(field: number, type: number, items: readonly T[], item: (one: T) => void) => {
    header(field, TYPE.list);
    if (items.length < 15) out.byte((items.length << 4) | type);
    else {
      out.byte(0xf0 | type);
      out.varint(items.length);
    }
    for (const one of items) item(one);
  };
  const number = (field: number, type: number, value: number) => {
    header(field, type);
    out.varint(value * 2);
  };
  write({
    i32: (field, value) => number(field, TYPE.i32, value),
    i64: (field, value) => number(field, TYPE.i64, value),
    boolean: (field, value) => header(field, value ? TYPE.true : TYPE.false),
    text: (field, value) => {
      header(field, TYPE.binary);
      text(value);
    },
    struct: (field, inner) => {
      header(field, TYPE.struct);
      writeStruct(out, inner);
    },
    structs: (field, items, inner) =>
      list(field, TYPE.struct, items, (item) => writeStruct(out, (struct) => inner(struct, item))),
    numbers: (field, items) => list(field, TYPE.i32, items, (item) => out.varint(item * 2)),
    texts: (field, items) => list(field, TYPE.binary, items, text),
  });
  out.byte(0);
}
