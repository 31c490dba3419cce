import type { ColumnType } from '../model/types.ts';
import type { Cell } from './cells.ts';
import { CRC_START, crcBytes, crcInt32, crcValue } from './crc32c.ts';
import { Output } from './output.ts';

export interface RecordWriter {
  /** Writes one row, its cells in the order of the types. */
  add(row: readonly Cell[]): void;
  /** The bytes since the last call. */
  take(): Buffer;
  /** The bytes since the last call and the footer, with the metrics if there are any: nothing may follow. */
  end(metrics?: string): Buffer;
}

/** Writes a value and feeds it to the checksum of its record; answers the checksum's new state. */
type ValueWriter = (output: Output, cell: Exclude<Cell, null>, crc: number) => number;

// Tags with wire type 0 (protocol 5.2).
const END_RECORD = 33553408 << 3;
const METRICS = (1 << 3) | 2;
const METRICS_END = 33554176 << 3;
const META_COUNT = 33554430 << 3;
const META_CHECKSUM = 33554431 << 3;
const START_BYTES = 64 * 1024;
const NANOS = 1_000_000_000n;

/** Writes the record format (protocol 5) for columns of `types`, numbered from 1 in this order; NULLs are left out. */
export function createRecordWriter(types: readonly ColumnType[]): RecordWriter {
  const tags = types.map((type, index) => ((index + 1) << 3) | wireOf(type));
  const writers = types.map(valueWriter);
  const output = new Output(START_BYTES);
  let rows = 0;
  let crcOfCrcs = CRC_START;

  function add(row: readonly Cell[]): void {
    let crc = CRC_START;
    for (let index = 0; index < writers.length; index += 1) {
      const cell = row[index] ?? null;
      if (cell === null) continue;
      output.varint32(tags[index]!);
      crc = writers[index]!(output, cell, crcInt32(crc, index + 1));
    }
    endRecord(crcValue(crc));
  }

  function endRecord(checksum: number): void {
    output.varint32(END_RECORD);
    output.varint32(checksum);
    crcOfCrcs = crcInt32(crcOfCrcs, checksum);
    rows += 1;
  }

  function end(metrics?: string): Buffer {
    output.varint32(META_COUNT);
    output.zigzag64(BigInt(rows));
    if (metrics !== undefined) addMetrics(metrics);
    output.varint32(META_CHECKSUM);
    output.varint32(crcValue(crcOfCrcs));
    return output.take();
  }

  /** A field like those of a record, with a checksum of its own. */
  function addMetrics(metrics: string): void {
    output.varint32(METRICS);
    const crc = fed(output, crcInt32(CRC_START, 1), output.text(metrics));
    output.varint32(METRICS_END);
    output.varint32(crcValue(crc));
  }

  return { add, take: () => output.take(), end };
}

/** Wire type in the tag of a column (protocol 5.4). */
function wireOf(type: ColumnType): number {
  switch (type.name) {
    case 'DOUBLE':
      return 1;
    case 'FLOAT':
      return 5;
    case 'BOOLEAN':
    case 'TINYINT':
    case 'SMALLINT':
    case 'INT':
    case 'BIGINT':
    case 'DATE':
    case 'DATETIME':
    case 'INTERVAL_YEAR_MONTH':
      return 0;
    default:
      return 2;
  }
}

function valueWriter(type: ColumnType): ValueWriter {
  switch (type.name) {
    case 'BOOLEAN':
      return writeBoolean;
    case 'BIGINT':
    case 'DATETIME':
      return writeBigint;
    case 'FLOAT':
      return (output, cell, crc) => fed(output, crc, output.float(canonical(cell as number)));
    case 'DOUBLE':
      return (output, cell, crc) => fed(output, crc, output.double(canonical(cell as number)));
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return writeNanoseconds;
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'JSON':
    case 'DECIMAL':
      return (output, cell, crc) => fed(output, crc, output.text(cell as string));
    case 'BINARY':
      return (output, cell, crc) => fed(output, crc, output.binary(cell as Uint8Array));
    case 'ARRAY':
      return listWriter(valueWriter(type.element));
    case 'MAP':
      return mapWriter(valueWriter(type.key), valueWriter(type.value));
    case 'STRUCT':
      return structWriter(type.fields.map((field) => valueWriter(field.type)));
    default:
      return writeNumber;
  }
}

/** Feeds what was written from `start` on. */
const fed = (output: Output, crc: number, start: number): number =>
  crcBytes(crc, output.bytes, start, output.at);

const canonical = (value: number): number => (Number.isNaN(value) ? Number.NaN : value);

function writeBoolean(output: Output, cell: Cell, crc: number): number {
  output.byte(cell === true ? 1 : 0);
  return fed(output, crc, output.at - 1);
}

function writeNumber(output: Output, cell: Cell, crc: number): number {
  output.zigzag32(cell as number);
  return crcInt32(crcInt32(crc, output.low), output.high);
}

function writeBigint(output: Output, cell: Cell, crc: number): number {
  output.zigzag64(cell as bigint);
  return crcInt32(crcInt32(crc, output.low), output.high);
}

/** Seconds are rounded down, so that the nanoseconds are never negative (protocol 5.4, 5.6). */
function writeNanoseconds(output: Output, cell: Cell, state: number): number {
  const total = cell as bigint;
  const rest = total % NANOS;
  const nanos = rest < 0n ? rest + NANOS : rest;
  const crc = writeBigint(output, (total - nanos) / NANOS, state);
  output.zigzag32(Number(nanos));
  return crcInt32(crc, output.low);
}

/** Counts and NULL flags are not part of the checksum. */
function writeItem(output: Output, cell: Cell, write: ValueWriter, crc: number): number {
  output.byte(cell === null ? 1 : 0);
  return cell === null ? crc : write(output, cell, crc);
}

function listWriter(item: ValueWriter): ValueWriter {
  return (output, cell, state) => {
    const items = cell as readonly Cell[];
    output.varint32(items.length);
    return items.reduce((crc: number, one) => writeItem(output, one, item, crc), state);
  };
}

function mapWriter(key: ValueWriter, value: ValueWriter): ValueWriter {
  const writeKeys = listWriter(key);
  const writeValues = listWriter(value);
  return (output, cell, crc) => {
    const entries = cell as readonly (readonly [Cell, Cell])[];
    const afterKeys = writeKeys(
      output,
      entries.map((entry) => entry[0]),
      crc,
    );
    return writeValues(
      output,
      entries.map((entry) => entry[1]),
      afterKeys,
    );
  };
}

function structWriter(fields: readonly ValueWriter[]): ValueWriter {
  return (output, cell, state) => {
    const items = cell as readonly Cell[];
    return fields.reduce((crc, field, index) => writeItem(output, items[index] ?? null, field, crc), state);
  };
}
