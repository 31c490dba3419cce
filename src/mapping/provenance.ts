import type { Plan } from './plan.ts';
import type { MetadataName } from './source.ts';
import { type ColumnType, typeText } from './types.ts';

/** Columns, or table partition columns, that say of each row which record it was. */
export interface ProvenanceColumns {
  /** Null: no column says it; then the rows must be of one topic. */
  readonly topic: ProvenanceColumn | null;
  readonly partition: ProvenanceColumn;
  readonly offset: ProvenanceColumn;
  /** The number of the row in its record; null: several rows of a record cannot be told apart. Absent: each record has one. */
  readonly row?: ProvenanceColumn | null;
}

export interface ProvenanceColumn {
  readonly name: string;
  /** Whether the value is written as text. */
  readonly isText: boolean;
}

/**
 * The columns that are mapped straight from `__partition__` and `__offset__`, and from `__topic__`, which
 * counts when several topics are read.
 *
 * @returns the columns, or why there are none: a line for each that is missing or of a type that does not
 * hold every value exactly
 */
export function provenanceColumns(
  plan: Plan,
  severalTopics: boolean,
): ProvenanceColumns | { readonly lacks: readonly string[] } {
  const lacks: string[] = [];
  const topic = columnOf(plan, 'topic', TEXTS, severalTopics ? lacks : []);
  const topicPartition = columnOf(plan, 'partition', [...NUMBERS, ...TEXTS], lacks);
  const offset = columnOf(plan, 'offset', [...NUMBERS, ...TEXTS], lacks);
  if (!topicPartition || !offset || lacks.length > 0) return { lacks };
  const found = { topic, partition: topicPartition, offset };
  return severalRows(plan) ? { ...found, row: columnOf(plan, '__row__', [...NUMBERS, ...TEXTS], []) } : found;
}

/** Whether a record may become several rows. */
const severalRows = ({ decoders }: Plan): boolean => decoders.value?.envelope === 'canal';

/** A number that does not fit makes its record a dead letter, so what is in the table is exact. */
const NUMBERS: readonly ColumnType['name'][] = ['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'DECIMAL'];
/** Not CHAR: the service pads it. */
const TEXTS: readonly ColumnType['name'][] = ['STRING', 'VARCHAR'];

function columnOf(
  { slots, columns, partitions, decoders }: Plan,
  name: MetadataName | '__row__',
  exact: readonly ColumnType['name'][],
  lacks: string[],
): ProvenanceColumn | null {
  const keys = partitions.flatMap((one) => (one.kind === 'source' ? [one] : []));
  // What is masked or hashed says nothing.
  const open = columns.filter(({ mask, hash }) => !mask && !hash);
  const mapped = [...open, ...keys].filter(({ slot }) => {
    const source = slots[slot]!;
    // Only the word of an envelope: a field of the value may well be called `offset`.
    if (source.from === 'value')
      return name === '__row__' && decoders.value?.paths[source.index]?.[0] === name;
    return source.from === 'metadata' && source.name === name;
  });
  const found = mapped.find(({ type }) => exact.includes(type.name));
  if (found) return { name: found.name, isText: TEXTS.includes(found.type.name) };
  const other = mapped.map(({ name: column, type }) => `${column} is ${typeText(type)}`);
  const types = exact.includes('BIGINT') ? 'whole numbers, DECIMAL, STRING or VARCHAR' : 'STRING or VARCHAR';
  lacks.push(
    mapped.length === 0
      ? `no column is mapped straight from __${name}__`
      : `__${name}__ is counted by ${types}: ${other.join(', ')}`,
  );
  return null;
}
