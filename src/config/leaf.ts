import { z } from 'zod';
import { Secret } from './secret.ts';
import { DURATION_PATTERN, durationText, parseDuration, parseSize, SIZE_PATTERN, sizeText } from './units.ts';

/** What the reference, the problems and the JSON Schema say of one key, beside its description. */
export interface Facts {
  /** Type as people call it, for the reference. */
  readonly type: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly secret?: boolean;
  /** A PEM file that must be readable and hold this, or a usable schema; relative to the folder of the configuration file. */
  readonly file?: PemLabel | 'SCHEMA';
  /** Values of this map are never shown: any of them may be a password. */
  readonly hidden?: boolean;
}

export const facts = z.registry<Facts>();

interface Leaf<T> extends Facts {
  /** Ends the sentence "expected ...". */
  readonly expected: string;
  /** The value, or undefined when the input is none. */
  readonly parse: (input: unknown) => T | undefined;
  /** A whole sentence about an input that deserves more than "expected ...", perhaps with the character (from 0) that it is about. */
  readonly refuse?: (input: unknown) => string | { readonly text: string; readonly at: number } | undefined;
}

/** One value of the configuration. Every problem it raises carries `params.expected` or is a sentence. */
export function leaf<T>(kind: Leaf<T>) {
  return z
    .unknown()
    .transform((input, context): T => {
      const refused = kind.refuse?.(input);
      const value = refused === undefined ? kind.parse(input) : undefined;
      if (value !== undefined) return value;
      if (refused === undefined) context.addIssue({ code: 'custom', params: { expected: kind.expected } });
      else if (typeof refused === 'string') context.addIssue({ code: 'custom', message: refused });
      else context.addIssue({ code: 'custom', message: refused.text, params: { at: refused.at } });
      return undefined as never;
    })
    .register(facts, kind);
}

/** Absent or null: null. */
export const nullable = <S extends z.ZodType<unknown, unknown>>(schema: S) =>
  schema.nullable().prefault(null);

/** Rules about several keys run even when one of the keys is wrong: such a key is then undefined or as written. */
export const EVEN_IF_WRONG = { when: ({ value }: { value: unknown }) => isMap(value) };

export const isMap = (input: unknown): input is Record<string, unknown> =>
  typeof input === 'object' && input !== null && !Array.isArray(input);

/** An absent section is an empty one: the keys it must have are reported one by one. */
export const section = <S extends z.ZodType>(schema: S) => schema.prefault({} as z.input<S>);

/** Absent and null mean the same: not given. */
export const optional = <S extends z.ZodType>(schema: S) => schema.nullable().optional();

/** A key that was written counts as given even when its value is wrong (and therefore undefined). */
export const given = (value: object, key: string): boolean =>
  Object.hasOwn(value, key) && (value as Record<string, unknown>)[key] !== null;

const isText = (input: unknown): input is string => typeof input === 'string' && input !== '';

/** JSON Schema of a scalar that may also be written with `${env:...}` or `${file:...}`. */
const interpolated = (...forms: object[]) => ({
  anyOf: [...forms, { type: 'string', pattern: '\\$\\{(env|file):' }],
});

/** `problem` says what is wrong with a text, or null. */
export const text = (expected = 'text', problem: (text: string) => string | null = () => null) =>
  leaf({
    type: 'text',
    expected,
    json: { type: 'string', minLength: 1 },
    parse: (v) => (isText(v) && problem(v) === null ? v : undefined),
    refuse: (v) => (isText(v) ? (problem(v) ?? undefined) : undefined),
  });

export const matching = (pattern: RegExp, expected: string) =>
  leaf({
    type: 'text',
    expected,
    json: interpolated({ type: 'string', pattern: pattern.source }),
    parse: (v) => (isText(v) && pattern.test(v) ? v : undefined),
  });

export const secret = () =>
  leaf({
    type: 'text',
    secret: true,
    expected: 'text (digits in quotes)',
    json: { type: 'string', minLength: 1 },
    parse: (v) => (isText(v) ? new Secret(v) : undefined),
  });

export type PemLabel = 'CERTIFICATE' | 'PRIVATE KEY' | 'PUBLIC KEY';

export const pemFile = (file: PemLabel) => fileName(file);

/** The format that it is for stands beside it. */
export const schemaFile = () => fileName('SCHEMA');

const fileName = (file: PemLabel | 'SCHEMA') =>
  leaf({
    type: 'file',
    file,
    expected: 'a file name',
    json: { type: 'string', minLength: 1 },
    parse: (v) => (isText(v) ? v : undefined),
  });

