import type { ColumnDefinition, Table } from '../model/catalog.ts';
import type { Source } from './insert-sql.ts';
import { duckName } from './query/types.ts';
import { truncTime } from './select.ts';

/** Columns that statements give values to: all but those whose values are made of others. */
export const givenColumns = ({
  columns,
  tablePartitionColumns,
}: Pick<Table, 'columns' | 'tablePartitionColumns'>): readonly ColumnDefinition[] =>
  [...columns, ...tablePartitionColumns].filter(({ generated }) => !generated);

/** Whether values of another column are made of it. */
export const isOrigin = ({ tablePartitionColumns }: Table, { name }: ColumnDefinition): boolean =>
  tablePartitionColumns.some(({ generated }) => generated?.column === name);

/** The name of the table partition whose rows have no time. */
const NO_TIME = "'__NULL__'";

/** Rows go where the time in them says; its column's value must be in the form of the column. */
export function withGenerated(sources: readonly Source[]): Source[] {
  return sources.map((source) => {
    const { generated } = source.column;
    const origin = generated && sources.find(({ column }) => column.name === generated.column);
    if (!origin) return source;
    const { type } = origin.column;
    const time = `CAST(${origin.value} AS ${duckName(type)})`;
    return { ...source, value: `coalesce(${truncTime(time, type, generated.unit)}, ${NO_TIME})` };
  });
}
