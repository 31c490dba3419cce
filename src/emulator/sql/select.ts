import { position, StatementError, type Token, tokenize } from './tokens.ts';

/** Functions that DuckDB has under another name; more stand here as they are needed. */
const FUNCTIONS: Record<string, string> = {
  nvl: 'coalesce',
  get_json_object: 'json_extract_string',
  getdate: 'localtimestamp',
  wm_concat_ws: 'concat_ws',
};

/** Reserved in DuckDB, free as column names in MaxCompute. */
const RESERVED: ReadonlySet<string> = new Set(
  'at both check collate column constraint fetch foreign initially lambda offset only pivot placing primary qualify references returning show some summarize symmetric unique unpivot variadic window'.split(
    ' ',
  ),
);

/** Where a query runs: names that it may use without quotes. */
export interface QueryScope {
  readonly project: string;
  readonly columnNames: ReadonlySet<string>;
}

/**
 * A MaxCompute query in DuckDB's dialect: back-quoted names, escapes in literals, the project before table
 * names, and functions of another name. Everything else is passed on as it is.
 */
export function translateQuery(sql: string, scope: QueryScope): string {
  const tokens = tokenize(sql);
  const parts: string[] = [];
  let at = 0;
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index]!;
    parts.push(blanks(sql, at, token.start));
    at = token.end;
    if (isProject(tokens, index, scope.project)) {
      index += 1;
      at = tokens[index]!.end;
    } else parts.push(translateToken(token, tokens[index + 1], scope));
  }
  return parts.join('');
}

/** Blanks between tokens; comments of either dialect are dropped. */
function blanks(sql: string, start: number, end: number): string {
  return end > start ? sql.slice(start, end).replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, ' ') : '';
}

function isProject(tokens: readonly Token[], index: number, project: string): boolean {
  const token = tokens[index]!;
  if (token.kind !== 'word' && token.kind !== 'quoted') return false;
  const isPrefix = tokens[index + 1]?.text === '.' && tokens[index - 1]?.text !== '.';
  return isPrefix && token.text.toLowerCase() === project.toLowerCase();
}

function translateToken(token: Token, next: Token | undefined, { columnNames }: QueryScope): string {
  if (token.kind === 'quoted') return `"${token.text.replaceAll('"', '""')}"`;
  if (token.kind === 'text') return `'${token.text.replaceAll("'", "''")}'`;
  const word = token.text.toLowerCase();
  // `LIMIT 10 OFFSET 20` is no column.
  if (RESERVED.has(word) && columnNames.has(word) && !/^[\d(]/.test(next?.text ?? '')) return `"${word}"`;
  const renamed = token.kind === 'word' && next?.text === '(' ? FUNCTIONS[word] : undefined;
  return renamed ?? token.text;
}

/** DuckDB's error in the service's words and numbers: 0130131 table, 0130161 syntax, 0130071 the rest. */
export function describeQueryError(error: unknown, sql: string, project: string): StatementError {
  if (error instanceof StatementError) return error;
  const message = (error instanceof Error ? error.message : String(error)).replace(/^Failed to [\w ]+: /, '');
  const first = message.split('\n')[0]!;
  const table = /^Catalog Error: Table with name (\S+) does not exist/.exec(message)?.[1];
  if (table) {
    const at = Math.max(0, sql.toLowerCase().indexOf(table.toLowerCase()));
    const text = `Table not found - table ${project}.${table} cannot be resolved`;
    return new StatementError(`ODPS-0130131:[${position(sql, at)}] ${text}`);
  }
  const at = errorPosition(message, sql);
  if (first.startsWith('Parser Error')) {
    return new StatementError(
      `ODPS-0130161:[${at}] Parse exception - ${first.replace(/^Parser Error: /, '')}`,
    );
  }
  return new StatementError(
    `ODPS-0130071:[${at}] Semantic analysis exception - ${first.replace(/^\w+ Error: /, '')}`,
  );
}

/** DuckDB marks the place by a caret under `LINE n: ...`; good enough when the line is not shortened. */
function errorPosition(message: string, sql: string): string {
  const match = /LINE (\d+): (.*)\n(\s*)\^/.exec(message);
  if (!match) return '1,1';
  const line = sql.split('\n')[Number(match[1]) - 1] ?? '';
  const column = match[3]!.length - `LINE ${match[1]}: `.length + 1;
  return `${match[1]},${Math.min(Math.max(1, column), line.length + 1)}`;
}
