import type { ColumnType } from '../../model/types.ts';
import { Bytes } from './bytes.ts';
import { decimals } from './decimals.ts';
import { CONVERTED, type Counted, type Encoding } from './encoding.ts';
import { Levels } from './levels.ts';
import { booleans, floats, integers, longs, nanoseconds } from './numbers.ts';
import { binaries, texts } from './texts.ts';
import type { Struct } from './thrift.ts';

/** Values of a type that is not nested, plain encoded. */
export interface Leaf extends Encoding {
  readonly values: Bytes;
  readonly counted: Counted;
  readonly definitions: Levels;
  readonly repetitions: Levels;
  /** NULL and values together. */
  levels: number;
}

export function createLeaf(type: ColumnType): Leaf {
  const values = new Bytes();
  const counted = { bytes: 0 };
  const lists = { definitions: new Levels(), repetitions: new Levels(), levels: 0 };
  return { values, counted, ...lists, ...encodingOf(type, values, counted) };
}

function encodingOf(type: ColumnType, values: Bytes, counted: Counted): Encoding {
  switch (type.name) {
    case 'BOOLEAN':
      return booleans(values, counted);
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'INTERVAL_YEAR_MONTH':
      return integers(values, counted, () => {});
    case 'DATE':
      return integers(values, counted, (element) => element.i32(6, CONVERTED.date));
    case 'BIGINT':
      return longs(values, counted, () => {});
    case 'DATETIME':
      return longs(values, counted, (element) => element.struct(10, isInstant));
    case 'FLOAT':
    case 'DOUBLE':
      return floats(type.name === 'FLOAT' ? 4 : 8, values, counted);
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return nanoseconds(type, values, counted);
    case 'DECIMAL':
      return decimals(type, values, counted);
    case 'BINARY':
      return binaries(values, counted);
    case 'VARCHAR':
    case 'CHAR':
      // A character has a byte at least.
      return texts(type, type.length, values, counted);
    case 'STRING':
      return texts(type, Number.POSITIVE_INFINITY, values, counted);
    case 'JSON':
      return texts(type, -1, values, counted);
    default:
      throw new Error(`${type.name} is nested`);
  }
}

/** Logical type TIMESTAMP of an instant in milliseconds. */
function isInstant(logical: Struct): void {
  logical.struct(8, (timestamp) => {
    timestamp.boolean(1, true);
    timestamp.struct(2, (unit) => unit.struct(1, () => {}));
  });
}
