import { StatementError } from '../errors.ts';

/** Words, literals and symbols of a MaxCompute SQL text; comments and blanks are left out. */
export interface Token {
  readonly kind: 'word' | 'quoted' | 'text' | 'symbol';
  /** Identifier without back quotes, literal with escapes resolved, or the symbol itself. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

export function parseError(sql: string, at: number, message: string): StatementError {
  return new StatementError(`ODPS-0130161:[${position(sql, at)}] Parse exception - ${message}`);
}

/** `line,column`, both from 1, as in the service's messages. */
export function position(sql: string, at: number): string {
  const before = sql.slice(0, at).split('\n');
  return `${before.length},${before[before.length - 1]!.length + 1}`;
}

const PATTERN =
  /\s+|--[^\n]*|\/\*[\s\S]*?\*\/|(`(?:[^`]|``)*`)|('(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*")|([\w\u0080-\uffff]+)|([\s\S])/gy;

export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(PATTERN)) {
    const token = tokenOf(match);
    if (token) tokens.push(token);
  }
  const stray = tokens.find((token) => token.kind === 'symbol' && '`\'"'.includes(token.text));
  if (stray) throw parseError(sql, stray.start, `unterminated ${stray.text}`);
  return tokens;
}

function tokenOf(match: RegExpMatchArray): Token | undefined {
  const [whole, quoted, literal, word, symbol] = match;
  const range = { start: match.index!, end: match.index! + whole.length };
  if (quoted) return { kind: 'quoted', text: quoted.slice(1, -1).replaceAll('``', '`'), ...range };
  if (literal) return { kind: 'text', text: unescapeLiteral(literal.slice(1, -1)), ...range };
  if (word) return { kind: 'word', text: word, ...range };
  return symbol ? { kind: 'symbol', text: symbol, ...range } : undefined;
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', '0': '\0' };

function unescapeLiteral(text: string): string {
  return text.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_whole, char: string) => {
    if (char.length === 5) return String.fromCharCode(Number.parseInt(char.slice(1), 16));
    return ESCAPES[char] ?? char;
  });
}
