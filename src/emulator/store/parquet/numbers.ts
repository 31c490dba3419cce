import type { ColumnType } from '../../model/types.ts';
import { timeReader } from '../../record/cells.ts';
import { valueCheck } from '../../record/value-checks.ts';
import type { Bytes } from './bytes.ts';
import { type Counted, decimalOf, type Encoding, hugeInteger, longInteger, PHYSICAL } from './encoding.ts';

/** Bits, eight to a byte. */
export function booleans(values: Bytes, counted: Counted): Encoding {
  let bits = 0;
  let filled = 0;
  const add = (value: boolean) => {
    if (value) bits |= 1 << filled;
    filled += 1;
    counted.bytes += 8;
    if (filled === 8) finish();
  };
  const finish = () => {
    if (filled) values.byte(bits);
    bits = 0;
    filled = 0;
  };
  return {
    physical: PHYSICAL.boolean,
    describe: () => {},
    finish,
    fromCell: (cell) => add(cell === true),
    fromRecord: (scan) => add(scan.byte() === 1),
  };
}

export function integers(values: Bytes, counted: Counted, describe: Encoding['describe']): Encoding {
  const add = (value: number) => {
    values.int32(value);
    counted.bytes += 8;
  };
  return {
    physical: PHYSICAL.int32,
    describe,
    fromCell: (cell) => add(cell as number),
    fromRecord: (scan) => {
      scan.zigzag64();
      add(scan.low);
    },
  };
}

export function longs(values: Bytes, counted: Counted, describe: Encoding['describe']): Encoding {
  return {
    physical: PHYSICAL.int64,
    describe,
    fromCell: (cell) => {
      longInteger(values, cell as bigint);
      counted.bytes += 8;
    },
    fromRecord: (scan) => {
      scan.zigzag64();
      values.int32(scan.low);
      values.int32(scan.high);
      counted.bytes += 8;
    },
  };
}

export function floats(size: 4 | 8, values: Bytes, counted: Counted): Encoding {
  return {
    physical: size === 4 ? PHYSICAL.float : PHYSICAL.double,
    describe: () => {},
    fromCell: (cell) => {
      const at = values.grow(size);
      if (size === 4) values.buffer.writeFloatLE(cell as number, at);
      else values.buffer.writeDoubleLE(cell as number, at);
      counted.bytes += 8;
    },
    fromRecord: (scan) => {
      values.copy(scan.bytes, scan.at, scan.at + size);
      scan.at += size;
      counted.bytes += 8;
    },
  };
}

/** As DECIMAL(38,0), which becomes a HUGEINT. */
export function nanoseconds(type: ColumnType, values: Bytes, counted: Counted): Encoding {
  const read = timeReader(type);
  const check = valueCheck(type);
  const add = (value: bigint) => {
    hugeInteger(values, value);
    counted.bytes += 8;
  };
  return {
    physical: PHYSICAL.fixed,
    describe: decimalOf(38, 0),
    fromCell: (cell) => add(cell as bigint),
    fromRecord: (scan) => {
      const value = read(scan);
      check?.(value);
      add(value);
    },
  };
}
