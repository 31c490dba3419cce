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
  [/^Invalid Input Error: (?:[\w ]+: )*(ODPS-[\s\S]*)/, '$1'],
  [/^Binder Error: (QUANTILE [^\n]*)/, 'ODPS-0121095:Invalid arguments - $1'],
  [/(Unknown TimeZone '[^']*')/, 'ODPS-0121095:Invalid arguments - $1'],
  [/^Out of Range Error: ([^\n]*)/, 'ODPS-0121095:Invalid arguments - out of range: $1'],
  [/^(?:Conversion|Invalid Input) Error: ([^\n]*)/, 'ODPS-0121095:Invalid arguments - $1'],
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
  const first = message.split('\n')[0]!;
  for (const [pattern, replacement] of RUN_TIME) {
    const match = pattern.exec(message);
    if (!match) continue;
    return new StatementError(replacement.replace('$1', () => match[1] ?? ''));
  }
  return queryError(sql, firstWord(sql), '0130071', first.replace(/^[\w ]+ Error: */, ''));
}

function placeOf(sql: string, name: string): number {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = sql.search(new RegExp(`(?<![\\w])${escaped}(?![\\w])`, 'i'));
  return found < 0 ? firstWord(sql) : found;
}

const firstWord = (sql: string): number => Math.max(0, sql.search(/\S/));
