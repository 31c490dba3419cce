import { type Field, parseCsv } from '../maxcompute/csv.ts';
import type { MaxCompute } from '../maxcompute/maxcompute.ts';
import { quoteName, sqlTableName } from '../maxcompute/wire.ts';
import { parseHeaders, parseOriginal } from './dead-letter.ts';
import type { StoredLetter } from './stored.ts';

export interface LetterQuery {
  readonly maxcompute: Pick<MaxCompute, 'runSql'>;
  readonly place: { readonly project: string; readonly schema: string | null; readonly table: string };
  /** Whose letters. */
  readonly pipeline: string;
  /** False: key, value and headers are null and empty, whatever they are. */
  readonly bytes: boolean;
}

/** Rows of one answer; a service gives 10,000 at most. */
const PAGE = 2_000;
/** Letters whose bytes are asked for together, and their length in base64. */
const LETTERS = 200;
const CHARS = 6_000_000;

/** What all parts of a letter tell, without its bytes. */
interface Head {
  readonly letter: StoredLetter;
  readonly id: string;
  readonly chars: number;
}

/** By id, each once. Costs a scan of the table for each 2,000 letters. */
export async function* tableLetters(query: LetterQuery): AsyncGenerator<StoredLetter> {
  for (let after = ''; ; ) {
    const heads = (await ask(query, headStatement(query, after))).map(headOf);
    for (const group of query.bytes ? groupsOf(distinct(heads)) : [distinct(heads)])
      yield* query.bytes ? withBytes(query, group) : group.map(({ letter }) => letter);
    const last = heads.at(-1);
    if (heads.length < PAGE || !last) return;
    after = last.id;
  }
}

const ask = async ({ maxcompute, place }: LetterQuery, statement: string): Promise<Field[][]> =>
  parseCsv(await maxcompute.runSql(statement, { schema: place.schema }));

/** In hexadecimal digits: nothing in them can be taken for the end of a field. */
const TEXTS = [
  'id',
  'topic',
  'stage',
  'code',
  'column_name',
  'message',
  'sample',
  'original',
  'batch',
] as const;
const NUMBERS = ['kafka_partition', 'kafka_offset', 'kafka_timestamp'] as const;

function headStatement({ place, pipeline }: LetterQuery, after: string): string {
  const chars = ['key', 'value'].map((name) => `COALESCE(LENGTH(BASE64(${quoteName(name)})), 0)`).join(' + ');
  const columns = [...TEXTS.map((name) => `HEX(${quoteName(name)})`), ...NUMBERS.map(quoteName), chars];
  const first = `${quoteName('part')} = 0 AND ${quoteName('pipeline')} = ${literal(pipeline)}`;
  return `SELECT ${named(columns)} FROM ${sqlTableName(place, place.table)} WHERE ${first} AND ${quoteName('id')} > ${literal(after)} ORDER BY ${quoteName('id')} LIMIT ${PAGE};`;
}

function headOf(row: Field[]): Head {
  const [id, topic, stage, code, column, message, sample, original, batch] = row
    .slice(0, TEXTS.length)
    .map((hex) => hex && textOf(hex));
  const [number, offset, timestamp, chars] = row.slice(TEXTS.length).map((one) => one && Number(one));
  const sealed = parseOriginal(original || null);
  const letter: StoredLetter = {
    ...{ topic: topic ?? '', partition: Number(number), offset: Number(offset) },
    ...{ timestamp: typeof timestamp === 'number' ? timestamp : null, key: null, value: null, headers: [] },
    ...{ stage: stage ?? '', code: code ?? '', column: column ?? null, message: message ?? '' },
    ...{ sample: sample ?? null, ...(sealed && { original: sealed }), ...(batch && { batch }) },
  };
  return { letter, id: id ?? '', chars: Number(chars) };
}

/** With at least once a letter may be there more than once. */
const distinct = (heads: readonly Head[]): Head[] => [...new Map(heads.map((one) => [one.id, one])).values()];