/** One of `values`; a word in `later` is known and not built yet. */
export const choice = <const V extends string>(values: readonly V[], later: readonly string[] = []) =>
  leaf({
    type: values.join(' | '),
    expected: values.join(', ').replace(/, ([^,]*)$/, ' or $1'),
    json: interpolated({ enum: [...values] }),
    parse: (v) => values.find((value) => value === v),
    refuse: (v) =>
      later.find((word) => word === v) &&
      `${String(v)} comes with a later version; today: ${values.join(', ')}`,
  });

export const flag = () =>
  leaf({
    type: 'true | false',
    expected: 'true or false',
    json: interpolated({ type: 'boolean' }),
    parse: (v) => (v === true || v === 'true' ? true : v === false || v === 'false' ? false : undefined),
  });

const inside = (value: number | undefined, min: number, max: number): number | undefined =>
  value !== undefined && value >= min && value <= max ? value : undefined;

export const whole = (min: number, max: number) =>
  leaf({
    type: 'whole number',
    expected: `a whole number from ${min} to ${max}`,
    json: interpolated({ type: 'integer', minimum: min, maximum: max }),
    parse: (v) => inside(wholeOf(v), min, max),
  });

function wholeOf(input: unknown): number | undefined {
  if (typeof input === 'string' && /^-?\d{1,15}$/.test(input)) return Number(input);
  return typeof input === 'number' && Number.isSafeInteger(input) ? input : undefined;
}

const DAY = 86_400_000;

/** Milliseconds. */
export const duration = (min: number, max = 3650 * DAY) =>
  leaf({
    type: 'duration',
    expected: `a duration from ${durationText(min)} to ${durationText(max)} such as 90s (units ms s m h d)`,
    json: interpolated({ type: 'string', pattern: DURATION_PATTERN }),
    parse: (v) => (isText(v) ? inside(parseDuration(v), min, max) : undefined),
  });

/** Bytes. */
export const size = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  leaf({
    type: 'size',
    expected: `a size of at least ${sizeText(min)}${max < Number.MAX_SAFE_INTEGER ? ` and at most ${sizeText(max)}` : ''} such as 64MiB (units KiB MiB GiB KB MB GB)`,
    json: interpolated({ type: 'string', pattern: SIZE_PATTERN }),
    parse: (v) => (isText(v) ? inside(parseSize(v), min, max) : undefined),
  });

/** A list, or one text with commas. */
export const list = (item: RegExp, expected: string) =>
  leaf({
    type: 'list',
    expected,
    json: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'array', minItems: 1, items: { type: 'string' } },
      ],
    },
    parse: (v) => {
      const items: unknown[] =
        typeof v === 'string' ? v.split(',').map((part) => part.trim()) : Array.isArray(v) ? v : [];
      return items.length > 0 && items.every((one): one is string => isText(one) && item.test(one))
        ? items
        : undefined;
    },
  });

/** `userInfo`: whether user name and password may stand in it. */
export const url = (expected: string, userInfo = false) =>
  leaf({
    type: 'URL',
    expected,
    json: interpolated({ type: 'string', pattern: '^https?://' }),
    parse: (v) => (isText(v) && isHttpUrl(v, userInfo) ? v : undefined),
  });

function isHttpUrl(input: string, userInfo: boolean): boolean {
  if (!/^https?:\/\/[^\s]+$/.test(input) || !URL.canParse(input)) return false;
  const { username, password } = new URL(input);
  return userInfo || (username === '' && password === '');
}

export const zone = () =>
  leaf({
    type: 'time zone',
    expected: 'a time zone such as Asia/Shanghai, UTC or +08:00',
    json: { type: 'string', minLength: 1 },
    parse: (v) => (isText(v) && isZone(v) ? v : undefined),
  });

/** An IANA name, `Z`, or a fixed offset such as `+08:00` and `UTC+8`. */
function isZone(name: string): boolean {
  if (/^(?:Z|(?:UTC|GMT)?[+-](?:0?\d|1[0-7])(?::?[0-5]\d)?)$/i.test(name)) return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const INSTANT = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/;

/** `2026-11-20T00:00:00+08:00` -> ms since 1970; undefined without a zone or for a day that does not exist. */
export function parseInstant(input: unknown): number | undefined {
  const day = isText(input) ? INSTANT.exec(input)?.[1] : undefined;
  if (day === undefined || new Date(`${day}T00:00:00Z`).toJSON()?.slice(0, 10) !== day) return undefined;
  const ms = Date.parse(input as string);
  return Number.isNaN(ms) ? undefined : ms;
}

export const instant = () =>
  leaf({
    type: 'time',
    expected: 'a time with its zone such as 2026-11-20T00:00:00+08:00',
    json: interpolated({ type: 'string', pattern: INSTANT.source }),
    parse: parseInstant,
  });
