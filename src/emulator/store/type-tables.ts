import type { Table } from '../model/catalog.ts';
import { type ColumnType, typeText } from '../model/types.ts';
import type { Database } from './database.ts';
import { identifier, literal, STAGING } from './duckdb-sql.ts';
import type { Figures } from './figures.ts';
import { MARKS } from './marks.ts';
import type { WideColumns } from './wide-columns.ts';

/**
 * Empty tables that only lend their columns' types to a query that is prepared and never run. Where queries
 * see VARCHAR(20) as a text like others, here it is an ENUM whose one value is its name: DuckDB takes it for
 * a text wherever it needs one, and keeps it where the value passes unchanged.
 */
export interface TypeTables {
  /** The search path on which a query finds them first; undefined when no table of the schema has any. */
  path(schema: string): Promise<string | undefined>;
}

export function createTypeTables(database: Database, figures: Figures, wide: WideColumns): TypeTables {
  const made = new Map<string, string>();
  const schemas = new Set<string>();
  let opened = database.opened();

  async function path(schema: string): Promise<string | undefined> {
    const wanted = new Map<string, string>();
    for (const table of figures.all()) {
      const columns = [...table.columns, ...table.tablePartitionColumns];
      const isWide = (name: string) => wide.of(table).has(name);
      if (table.kind === 'VIRTUAL_VIEW' || !columns.some(({ name, type }) => isLost(type, isWide(name))))
        continue;
      const list = columns.map(({ name, type }) => `${lent(type, isWide(name))} AS ${identifier(name)}`);
      wanted.set(nameOf(table), `AS SELECT ${list.join(', ')} LIMIT 0`);
    }
    await follow(wanted);
    if (!schemas.has(schema)) return undefined;
    return literal(`${STAGING}.${identifier(schema)},${identifier(database.catalog)}.${identifier(schema)}`);
  }

  async function follow(wanted: ReadonlyMap<string, string>): Promise<void> {
    if (opened !== database.opened()) made.clear();
    opened = database.opened();
    const statements = [...made.keys()]
      .filter((name) => !wanted.has(name))
      .map((name) => `DROP TABLE IF EXISTS ${name}`);
    for (const [name, select] of wanted)
      if (made.get(name) !== select) statements.push(`CREATE OR REPLACE TABLE ${name} ${select}`);
    if (!statements.length) return;
    for (const table of figures.all()) schemas.add(table.schema);
    const create = [...schemas].map(
      (schema) => `CREATE SCHEMA IF NOT EXISTS ${STAGING}.${identifier(schema)}`,
    );
    await database.run(...create, ...statements);
    made.clear();
    for (const [name, select] of wanted) made.set(name, select);
  }

  return { path };
}

const nameOf = ({ schema, name }: Table): string => `${STAGING}.${identifier(schema)}.${identifier(name)}`;

/** Whether what queries see does not tell the type. */
function isLost(type: ColumnType, wide: boolean): boolean {
  switch (type.name) {
    case 'VARCHAR':
    case 'CHAR':
    case 'JSON':
    case 'TIMESTAMP_NTZ':
      return true;
    case 'TIMESTAMP':
      return wide;
    case 'ARRAY':
      return isLost(type.element, wide);
    case 'MAP':
      return isLost(type.key, wide) || isLost(type.value, wide);
    case 'STRUCT':
      return type.fields.some((field) => isLost(field.type, wide));
    default:
      return false;
  }
}

function lent(type: ColumnType, wide: boolean): string {
  switch (type.name) {
    case 'VARCHAR':
    case 'CHAR':
      return `CAST(NULL AS ENUM(${literal(typeText(type))}))`;
    case 'JSON':
      return 'CAST(NULL AS JSON)';
    case 'TIMESTAMP_NTZ':
      return wide ? 'CAST(NULL AS TIMESTAMP)' : `${MARKS.withoutZone.name}()`;
    case 'TIMESTAMP':
      return wide ? `${MARKS.wideTimestamp.name}()` : 'CAST(NULL AS TIMESTAMP_NS)';
    case 'INTERVAL_DAY_TIME':
      return `${MARKS.dayTime.name}()`;
    case 'INTERVAL_YEAR_MONTH':
      return `${MARKS.yearMonth.name}()`;
    case 'ARRAY':
      return `[${lent(type.element, wide)}]`;
    case 'MAP':
      return `map([${lent(type.key, wide)}], [${lent(type.value, wide)}])`;
    case 'STRUCT':
      return `struct_pack(${type.fields.map((field) => `${identifier(field.name)} := ${lent(field.type, wide)}`).join(', ')})`;
    default:
      return `CAST(NULL AS ${SHOWN[type.name] ?? (type.name === 'DECIMAL' ? `DECIMAL(${type.precision},${type.scale})` : type.name)})`;
  }
}

const SHOWN: Partial<Record<ColumnType['name'], string>> = {
  INT: 'INTEGER',
  STRING: 'VARCHAR',
  BINARY: 'BLOB',
  DATETIME: 'TIMESTAMPTZ',
};
