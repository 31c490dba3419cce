import { BOOLEAN, Cell, type Dirty, NULL, NUMBER, STRING } from '../decode/cell/cell.ts';
import type { Decoder } from '../decode/decoder.ts';
import { fillTombstone } from '../decode/envelope/words.ts';
import type { Rejection } from '../encode/job.ts';
import type { ChunkView } from '../source/chunk/chunk.ts';
import { F_KEY, F_KEY_LENGTH, F_VALUE, F_VALUE_LENGTH, viewChunk } from '../source/chunk/chunk.ts';
import { createReword, IN_KEY } from './conceal/hidden.ts';
import { createConverter } from './convert/convert.ts';
import type { ColumnWriter } from './convert/converter.ts';
import { dirty } from './convert/converter.ts';
import { createExpressions, type Expressions } from './expr/expressions.ts';
import { createMender, type Mended, type Unfit } from './mend.ts';
import { type ChunkContext, metadataFillers } from './metadata.ts';
import type { Plan, PlanColumn, Slot } from './plan.ts';
import { createRowKey, type RowKey } from './row-key.ts';
import { createTablePartitioner } from './table-partition.ts';

/** Why a record cannot become a row, and at which stage that was found. */
export interface RowDirty extends Dirty {
  readonly stage: Rejection['stage'];
}

export interface Decoders {
  readonly value: Decoder | null;
  readonly key: Decoder | null;
}

/**
 * The reference path: record -> cells -> table partition -> columns. Per chunk `beginChunk` once,
 * then per record `open` and, when that gave null, `write`.
 */
export interface RowMapper {
  beginChunk(chunk: ChunkView, topicPartitions: ChunkContext['topicPartitions'], polledAt: number): void;
  /** Decodes record number `record` of the chunk and finds the table partition of its (first) row. */
  open(record: number): RowDirty | null;
  /** Of the record last opened. */
  readonly rows: number;
  /** Goes on to another row of the record last opened, from 1, and finds its table partition. */
  select(row: number): RowDirty | null;
  /** Of the same row: `table.filter` leaves it out; then nothing else of it is told. */
  readonly filtered: boolean;
  /** Of the row last opened or selected: `dt=20261121,hr=09`; empty for an unpartitioned table. */
  readonly tablePartition: string;
  /** Of the same row: its event time, ms; NaN when no table partition column is made of one. */
  readonly eventMs: number;
  /** Writes all columns in order; on Dirty the caller rolls the writer back. */
  write(out: ColumnWriter): RowDirty | null;
  /** Of the row last written: values that stand in the place of others. */
  readonly mended: readonly Mended[];
  /** Of the record last opened; null: rows are not compared. */
  readonly key: RowKey | null;
}

/** `decoders` were created from `plan.decoders`. */
export function createRowMapper(plan: Plan, decoders: Decoders): RowMapper {
  const cells = plan.slots.map(newCell);
  const expressions = createExpressions(plan, cells);
  const columns = plan.columns.map((column) => createColumn(column, cells, plan.maxFieldBytes, expressions));
  const reword = createReword(plan.hidden);
  let filtered = false;
  const fills = metadataFillers(plan.slots, cells);
  const partitioner = createTablePartitioner(plan, cells);
  const valueCells = cellsOf(plan.slots, cells, 'value');
  const decodeValue = createDecode(decoders.value, valueCells, F_VALUE, F_VALUE_LENGTH);
  const decodeKey = createDecode(decoders.key, cellsOf(plan.slots, cells, 'key'), F_KEY, F_KEY_LENGTH);
  const mender = createMender(plan);
  const context: ChunkContext = {
    ...{ chunk: viewChunk(new ArrayBuffer(0), 0), topicPartitions: [], polledAt: 0, tombstone: false },
  };
  const countRows = decoders.value?.rows;
  let opened = 0;
  let rows = 1;
  let row = 0;

  function decode(record: number): Dirty | null {
    const { chunk } = context;
    opened = record;
    rows = 1;
    row = 0;
    context.tombstone = chunk.ints[F_VALUE_LENGTH * chunk.capacity + record]! < 0;
    const undecoded = context.tombstone ? TOMBSTONE : decodeValue(chunk, record);
    const problem = undecoded?.code === 'tombstone' ? ruleTombstone(undecoded) : undecoded;
    if (problem) return problem;
    if (countRows && !context.tombstone) rows = countRows();
    const inKey = decodeKey(chunk, record);
    return inKey && { ...inKey, message: `${IN_KEY}${inKey.message}` };
  }

  /** Null: the record is a row all the same. An envelope may find that a value which is not null says the same. */
  function ruleTombstone(problem: Dirty): Dirty | null {
    const { value } = plan.decoders;
    if (plan.tombstone === 'skip' || (plan.tombstone !== 'row' && value)) return problem;
    context.tombstone = true;
    if (value) fillTombstone(value, valueCells);
    return null;
  }

  function place(): RowDirty | null {
    const kept = expressions === null || expressions.keeps();
    if (typeof kept !== 'boolean') return ofRow({ ...kept, stage: 'map' });
    filtered = !kept;
    if (filtered) return null;
    expressions?.evaluate();
    const keyless = expressions?.keyFailure();
    if (keyless) return ofRow({ ...keyless, stage: 'map' });
    const unplaced = partitioner.find(context.chunk.timestamps[opened]!);
    return unplaced && ofRow({ ...unplaced, stage: 'partition' });
  }

  const ofRow = (found: RowDirty): RowDirty => {
    const problem = reword(found);
    return rows === 1 ? problem : { ...problem, message: `row ${row} of ${rows}: ${problem.message}` };
  };

  return {
    beginChunk(chunk, topicPartitions, polledAt) {
      Object.assign(context, { chunk, topicPartitions, polledAt });
      decoders.value?.beginChunk?.(chunk.bytes, chunk.dataBytes);
      decoders.key?.beginChunk?.(chunk.bytes, chunk.dataBytes);
    },
    open(record) {
      const undecoded = decode(record);
      filtered = false;
      if (undecoded) return reword({ ...undecoded, stage: 'decode' });
      for (const fill of fills) fill(context, record);
      return place();
    },
    get rows() {
      return rows;
    },
    select(index) {
      row = index;
      const undecoded = decoders.value!.select!(index, valueCells);
      return undecoded ? ofRow({ ...undecoded, stage: 'decode' }) : place();
    },
    get filtered() {
      return filtered;
    },
    get tablePartition() {
      return partitioner.value;
    },
    get eventMs() {
      return partitioner.eventMs;
    },
    write(out) {
      mender.begin();
      for (let i = 0; i < columns.length; i++) {
        const unfit = writeColumn(columns[i]!, out);
        const problem = unfit && mender.mend(columns[i]!, unfit, out);
        if (problem) return ofRow({ ...problem, column: columns[i]!.plan.name, stage: 'type' });
      }
      return null;
    },
    mended: mender.mended,
    key: plan.deduplicate ? createRowKey(plan.deduplicate, cells) : null,
  };
}

