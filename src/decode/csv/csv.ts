import { SinkError } from '../../errors.ts';
import { type Cell, type Dirty, MISSING, NULL, STRING } from '../cell/cell.ts';
import { Scratch } from '../cell/scratch.ts';
import type { Decoder } from '../decoder.ts';
import { createUtf8Check } from '../encoding/utf8.ts';
import type { Path } from '../path/path.ts';
import { createSchemaFields, type SchemaFields } from '../path/schema-fields.ts';
import { REST, type UnmappedSpec } from '../path/unmapped.ts';
import { CSV_DEFAULTS, type CsvOptions, csvField } from './options.ts';

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** In place of a quote or an escape that there is none of: no byte equals it. */
const NO_BYTE = -1;
const NO_SLOTS: readonly number[] = [];

/**
 * Delimited text, one record per value (RFC 4180 without a header). One pass over the bytes: unquoted
 * fields, and quoted ones without an escape, stay where they are. Line ends may stand between quotes and at
 * the end of the value, which belong to no field. Missing fields at the end are MISSING.
 */
export function createCsvDecoder(
  paths: readonly Path[],
  options: CsvOptions = CSV_DEFAULTS,
  ignoreCase = false,
  unmapped: UnmappedSpec | null = null,
): Decoder {
  const slots = slotsByField(paths, options, ignoreCase);
  const others = unmapped && createSchemaFields(paths, unmapped);
  if (others) addOthers(others, slots, options);
  const kept = others?.keeps ? others : null;
  const most = options.fields?.length ?? Number.POSITIVE_INFINITY;
  const delimiter = new Uint8Array(Buffer.from(options.delimiter));
  const quote = options.quote?.charCodeAt(0) ?? NO_BYTE;
  const escaping = options.escape?.charCodeAt(0) ?? quote;
  const nullText = options.nullText === null ? null : new Uint8Array(Buffer.from(options.nullText));
  const ends = endsOfPlain(delimiter[0]!);
  const utf8 = createUtf8Check();
  const scratch = new Scratch();
  /** What is wrong, and where, when a read function returned -1. */
  let problem = '';
  let problemAt = 0;

  const refuse = (what: string, at: number): number => {
    problem = what;
    problemAt = at;
    return -1;
  };

  /** Each read function returns where the field ends: at a delimiter or at `stop`. */
  function readPlain(
    bytes: Uint8Array,
    at: number,
    stop: number,
    own: readonly number[],
    cells: readonly Cell[],
  ) {
    let to = at;
    while (to < stop) {
      if (ends[bytes[to]!] === 0) to++;
      else if (startsWith(bytes, to, stop, delimiter)) break;
      else if (bytes[to] === NEWLINE || bytes[to] === RETURN) return refuse('a second line begins', to);
      else to++;
    }
    const isNull = nullText !== null && to - at === nullText.length && startsWith(bytes, at, to, nullText);
    for (let i = 0; i < own.length; i++) {
      const cell = cells[own[i]!]!;
      if (isNull) cell.kind = NULL;
      else cell.setBytes(STRING, bytes, at, to);
    }
    return to;
  }

  function readQuoted(
    bytes: Uint8Array,
    at: number,
    stop: number,
    own: readonly number[],
    cells: readonly Cell[],
  ) {
    let to = at + 1;
    let escapes = 0;
    for (;;) {
      while (to < stop && bytes[to] !== quote && bytes[to] !== escaping) to++;
      const escaped =
        to + 1 < stop && bytes[to] === escaping && (escaping !== quote || bytes[to + 1] === quote);
      if (!escaped) break;
      escapes++;
      to += 2;
    }
    if (to >= stop || bytes[to] !== quote) return refuse('the quote is not closed', at);
    if (to + 1 < stop && !startsWith(bytes, to + 1, stop, delimiter))
      return refuse('text follows the closing quote', to + 1);
    if (own.length > 0) setQuoted(bytes, at + 1, to, escapes, own, cells);
    return to + 1;
  }

  function setQuoted(
    bytes: Uint8Array,
    start: number,
    end: number,
    escapes: number,
    own: readonly number[],
    cells: readonly Cell[],
  ): void {
    const length = end - start - escapes;
    const at = escapes === 0 ? start : scratch.reserve(length);
    const target = escapes === 0 ? bytes : scratch.bytes;
    if (escapes > 0) unquote(bytes, start, end, target, at);
    for (let i = 0; i < own.length; i++) cells[own[i]!]!.setBytes(STRING, target, at, at + length);
  }

  function unquote(bytes: Uint8Array, start: number, end: number, out: Uint8Array, outAt: number): void {
    for (let from = start; from < end; from++) {
      if (bytes[from] === escaping) from++;
      out[outAt++] = bytes[from]!;
    }
  }

  return {
    beginChunk: utf8.beginChunk,
    ...(others && { unmappedFields: () => others.take() }),
    decode(bytes, start, end, own) {
      if (!utf8.valid(bytes, start, end)) return NOT_UTF8;
      const cells = kept === null ? own : kept.bind(own);
      for (let i = 0; i < cells.length; i++) cells[i]!.kind = MISSING;
      scratch.reset();
      const stop = lineEnd(bytes, start, end);
      let at = start;
      for (let field = 0; ; field++) {
        const takers = slots[field] ?? NO_SLOTS;
        if (field === most) return tooMany(options, at - start);
        const read = at < stop && bytes[at] === quote ? readQuoted : readPlain;
        const to = read(bytes, at, stop, takers, cells);
        if (to < 0) return faultIn(options, field, problem, problemAt - start, end - start);
        if (to === stop) return kept === null ? null : kept.finish(own);
        at = to + delimiter.length;
      }
    },
  };
}