function* groupsOf(heads: readonly Head[]): Generator<Head[]> {
  let group: Head[] = [];
  let chars = 0;
  for (const head of heads) {
    if (group.length === LETTERS || (chars > 0 && chars + head.chars > CHARS)) {
      yield group;
      group = [];
      chars = 0;
    }
    group.push(head);
    chars += head.chars;
  }
  if (group.length > 0) yield group;
}

/** What stands in one row of the bytes of a letter. */
interface Part {
  readonly part: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: string;
}

async function* withBytes(query: LetterQuery, heads: readonly Head[]): AsyncGenerator<StoredLetter> {
  const parts = await partsOf(query, heads);
  for (const { id, letter } of heads) {
    const own = [...(parts.get(id)?.values() ?? [])].sort((a, b) => a.part - b.part);
    const headers = own.map((one) => one.headers).join('');
    yield {
      ...letter,
      ...{ key: joined(own.map(({ key }) => key)), value: joined(own.map(({ value }) => value)) },
      headers: headers === '' ? [] : parseHeaders(headers),
    };
  }
}

/** Null: the first part has none. */
const joined = ([first, ...more]: readonly (Buffer | null)[]): Buffer | null =>
  first ? Buffer.concat([first, ...more.flatMap((one) => one ?? [])]) : null;

async function partsOf(query: LetterQuery, heads: readonly Head[]): Promise<Map<string, Map<number, Part>>> {
  const found = new Map<string, Map<number, Part>>();
  const take = async (list: readonly Pick<Head, 'id'>[], part: number) => {
    for (const [id, ...fields] of await ask(query, partStatement(query, list, part)))
      note(found, textOf(id), part, fields);
  };
  await take(heads, 0);
  // Further parts are rare, and megabytes each: one at a time.
  for (const [id, part] of await ask(query, moreStatement(query, heads)))
    await take([{ id: textOf(id) }], Number(part));
  return found;
}

const textOf = (hex: Field | undefined): string => Buffer.from(hex ?? '', 'hex').toString('utf8');

function note(
  found: Map<string, Map<number, Part>>,
  id: string,
  part: number,
  [noKey, key, noValue, value, headers]: Field[],
): void {
  const bytes = (none: Field | undefined, text: Field | undefined) =>
    none === '1' ? null : Buffer.from(text ?? '', 'base64');
  const one = { part, key: bytes(noKey, key), value: bytes(noValue, value), headers: textOf(headers) };
  found.set(id, (found.get(id) ?? new Map<number, Part>()).set(part, one));
}

function partStatement(query: LetterQuery, heads: readonly Pick<Head, 'id'>[], part: number): string {
  const bytes = (name: string) => [
    `CASE WHEN ${quoteName(name)} IS NULL THEN 1 ELSE 0 END`,
    `BASE64(${quoteName(name)})`,
  ];
  const columns = [
    `HEX(${quoteName('id')})`,
    ...bytes('key'),
    ...bytes('value'),
    `HEX(${quoteName('headers')})`,
  ];
  return `${selectOf(query, columns, heads)} AND ${quoteName('part')} = ${part} LIMIT ${10 * LETTERS};`;
}

const moreStatement = (query: LetterQuery, heads: readonly Head[]): string =>
  `${selectOf(query, [`HEX(${quoteName('id')})`, quoteName('part')], heads)} AND ${quoteName('part')} > 0 LIMIT 10000;`;

function selectOf(
  { place, pipeline }: LetterQuery,
  columns: readonly string[],
  heads: readonly Pick<Head, 'id'>[],
): string {
  const ids = heads.map(({ id }) => literal(id)).join(', ');
  return `SELECT ${named(columns)} FROM ${sqlTableName(place, place.table)} WHERE ${quoteName('pipeline')} = ${literal(pipeline)} AND ${quoteName('id')} IN (${ids})`;
}

const named = (columns: readonly string[]): string =>
  columns.map((column, i) => `${column} AS c${i}`).join(', ');
const literal = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