const TOMBSTONE: Dirty = dirty('tombstone', 'the value is null, and a field of it is mapped');
const NULL_REFUSED: Dirty = dirty(
  'null_not_allowed',
  'the source is missing or null, and the column is NOT NULL',
);

function writeColumn(
  { cell, fallback, convert, convertFallback, plan }: Unfit,
  out: ColumnWriter,
): Dirty | null {
  if (cell.kind > NULL) return convert(cell, out, plan.number);
  if (fallback) return convertFallback(fallback, out, plan.number);
  return plan.nullable ? null : NULL_REFUSED;
}

function createColumn(
  plan: PlanColumn,
  cells: readonly Cell[],
  maxFieldBytes: number,
  expressions: Expressions | null,
): Unfit {
  const fallback = plan.default === null ? null : constantCell(plan.default);
  const plain = createConverter(plan, maxFieldBytes);
  const convert = expressions?.guarded(plan.slot, plain) ?? plain;
  // A default is text, number or boolean, whatever the type.
  const lenient = plan.coercion === 'strict' && fallback !== null;
  const convertFallback = lenient ? createConverter({ ...plan, coercion: 'lenient' }, maxFieldBytes) : plain;
  return { plan, cell: cells[plan.slot]!, fallback, convert, convertFallback };
}

/** A value from the configuration as a cell. */
export function constantCell(value: string | number | boolean): Cell {
  const cell = new Cell();
  if (typeof value === 'boolean') {
    cell.kind = BOOLEAN;
    cell.num = value ? 1 : 0;
  } else {
    const bytes = Buffer.from(String(value));
    cell.setBytes(typeof value === 'string' ? STRING : NUMBER, bytes, 0, bytes.length);
  }
  return cell;
}

function newCell(slot: Slot): Cell {
  return slot.from === 'constant' ? constantCell(slot.text) : new Cell();
}

/** The cells of one decoder, in the order of its paths. */
function cellsOf(slots: readonly Slot[], cells: readonly Cell[], from: 'value' | 'key'): Cell[] {
  const own: Cell[] = [];
  slots.forEach((slot, i) => {
    if (slot.from === from) own[slot.index] = cells[i]!;
  });
  return own;
}

/** Decodes the value or the key of a record; a null key gives nulls. */
function createDecode(decoder: Decoder | null, cells: readonly Cell[], at: number, length: number) {
  return (chunk: ChunkView, record: number): Dirty | null => {
    if (!decoder) return null;
    const size = chunk.ints[length * chunk.capacity + record]!;
    const start = chunk.ints[at * chunk.capacity + record]!;
    if (size >= 0) return decoder.decode(chunk.bytes, start, start + size, cells);
    for (const cell of cells) cell.kind = NULL;
    return null;
  };
}
