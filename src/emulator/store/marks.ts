import type { ColumnType } from '../model/types.ts';

/** A function that is never called: it gives an expression a type with a name, which DuckDB keeps through a query. */
export interface Mark {
  readonly name: string;
  /** How DuckDB holds the values. */
  readonly held: 'HUGEINT' | 'INTEGER';
  readonly type: ColumnType;
}

export const MARKS = {
  dayTime: { name: 'emulator_interval_day_time', held: 'HUGEINT', type: { name: 'INTERVAL_DAY_TIME' } },
  yearMonth: { name: 'emulator_interval_year_month', held: 'INTEGER', type: { name: 'INTERVAL_YEAR_MONTH' } },
} as const satisfies Record<string, Mark>;

export const markedType = (alias: string | undefined): ColumnType | undefined =>
  Object.values<Mark>(MARKS).find(({ name }) => name === alias)?.type;
