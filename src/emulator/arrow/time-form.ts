import type { ColumnType } from '../model/types.ts';

/**
 * How times are laid out where the schema is not sent (protocol 7.3): TIMESTAMP as nanoseconds or as
 * struct{sec:int64,nano:int32}, INTERVAL_DAY_TIME as {days:int32,ms:int32} or as the same struct.
 */
export interface TimeForm {
  readonly timestampStruct: boolean;
  readonly intervalStruct: boolean;
}

/** Whether the values of this type are a struct of seconds and nanoseconds. */
export function isTimeStruct(type: ColumnType, form: TimeForm): boolean {
  if (type.name === 'INTERVAL_DAY_TIME') return form.intervalStruct;
  return (type.name === 'TIMESTAMP' || type.name === 'TIMESTAMP_NTZ') && form.timestampStruct;
}

export interface Counts {
  readonly nodes: number;
  readonly buffers: number;
}

const NOTHING: Counts = { nodes: 0, buffers: 0 };
const add = (a: Counts, b: Counts): Counts => ({ nodes: a.nodes + b.nodes, buffers: a.buffers + b.buffers });
const sum = (counts: readonly Counts[]): Counts => counts.reduce(add, NOTHING);

/** Nodes and buffers that columns of `types` have in a RecordBatch. */
export const countAll = (types: readonly ColumnType[], form: TimeForm): Counts =>
  sum(types.map((type) => countOf(type, form)));

function countOf(type: ColumnType, form: TimeForm): Counts {
  if (isTimeStruct(type, form)) return { nodes: 3, buffers: 5 };
  switch (type.name) {
    case 'STRING':
    case 'VARCHAR':
    case 'CHAR':
    case 'JSON':
    case 'BINARY':
      return { nodes: 1, buffers: 3 };
    case 'ARRAY':
      return add({ nodes: 1, buffers: 2 }, countOf(type.element, form));
    case 'MAP':
      return add({ nodes: 2, buffers: 3 }, add(countOf(type.key, form), countOf(type.value, form)));
    case 'STRUCT':
      return add(
        { nodes: 1, buffers: 1 },
        countAll(
          type.fields.map((field) => field.type),
          form,
        ),
      );
    default:
      return { nodes: 1, buffers: 2 };
  }
}

/** As the Java client writes, as PyODPS does, as PyODPS does when it is told to; the last for completeness. */
const FORMS: readonly TimeForm[] = [
  { timestampStruct: false, intervalStruct: false },
  { timestampStruct: false, intervalStruct: true },
  { timestampStruct: true, intervalStruct: true },
  { timestampStruct: true, intervalStruct: false },
];

/** The form that gives these counts, or undefined when none does. */
export const formOf = (types: readonly ColumnType[], { nodes, buffers }: Counts): TimeForm | undefined =>
  FORMS.find((form) => {
    const counts = countAll(types, form);
    return counts.nodes === nodes && counts.buffers === buffers;
  });
