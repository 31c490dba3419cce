import {
  BOOLEAN,
  BYTES,
  Cell,
  DAY,
  DOUBLE,
  INSTANT,
  JSON_TEXT,
  LOCAL,
  NUMBER,
  STRING,
} from '../../src/decode/cell/cell.ts';
import { CSV_DEFAULTS, type CsvOptions } from '../../src/decode/csv/options.ts';
import type { Envelope, Tombstone } from '../../src/decode/format.ts';
import { type CompileInput, compilePlan, type TableConfig } from '../../src/mapping/compile.ts';
import { createConverter } from '../../src/mapping/convert/convert.ts';
import type { ColumnWriter } from '../../src/mapping/convert/converter.ts';
import type { DirtyRules } from '../../src/mapping/dirty.ts';
import { parseColumnType } from '../../src/mapping/parse-type.ts';
import type { Plan, PlanColumn } from '../../src/mapping/plan.ts';
import {
  type ChunkView,
  chunkBufferBytes,
  F_HEADERS,
  F_HEADERS_LENGTH,
  F_KEY,
  F_KEY_LENGTH,
  F_TP,
  F_VALUE,
  F_VALUE_LENGTH,
  viewChunk,
} from '../../src/source/chunk/chunk.ts';

/** What a converter wrote: booleans as such, whole numbers as bigint, bytes as latin1 text, times as [seconds, nanos]. */
export type Written = boolean | bigint | number | string | readonly [number, number];

export interface Recorder extends ColumnWriter {
  readonly row: Map<number, Written>;
}

export function recorder(): Recorder {
  const row = new Map<number, Written>();
  return {
    row,
    boolean: (column, value) => row.set(column, value === 1),
    integer: (column, value) => row.set(column, BigInt(value)),
    bigInteger: (column, value) => row.set(column, value),
    float: (column, value) => row.set(column, value),
    double: (column, value) => row.set(column, value),
    bytes: (column, source, start, end) =>
      row.set(column, Buffer.from(source.slice(start, end)).toString('latin1')),
    timestamp: (column, seconds, nanos) => row.set(column, [seconds, nanos]),
    open: () => undefined,
    count: () => undefined,
    flag: () => undefined,
    undo: () => undefined,
  };
}

/** Bytes somewhere inside a larger buffer, as a decoder's are, with digits around them. */
function bytesCell(kind: number, content: Uint8Array | string): Cell {
  const bytes = Buffer.concat([Buffer.from('77'), Buffer.from(content as string), Buffer.from('77')]);
  const cell = new Cell();
  cell.setBytes(kind, bytes, 2, bytes.length - 2);
  return cell;
}

export const number = (text: string) => bytesCell(NUMBER, text);
export const string = (text: string) => bytesCell(STRING, text);
export const bytes = (content: Uint8Array) => bytesCell(BYTES, content);
export const jsonText = (text: string) => bytesCell(JSON_TEXT, text);

function numCell(kind: number, num: number, nanos = 0): Cell {
  return Object.assign(new Cell(), { kind, num, nanos });
}

export const boolean = (value: boolean) => numCell(BOOLEAN, value ? 1 : 0);
export const double = (value: number) => numCell(DOUBLE, value);
export const instant = (seconds: number, nanos = 0) => numCell(INSTANT, seconds, nanos);
export const local = (seconds: number, nanos = 0) => numCell(LOCAL, seconds, nanos);
export const day = (days: number) => numCell(DAY, days);

export function integer(value: number | bigint): Cell {
  const cell = new Cell();
  cell.setInteger(value);
  return cell;
}

export interface Options {
  round?: boolean;
  trim?: boolean;
  format?: string | null;
  zone?: string;
  maxFieldBytes?: number;
}

/** Converts one cell to a column of the type; the value written, or the code of the rejection. */
export function convert(type: string, cell: Cell, options: Options = {}): Written | { code: string } {
  const columnType = parseColumnType(type);
  if (!columnType) throw new Error(`no type ${type}`);
  const column: Pick<PlanColumn, 'type' | 'time' | 'round' | 'trim'> = {
    type: columnType,
    time: { format: options.format ?? null, zone: options.zone ?? 'UTC' },
    round: options.round ?? false,
    trim: options.trim ?? false,
  };
  const out = recorder();
  const problem = createConverter(column, options.maxFieldBytes ?? 1000)(cell, out, 3);
  if (problem) {
    if (out.row.size > 0) throw new Error('wrote something although dirty');
    return { code: problem.code };
  }
  const written = out.row.get(3);
  if (written === undefined) throw new Error('wrote nothing');
  return written;
}

