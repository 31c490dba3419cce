import { LIMITS } from '../../limits.ts';
import { BOOLEAN, type Cell, type Dirty, JSON_TEXT, MISSING, NULL, STRING } from '../cell/cell.ts';
import type { Decoder, DecoderSpec } from '../decoder.ts';
import { findElements } from '../json/elements.ts';
import { OPEN_ARRAY, OPEN_OBJECT } from '../json/text.ts';
import type { Path } from '../path/path.ts';
import { createInnerCells, type InnerCells } from './inner-cells.ts';
import { overlay } from './overlay.ts';
import { fillSourceTime, type TimeCell } from './source-time.ts';
import { type EnvelopeWord, fillWord, type Operation, wordOf } from './words.ts';

/**
 * Canal's flat messages: `{database, table, type, es, data: [{...}], old: [{...}] ...}`. Each element of `data` is
 * a row: as it is now, or for a DELETE as it was. `old[i]` has the former values of the fields that an UPDATE
 * changed. The message is decoded once, then each row by itself when it is asked for.
 */
export function createCanalDecoder(spec: DecoderSpec, create: (spec: DecoderSpec) => Decoder): Decoder {
  const [message, row, former] = [createInnerCells(), createInnerCells(), createInnerCells()];
  const own = {
    type: message.own(['type']),
    isDdl: message.own(['isDdl']),
    data: message.own(['data']),
    old: message.own(['old']),
  };
  const layout = layOut(spec.paths, { message, row, former });
  const { unmapped: _, ...plain } = spec;
  const decoderOf = ({ paths }: InnerCells) => create({ ...plain, envelope: 'none', paths });
  const rows = create({ ...spec, envelope: 'none', paths: row.paths });
  const [messages, formers] = [decoderOf(message), decoderOf(former)];
  /** Start and end of each row, and of its former values. */
  const data: number[] = [];
  const old: number[] = [];
  let operation: Operation = 'insert';

  function fillRow(index: number, cells: readonly Cell[]): Dirty | null {
    const at = 2 * index;
    if (own.data.bytes[data[at]!] !== OPEN_OBJECT) return NO_OBJECT;
    const problem = rows.decode(own.data.bytes, data[at]!, data[at + 1]!, row.bind(cells));
    if (problem) return inElement('data', index, problem);
    if (operation === 'insert') clear(layout.before, cells);
    if (operation === 'delete') clear(layout.after, cells);
    for (const { word, slot } of layout.words) fillWord(word, cells[slot]!, operation, index);
    return operation === 'update' && layout.formers.length > 0 ? fillFormer(index, cells) : null;
  }

  /** Former values in the place of those that changed. */
  function fillFormer(index: number, cells: readonly Cell[]): Dirty | null {
    const at = 2 * index;
    // Null where nothing changed.
    if (at >= old.length || own.old.bytes[old[at]!] !== OPEN_OBJECT) return null;
    const problem = formers.decode(own.old.bytes, old[at]!, old[at + 1]!, former.bind(cells));
    if (problem) return inElement('old', index, problem);
    for (const { cell, slot, whole } of layout.formers) {
      if (cell.kind <= (whole ? NULL : MISSING)) continue;
      if (whole) {
        if (!overlay(cells[slot]!, cell)) return HALF_SURROGATE;
      } else cells[slot]!.copy(cell);
    }
    return null;
  }

  return {
    ...(messages.beginChunk && { beginChunk: messages.beginChunk }),
    ...(rows.unmappedFields && { unmappedFields: rows.unmappedFields }),
    rows: () => data.length / 2,
    decode(bytes, start, end, cells) {
      const problem = messages.decode(bytes, start, end, message.bind(cells));
      if (problem) return problem;
      const found = operationOf(own.type, own.isDdl, own.data);
      if (typeof found !== 'string') return found;
      operation = found;
      if (!findElements(own.data.bytes, own.data.start, data, LIMITS.rowsPerRecord)) return TOO_MANY;
      if (data.length === 0) return NO_DATA;
      old.length = 0;
      if (isArray(own.old)) findElements(own.old.bytes, own.old.start, old, LIMITS.rowsPerRecord);
      for (const slot of layout.timeSlots) if (!fillSourceTime(layout.times, cells[slot]!)) return BAD_TIME;
      return fillRow(0, cells);
    },
    select: fillRow,
  };
}

