import { SinkError } from '../errors.ts';
import type { Plan } from '../mapping/plan.ts';
import type { MetadataName } from '../mapping/source.ts';
import type { ColumnType } from '../mapping/types.ts';

/** Columns that say of each row which record it was. */
export interface ProvenanceColumns {
  /** Null: the rows are of one topic. */
  readonly topic: string | null;
  readonly partition: string;
  readonly offset: string;
}

/** How an operator adds a column of its kind. */
const COLUMNS = {
  topic: 'kafka_topic STRING',
  partition: 'kafka_partition BIGINT',
  offset: 'kafka_offset BIGINT',
} as const;
const NAMES = ['topic', 'partition', 'offset'] as const;

/**
 * The columns, or table partition columns, that are mapped straight from `__partition__` and `__offset__`, and
 * from `__topic__` where several topics are read. Throws `config_invalid` that says how to add what is missing.
 */
export function provenanceColumns(plan: Plan, severalTopics: boolean, table: string): ProvenanceColumns {
  const found = {
    topic: columnOf(plan, 'topic'),
    partition: columnOf(plan, 'partition'),
    offset: columnOf(plan, 'offset'),
  };
  const missing = NAMES.filter((name) => found[name] === null && (name !== 'topic' || severalTopics));
  if (missing.length > 0) throw missingColumns(missing, table);
  return { topic: found.topic, partition: found.partition ?? '', offset: found.offset ?? '' };
}

/** A type that holds every offset, or its text. */
const EXACT: ReadonlySet<ColumnType['name']> = new Set(['BIGINT', 'INT', 'DECIMAL', 'STRING', 'VARCHAR']);

function columnOf({ slots, columns, partitions }: Plan, name: MetadataName): string | null {
  const isSource = (slot: number): boolean => {
    const source = slots[slot];
    return source?.from === 'metadata' && source.name === name;
  };
  const column = columns.find(({ slot, type }) => isSource(slot) && EXACT.has(type.name));
  const key = partitions.find((one) => one.kind === 'source' && isSource(one.slot));
  return column?.name ?? key?.name ?? null;
}

function missingColumns(missing: readonly (typeof NAMES)[number][], table: string): SinkError {
  const sources = missing.map((name) => `__${name}__`).join(', ');
  const wanted = missing.map((name) => COLUMNS[name]);
  const mapped = missing.map((name) => `${COLUMNS[name].split(' ')[0]}: __${name}__`);
  const lines = [
    `no column of ${table} is mapped straight from ${sources}: its rows do not say which record they were.`,
    'Add what is missing, while the service is stopped:',
    `  ALTER TABLE ${table} ADD COLUMNS (${wanted.join(', ')});`,
    `and to table.columns: {${mapped.join(', ')}}.`,
    'Rows that are there already have no values in it: audit what comes after with --from.',
  ];
  return new SinkError('config_invalid', lines.join('\n'));
}
