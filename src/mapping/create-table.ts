import type { TableSchema } from './compile.ts';
import { parseColumnType } from './parse-type.ts';
import { isTablePartitionType } from './partition-value.ts';
import { typeText } from './types.ts';

interface Typed {
  readonly type?: string | null | undefined;
}

/** What the configuration's `table` says about a table that is created from it. */
export interface TableDraft {
  readonly name: string;
  readonly columns: Readonly<Record<string, Typed>> | null;
  readonly partitions: Readonly<Record<string, Typed>> | null;
  /** Column of the fields without one. */
  readonly rest?: string | null;
}

/** Something that keeps a table from being created, with its path below `table`. */
export interface DraftProblem {
  readonly path: readonly string[];
  readonly text: string;
}

export interface CreateTable {
  readonly statement: string;
  /** What the statement needs beside the type settings that every statement gets. */
  readonly settings: Readonly<Record<string, string>>;
}

const EXAMPLES = 'such as BIGINT, DECIMAL(18,2), STRING or ARRAY<STRING>';
const DEFAULT_PARTITION_TYPE = 'STRING';

/**
 * The statement that creates the table unless it is there (protocol 3.3), or every reason why the
 * configuration does not tell enough, each beginning with its key. All names stand in back-quotes, so that
 * words of SQL may be names. Nothing is NOT NULL: a source may always be missing.
 */
export function createTableStatement(
  table: TableDraft,
  { project, schema }: { readonly project: string; readonly schema: string | null },
): CreateTable | { readonly problems: string[] } {
  const problems = draftProblems(table);
  if (problems.length > 0)
    return { problems: problems.map(({ path, text }) => `table.${path.join('.')}: ${text}`) };
  const { columns, partitionKeys } = draftSchema(table);
  const name = [project, schema, table.name].flatMap((part) => (part === null ? [] : quoted(part))).join('.');
  const partitioned = partitionKeys.length === 0 ? '' : `\nPARTITIONED BY ${listed(partitionKeys)}`;
  const hasJson = columns.some(({ type }) => /\bJSON\b/.test(type));
  return {
    statement: `CREATE TABLE IF NOT EXISTS ${name} ${listed(columns)}${partitioned};`,
    // Off in projects older than the type.
    settings: hasJson ? { 'odps.sql.type.json.enable': 'true' } : {},
  };
}

const listed = (columns: readonly { readonly name: string; readonly type: string }[]): string =>
  `(\n${columns.map(({ name, type }) => `  ${quoted(name)} ${type}`).join(',\n')}\n)`;

const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

/** The table as it would be created. The draft has no problems. */
export function draftSchema({ columns, partitions, rest }: TableDraft): TableSchema {
  const restColumn = rest ? [{ name: rest, type: 'STRING', nullable: true }] : [];
  return {
    columns: [
      ...Object.entries(columns ?? {}).map(([name, { type }]) => ({
        name,
        type: canonical(type ?? ''),
        nullable: true,
      })),
      ...restColumn,
    ],
    partitionKeys: Object.entries(partitions ?? {}).map(([name, { type }]) => ({
      name,
      type: canonical(type ?? DEFAULT_PARTITION_TYPE),
    })),
  };
}

function canonical(text: string): string {
  const type = parseColumnType(text);
  return type ? typeText(type) : text;
}

/** Everything that keeps the table from being created. */
export function draftProblems({ columns, partitions }: Omit<TableDraft, 'name'>): DraftProblem[] {
  if (!columns || Object.keys(columns).length === 0)
    return [{ path: ['columns'], text: 'create: if_missing needs the columns, each with its type' }];
  const partitioned = new Set(Object.keys(partitions ?? {}).map((name) => name.toLowerCase()));
  return [
    ...Object.entries(columns).flatMap(([name, { type }]) =>
      columnProblems(['columns', name], type ?? null, partitioned.has(name.toLowerCase())),
    ),
    ...Object.entries(partitions ?? {}).flatMap(([name, { type }]) =>
      problemWhen(type != null && tablePartitionTypeProblem(type), ['partitions', name, 'type']),
    ),
  ];
}

function columnProblems(path: readonly string[], type: string | null, twice: boolean): DraftProblem[] {
  const wrong = type === null ? `create: if_missing needs it, ${EXAMPLES}` : columnTypeProblem(type);
  return [
    ...problemWhen(twice && 'it is a table partition column: it stands in table.partitions only', path),
    ...problemWhen(!twice && wrong, [...path, 'type']),
  ];
}

const problemWhen = (text: string | false | null, path: readonly string[]): DraftProblem[] =>
  text ? [{ path, text }] : [];

/** What is wrong with the type of a column, or null. */
export const columnTypeProblem = (text: string): string | null =>
  parseColumnType(text) ? null : `expected a column type ${EXAMPLES}, received ${JSON.stringify(text)}`;

/** What is wrong with the type of a table partition column, or null. */
export function tablePartitionTypeProblem(text: string): string | null {
  const type = parseColumnType(text);
  if (type && isTablePartitionType(type)) return null;
  return `expected STRING, VARCHAR(n), CHAR(n), DATE or a whole number type, received ${JSON.stringify(text)}`;
}