interface Layout {
  readonly before: number[];
  readonly after: number[];
  /** Cells of former values, and the caller's that they belong into; `whole`: all fields of the row. */
  readonly formers: { readonly slot: number; readonly cell: Cell; readonly whole: boolean }[];
  readonly words: { readonly slot: number; readonly word: EnvelopeWord }[];
  readonly timeSlots: number[];
  readonly times: TimeCell[];
}

function layOut(
  paths: readonly Path[],
  { message, row, former }: Record<'message' | 'row' | 'former', InnerCells>,
): Layout {
  const layout: Layout = { before: [], after: [], formers: [], words: [], timeSlots: [], times: [] };
  paths.forEach((path, slot) => {
    const word = wordOf(path);
    const [, ...rest] = path;
    if (path.length === 0) message.direct(path, slot);
    else if (word === '__source__') message.direct(rest, slot);
    else if (word === '__source_time__') layout.timeSlots.push(slot);
    else if (word === null) row.direct(path, slot);
    else if (word === '__before__' || word === '__after__') {
      row.direct(rest, slot);
      layout[word === '__before__' ? 'before' : 'after'].push(slot);
      if (word === '__before__')
        layout.formers.push({ slot, cell: former.own(rest), whole: rest.length === 0 });
    } else layout.words.push({ slot, word });
  });
  if (layout.timeSlots.length > 0) layout.times.push({ cell: message.own(['es']), perSecond: 1e3 });
  return layout;
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  ['INSERT', 'insert'],
  ['UPDATE', 'update'],
  ['DELETE', 'delete'],
]);

const NO_TYPE: Dirty = {
  code: 'not_an_envelope',
  message: 'the value has no type, so it is no flat message of Canal',
};
const BAD_DATA: Dirty = { code: 'not_an_envelope', message: 'data is no array' };
const BAD_TIME: Dirty = { code: 'not_an_envelope', message: 'es is no whole number' };
const NO_OBJECT: Dirty = { code: 'not_an_envelope', message: 'an element of data is no object' };
const HALF_SURROGATE: Dirty = {
  code: 'invalid_utf8',
  message: 'a string in data or old escapes half a surrogate pair',
};
const TOO_MANY: Dirty = {
  code: 'row_too_large',
  message: `data has more than ${LIMITS.rowsPerRecord} rows`,
};
const NO_DATA: Dirty = { code: 'no_row', message: 'the message has no rows in data' };

function operationOf(type: Cell, isDdl: Cell, data: Cell): Operation | Dirty {
  if (type.kind !== STRING) return NO_TYPE;
  const text = Buffer.from(type.bytes.subarray(type.start, type.end)).toString('utf8', 0, MOST_TYPE);
  const operation = OPERATIONS.get(text);
  const ddl = isDdl.kind === BOOLEAN && isDdl.num === 1;
  if (ddl || operation === undefined)
    return { code: 'no_row', message: `type ${JSON.stringify(text)} changes no rows of the table` };
  if (data.kind <= NULL) return NO_DATA;
  return isArray(data) ? operation : BAD_DATA;
}

/** Bytes of a type that are looked at and shown. */
const MOST_TYPE = 20;

const isArray = (cell: Cell): boolean => cell.kind === JSON_TEXT && cell.bytes[cell.start] === OPEN_ARRAY;

function clear(slots: readonly number[], cells: readonly Cell[]): void {
  for (const slot of slots) cells[slot]!.kind = MISSING;
}

function inElement(member: string, index: number, problem: Dirty): Dirty {
  return { ...problem, message: `in ${member}[${index}]: ${problem.message}` };
}
