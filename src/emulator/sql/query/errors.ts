import { StatementError } from '../../errors.ts';
import { position } from '../tokens.ts';

/** `ODPS-number:[line,column] kind - text`, the form of all errors of queries. */
export function queryError(sql: string, at: number, number: string, text: string): StatementError {
  return new StatementError(`ODPS-${number}:[${position(sql, at)}] ${KINDS[number] ?? ''}${text}`);
}

const KINDS: Record<string, string> = {
  '0130071': 'Semantic analysis exception - ',
  '0130121': 'Invalid argument type - ',
  '0130131': 'Table not found - ',
  '0130221': 'Invalid number of arguments - ',
  '0130241': 'Illegal union operation - ',
};

/** DuckDB's run-time errors and what the service says in their place; `$1` is DuckDB's own text. */
const RUN_TIME: readonly (readonly [RegExp, string])[] = [
  [/Max expression depth/, 'ODPS-0130071:Semantic analysis exception - the expression is nested too deeply'],
  [/^INTERRUPT/, 'ODPS-0020041:The instance was stopped'],
  [
    /^Out of Memory Error/,
    'ODPS-0010000:System internal error - the query needs more memory than this local MaxCompute has',
  ],
  [
    /No space left on device/,
    'ODPS-0010000:System internal error - no space is left on the disk of this local MaxCompute',
  ],
  [/^(?:IO|TransactionContext|FATAL) Error: ([^\n]*)/, 'ODPS-0010000:System internal error - $1'],
  [/^(?:\w[\w ]* Error: )+(ODPS-[\s\S]*)/, '$1'],
  [/^(?:Binder|Invalid Input) Error: QUANTILE ([^\n]*)/, 'ODPS-0121095:Invalid arguments - percentile $1'],
  [/(Unknown TimeZone '[^']*')/, 'ODPS-0121095:Invalid arguments - $1'],
  [/^(?:Conversion|Out of Range|Invalid Input) Error: ([^\n]*)/, 'ODPS-0121095:Invalid arguments - $1'],
];

/** An error of DuckDB in the service's words and numbers; what is not known keeps its first line. */
export function describeQueryError(error: unknown, sql: string): StatementError {
  if (error instanceof StatementError) return error;
  const message = (error instanceof Error ? error.message : String(error)).replace(/^Failed to [\w ]+: /, '');
  const ungrouped = /column "([^"]+)" must appear in the GROUP BY clause/.exec(message)?.[1];
  if (ungrouped) {
    const text = `column reference ${ungrouped} should appear in GROUP BY key`;
    return queryError(sql, placeOf(sql, ungrouped), '0130071', text);
  }
  const table = /^Catalog Error: Table with name (\S+) does not exist/.exec(message)?.[1];
  // Only what stands inside a view is not found before the query runs.
  if (table) return queryError(sql, placeOf(sql, table), '0130131', `table ${table} cannot be resolved`);
  for (const [pattern, replacement] of RUN_TIME) {
    const match = pattern.exec(message);
    if (!match) continue;
    return new StatementError(replacement.replace('$1', () => inOurTypes(match[1] ?? '')));
  }
  return queryError(sql, firstWord(sql), '0130071', `this local MaxCompute cannot run ${formOf(message)}`);
}

/** What DuckDB has no plan for; its own words would name what nobody wrote. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/non-inner join on subquery|subquer[\w ]* in [\w ]*join/i, 'a subquery in the condition of an outer join'],
  [/BoundSubquery|subquer/i, 'a subquery in this place'],
  [/lambda/i, 'a lambda expression in this place'],
  [/not found|lateral|correlated/i, 'an expression over columns from outside in this place'],
];

const formOf = (message: string): string =>
  FORMS.find(([pattern]) => pattern.test(message))?.[1] ?? 'a query of this form';

const TYPES: Record<string, string> = {
  INT8: 'TINYINT',
  INT16: 'SMALLINT',
  INT32: 'INT',
  INT64: 'BIGINT',
  INT128: 'BIGINT',
  HUGEINT: 'BIGINT',
  INTEGER: 'INT',
  BOOL: 'BOOLEAN',
  VARCHAR: 'STRING',
  BLOB: 'BINARY',
  'TIMESTAMP WITH TIME ZONE': 'DATETIME',
};

/** DuckDB's text about a value, with the names of the service's types. */
export function inOurTypes(text: string): string {
  if (
    /Epoch|epoch|timestamp.*range|date.*range|\(BC\)|to add interval|interval/i.test(text) &&
    !text.includes("'")
  )
    return 'a time is outside of the years 1 to 9999';
  return text
    .replace(/ when casting from source column .*$/, '')
    .replace(
      /^Type \S+ with value (.*) can't be cast because .* destination type (.*)$/,
      'value $1 is out of range of $2',
    )
    .replace(/^Could not cast value (\S+) to (\S+)$/, 'value $1 is out of range of $2')
    .replace(/^invalid (?:timestamp|date) field format: "(.*?)".*$/, "'$1' is no time")
    .replace(/^Could not convert string ('.*') to (\w+).*$/, '$1 is no $2')
    .replace(/^Overflow in (\w+) of (\w+) \((.*)\)!?.*$/, 'overflow of $2 in $3')
    .replace(
      /\b(?:U?INT(?:8|16|32|64|128)|HUGEINT|INTEGER|BOOL|VARCHAR|BLOB|TIMESTAMP WITH TIME ZONE)\b/g,
      (name) => TYPES[name] ?? name,
    );
}

function placeOf(sql: string, name: string): number {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = sql.search(new RegExp(`(?<![\\w])${escaped}(?![\\w])`, 'i'));
  return found < 0 ? firstWord(sql) : found;
}

const firstWord = (sql: string): number => Math.max(0, sql.search(/\S/));