const NOT_UTF8: Dirty = { code: 'invalid_utf8', message: 'the delimited text is not valid UTF-8' };

/** Cells by the number of their field. */
function slotsByField(paths: readonly Path[], options: CsvOptions, ignoreCase: boolean): number[][] {
  const slots: number[][] = [];
  paths.forEach((path, slot) => {
    if (path[0] === REST) return;
    const field = csvField(path, options, ignoreCase);
    if (typeof field !== 'number')
      throw new SinkError('config_invalid', `${path.join('.')}: ${field.problem}`);
    slots[field] = [...(slots[field] ?? []), slot];
  });
  return slots;
}

/** Fields that have names and no path. */
function addOthers(others: SchemaFields, slots: number[][], { fields }: CsvOptions): void {
  fields?.forEach((name, field) => {
    if (slots[field] !== undefined) return;
    const slot = others.add(0, { name, kind: 'text' });
    if (slot !== null) slots[field] = [slot];
  });
}

/** 1 for the bytes that may end an unquoted field. */
function endsOfPlain(delimiter: number): Uint8Array {
  const ends = new Uint8Array(256);
  for (const byte of [delimiter, NEWLINE, RETURN]) ends[byte] = 1;
  return ends;
}

function startsWith(bytes: Uint8Array, at: number, end: number, wanted: Uint8Array): boolean {
  if (at + wanted.length > end) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Where the record ends that may have a line end behind it. */
function lineEnd(bytes: Uint8Array, start: number, end: number): number {
  let stop = end;
  if (stop > start && bytes[stop - 1] === NEWLINE) stop--;
  if (stop > start && bytes[stop - 1] === RETURN) stop--;
  return stop;
}

function faultIn(options: CsvOptions, field: number, what: string, at: number, length: number): Dirty {
  const name = options.fields?.[field];
  const where = name === undefined ? `[${field}]` : `[${field}] (${name})`;
  return { code: 'invalid_csv', message: `field ${where}: ${what} at byte ${at + 1} of ${length}` };
}

function tooMany({ fields }: CsvOptions, at: number): Dirty {
  const message = `field [${fields!.length}] at byte ${at + 1} is one more than csv.fields names`;
  return { code: 'invalid_csv', message };
}
