import { pino } from 'pino';
import { hideUserInfo } from './config/secret.ts';
import { SinkError } from './errors.ts';

/**
 * The only importer of pino: one JSON object a line with `time`, `level`, `component` and `msg`.
 * A second wall stands behind `Secret`: fields whose name says secret are hidden at every depth, and
 * so are user names in URLs and `password=...` in every text, the message and error texts included.
 */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Write = (fields: object, message: string) => void;

export interface Log extends Readonly<Record<LogLevel, Write>> {
  /** A log whose lines carry these fields too, e.g. `{component: 'source'}`. */
  child(fields: object): Log;
}

export interface LogOptions {
  readonly level: LogLevel | 'fatal' | 'silent';
  /** Takes whole lines; standard output unless given. */
  readonly stream?: { write(line: string): void };
}

export function createLog({ level, stream = standardOutput() }: LogOptions): Log {
  const lines = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  // Fields of a child are kept here: pino would write a field twice that a child or a line repeats.
  const logWith = (bound: object): Log => {
    const write = (at: LogLevel) => (fields: object, message: string) => {
      if (lines.isLevelEnabled(at)) lines[at](cleanFields({ ...bound, ...fields }), cleanText(message));
    };
    return {
      trace: write('trace'),
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
      child: (fields) => logWith({ ...bound, ...fields }),
    };
  };
  return logWith({ component: 'maxsink' });
}

/** Written at once, so that the last line before a crash is there; a full disk does not end the service. */
function standardOutput() {
  const output = pino.destination({ dest: 1, sync: true });
  output.on('error', () => undefined);
  return output;
}

const SECRET_WORDS = [
  'passw(?:or)?d',
  'passphrase',
  'secret',
  'token',
  'authorization',
  'cookie',
  'credentials?',
  'signature',
  'private[-_.]?key',
  'access[-_.]?key(?:[-_.]?id)?',
  'api[-_.]?key',
  'jaas[-_.]config',
].join('|');
const SECRET_NAME = new RegExp(`(?:${SECRET_WORDS})$`, 'i');
/** `password=x`, `"password": "x"`, `Authorization: Bearer x`; not the prose "password: expected text". */
const SECRET_IN_TEXT = new RegExp(
  `((?:${SECRET_WORDS})(?:\\s*=\\s*|["']\\s*:\\s*)|authorization:\\s*)` +
    `(?:"[^"]*"|'[^']*'|(?:(?:Bearer|Basic|ODPS)\\s+)?[^\\s,;&"'}]+)`,
  'gi',
);
const HIDDEN = '[secret]';
const RESERVED = new Set(['time', 'level', 'msg']);
const DEPTH = 8;
/** As many as a batch may have sessions. */
const ITEMS = 1000;

/** A text without user names in URLs and without `password=...`. */
export const cleanText = (text: string): string => hideUserInfo(text).replace(SECRET_IN_TEXT, `$1${HIDDEN}`);

/** The fields of one line; `time`, `level` and `msg` are the line's own, a field of that name gets a `_`. */
export function cleanFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      RESERVED.has(name) ? `${name}_` : name,
      cleanField(name, value, DEPTH),
    ]),
  );
}

const cleanField = (name: string, value: unknown, depth: number): unknown =>
  SECRET_NAME.test(name) && value !== null && value !== undefined ? HIDDEN : clean(value, depth);

/** Plain JSON data of a value, without secrets, without cycles (the depth ends them), without bytes. */
function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '[deep]';
  if (value instanceof Error) return cleanError(value, depth - 1);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return clean(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) {
    return [...value].slice(0, ITEMS).map((item) => clean(item, depth - 1));
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return clean(value.toJSON(), depth - 1);
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, cleanField(name, field, depth - 1)]),
  );
}

/**
 * Code, message and hint, then the chain of causes; a stack only where the code does not say it all: that of
 * `ECONNREFUSED`, `ENOSPC` and the Kafka client's errors shows only the way into a library.
 */
function cleanError(error: Error, depth: number): object {
  const expected = error instanceof SinkError ? error.code !== 'unexpected' : 'errno' in error;
  const { message, name, stack, cause, ...rest } = error as Error & Record<string, unknown>;
  return {
    name,
    message: cleanText(message),
    ...(clean(rest, depth) as object),
    ...(error instanceof SinkError ? { hint: error.hint } : {}),
    ...(expected || stack === undefined ? {} : { stack: cleanText(stack) }),
    ...(cause === undefined ? {} : { cause: clean(cause, depth) }),
  };
}
