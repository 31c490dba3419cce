import { decimalText } from '../model/decimal.ts';
import type { ColumnType } from '../model/types.ts';
import type { Arrays, At } from './array-reader.ts';

type ReadFixed = (view: DataView, at: number) => ReturnType<At>;

const DAY_NANOS = 86_400_000_000_000n;

/** Values of one width, little-endian, one after another (protocol 7.3). */
export function fixedReader(arrays: Arrays, type: ColumnType, length: number): At {
  const { width, read } = fixedOf(type);
  const bytes = arrays.buffer(length * width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (index) => read(view, index * width);
}

function fixedOf(type: ColumnType): { readonly width: number; readonly read: ReadFixed } {
  switch (type.name) {
    case 'TINYINT':
      return { width: 1, read: (view, at) => view.getInt8(at) };
    case 'SMALLINT':
      return { width: 2, read: (view, at) => view.getInt16(at, true) };
    case 'FLOAT':
      return { width: 4, read: (view, at) => view.getFloat32(at, true) };
    case 'DOUBLE':
      return { width: 8, read: (view, at) => view.getFloat64(at, true) };
    case 'BIGINT':
    case 'DATETIME':
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
      return { width: 8, read: (view, at) => view.getBigInt64(at, true) };
    case 'INTERVAL_DAY_TIME':
      return { width: 8, read: readDayTime };
    case 'DECIMAL':
      return { width: 16, read: (view, at) => decimalText(readInt128(view, at), type.scale) };
    default:
      return { width: 4, read: (view, at) => view.getInt32(at, true) };
  }
}

const readDayTime: ReadFixed = (view, at) =>
  BigInt(view.getInt32(at, true)) * DAY_NANOS + BigInt(view.getInt32(at + 4, true)) * 1_000_000n;

const readInt128 = (view: DataView, at: number): bigint =>
  (view.getBigInt64(at + 8, true) << 64n) | view.getBigUint64(at, true);
