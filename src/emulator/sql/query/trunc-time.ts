import type { GeneratedUnit } from '../../model/catalog.ts';
import { literal } from '../../store/duckdb-sql.ts';
import type { SqlType } from './types.ts';

const FORMS: Record<GeneratedUnit, { readonly form: string; readonly least: string }> = {
  year: { form: '%Y', least: '1959' },
  month: { form: '%Y-%m', least: '1959-12' },
  day: { form: '%Y-%m-%d', least: '1959-12-31' },
  hour: { form: '%Y-%m-%d %H:00:00', least: '1959-12-31 23:00:00' },
};

/** TRUNC_TIME of a time, as text in UTC; whatever is before 1960 is its last hour (as the clients have it). */
export function truncTime(sql: string, type: SqlType, unit: GeneratedUnit): string {
  const time = utc(sql, type);
  const { form, least } = FORMS[unit];
  return `CASE WHEN ${time} < TIMESTAMP '1960-01-01' THEN ${literal(least)} ELSE strftime(${time}, '${form}') END`;
}

function utc(sql: string, { name }: SqlType): string {
  if (name === 'DATETIME') return `make_timestamp(epoch_us(${sql}))`;
  return name === 'DATE' ? `CAST(${sql} AS TIMESTAMP)` : `make_timestamp(mc_microseconds(${sql}))`;
}
