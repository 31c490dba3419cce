import { keyPath, type Path } from './path.ts';
import { hideUserInfo, mayHoldUserInfo } from './secret.ts';

/** 1-based, as editors count. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface Problem {
  readonly path: Path;
  readonly text: string;
  /** Null: the value does not come from the file. */
  readonly place: Place | null;
  /** The environment variable that the value comes from. */
  readonly variable?: string;
}

/** Every problem once, a line each: those of the file in its order, then those of variables by name. */
export function formatProblems(file: string, problems: readonly Problem[]): string {
  const lines = [...problems].sort(byPlace).map((problem) => formatProblem(file, problem));
  return [...new Set(lines)].join('\n');
}

function formatProblem(file: string, { path, text, place, variable }: Problem): string {
  const where = place ? `${file}:${place.line}:${place.column}` : (variable ?? file);
  return path.length === 0 ? `${where}: ${text}` : `${where} ${keyPath(path)}: ${text}`;
}

function byPlace(a: Problem, b: Problem): number {
  if (a.place && b.place) return a.place.line - b.place.line || a.place.column - b.place.column;
  if (a.place || b.place) return a.place ? -1 : 1;
  return written(a) < written(b) ? -1 : written(a) > written(b) ? 1 : 0;
}

const written = ({ variable, path }: Problem): string => `${variable} ${keyPath(path)}`;

const SHOWN_CHARS = 60;

/** What stands there, for "expected ..., received ...". A hidden value shows its type only. */
export function describeValue(value: unknown, hidden: boolean): string {
  if (value === undefined || value === null) return value === undefined ? 'nothing' : 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  if (hidden)
    return typeof value === 'string' ? 'text' : `a ${typeof value === 'boolean' ? 'boolean' : 'number'}`;
  if (typeof value !== 'string') return String(value);
  const shown = hideUserInfo(value);
  if (mayHoldUserInfo(shown.replaceAll('[secret]@', ''))) return 'text';
  return JSON.stringify(shown.length > SHOWN_CHARS ? `${shown.slice(0, SHOWN_CHARS)}...` : shown);
}