export interface TestRecord {
  value: string | Uint8Array | null;
  key?: string | Uint8Array | null;
  headers?: readonly (readonly [string, string | Uint8Array | null])[];
  offset?: number;
  timestamp?: number;
  topicPartition?: number;
}

/** Packs records into a chunk. */
export function chunkOf(records: readonly TestRecord[]): ChunkView {
  const capacity = records.length;
  const data: Buffer[] = [];
  let at = 0;
  const put = (content: Buffer): number => {
    data.push(content);
    at += content.length;
    return at - content.length;
  };
  const fields = records.map((record) => {
    const value = record.value === null ? null : Buffer.from(record.value as string);
    const key = record.key == null ? null : Buffer.from(record.key as string);
    const headers = Buffer.concat(
      (record.headers ?? []).map(([name, content]) => headerBytes(name, content)),
    );
    const valueAt = put(Buffer.concat([value ?? Buffer.alloc(0), Buffer.of(0)]));
    return [
      valueAt,
      value?.length ?? -1,
      put(key ?? Buffer.alloc(0)),
      key?.length ?? -1,
      put(headers),
      headers.length,
    ];
  });
  const dataBytes = Math.ceil(at / 8) * 8;
  const chunk = viewChunk(new ArrayBuffer(chunkBufferBytes(dataBytes, capacity)), capacity);
  chunk.bytes.set(Buffer.concat(data));
  const columns = [F_VALUE, F_VALUE_LENGTH, F_KEY, F_KEY_LENGTH, F_HEADERS, F_HEADERS_LENGTH];
  records.forEach((record, i) => {
    chunk.offsets[i] = record.offset ?? i;
    chunk.timestamps[i] = record.timestamp ?? Number.NaN;
    chunk.ints[F_TP * capacity + i] = record.topicPartition ?? 0;
    columns.forEach((field, k) => {
      chunk.ints[field * capacity + i] = fields[i]![k]!;
    });
  });
  return chunk;
}

function headerBytes(name: string, content: string | Uint8Array | null): Buffer {
  const text = Buffer.from(name);
  const value = content === null ? null : Buffer.from(content as string);
  const nameLength = Buffer.alloc(4);
  nameLength.writeUInt32LE(text.length);
  const valueLength = Buffer.alloc(4);
  valueLength.writeInt32LE(value?.length ?? -1);
  return Buffer.concat([nameLength, text, valueLength, value ?? Buffer.alloc(0)]);
}

const OPEN: Pick<TableConfig, 'late' | 'future' | 'absurd'> = {
  late: { after: null, to: 'true_partition' },
  future: { after: null, to: 'true_partition' },
  absurd: { before: Date.UTC(2000, 0, 1), afterRecord: null },
};

export type SchemaText = Record<string, string>;

/** `{amount: 'DECIMAL(10,2) NOT NULL'}` as a table schema. */
function schemaOf(columns: SchemaText, partitionKeys: SchemaText = {}): CompileInput['schema'] {
  return {
    columns: Object.entries(columns).map(([name, text]) => ({
      name,
      type: text.replace(' NOT NULL', ''),
      nullable: !text.endsWith(' NOT NULL'),
    })),
    partitionKeys: Object.entries(partitionKeys).map(([name, type]) => ({ name, type })),
  };
}

export interface PlanInput {
  columns: SchemaText;
  partitionKeys?: SchemaText;
  table?: Partial<TableConfig>;
  value?: CompileInput['decode']['value']['format'];
  key?: CompileInput['decode']['key']['format'];
  envelope?: Envelope;
  tombstone?: Tombstone;
  csv?: Partial<CsvOptions>;
  dirty?: DirtyRules;
}

export function compile({
  columns,
  partitionKeys = {},
  table = {},
  value = 'json',
  key = 'text',
  csv,
  dirty,
  ...rest
}: PlanInput) {
  return compilePlan({
    table: { columns: null, partitions: null, ...OPEN, ...table },
    decode: {
      value: { format: value, ...rest, ...(csv && { csv: { ...CSV_DEFAULTS, ...csv } }) },
      key: { format: key },
    },
    schema: schemaOf(columns, partitionKeys),
    maxFieldBytes: 1000,
    compression: 'deflate',
    dirty,
  });
}

export function planOf(input: PlanInput): Plan {
  const { plan, problems } = compile(input);
  if (!plan) throw new Error(problems.join('\n'));
  return plan;
}
