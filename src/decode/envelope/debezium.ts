import { Cell, type Dirty, JSON_TEXT, NULL, STRING, TREE } from '../cell/cell.ts';
import type { Decoder, DecoderSpec } from '../decoder.ts';
import { OPEN_OBJECT } from '../json/text.ts';
import type { Path } from '../path/path.ts';
import { REST, unmappedBelow } from '../path/unmapped.ts';
import { createConnectDecoder } from './connect.ts';
import { createInnerCells, type InnerCells } from './inner-cells.ts';
import { fillSourceTime, type TimeCell } from './source-time.ts';
import { type EnvelopeWord, fillWord, type Operation, wordOf } from './words.ts';

/**
 * Debezium's change events, `{before, after, source, op, ts_ms ...}` in any format with fields. A field is that
 * of `after`, and after a deletion that of `before` (Postgres without REPLICA IDENTITY FULL leaves there only the
 * key). Both are decoded straight into place; only deletions copy cells.
 */
export function createDebeziumDecoder(spec: DecoderSpec, create: (spec: DecoderSpec) => Decoder): Decoder {
  const inner = createInnerCells();
  const op = inner.own(['op']);
  const layout = layOut(spec.paths, inner);
  const events: DecoderSpec = {
    ...{ ...spec, envelope: 'none', paths: inner.paths },
    ...unmappedBelow(spec.unmapped, ['after'], ['before']),
  };
  // JSON comes with its schema, or without.
  const decoder =
    spec.format === 'json' ? createConnectDecoder(events, create, { optional: true }) : create(events);

  const hasAfter = spec.format === 'json' ? createAfterTest(spec, create) : () => true;

  function finish(cells: readonly Cell[], operation: Operation): Dirty | null {
    if (operation === 'delete') for (const { slot, before } of layout.images) cells[slot]!.copy(before);
    for (const { word, slot } of layout.words) fillWord(word, cells[slot]!, operation, 0);
    for (const slot of layout.timeSlots) if (!fillSourceTime(layout.times, cells[slot]!)) return BAD_TIME;
    return null;
  }

  return {
    ...decoder,
    decode(bytes, start, end, cells) {
      const problem = decoder.decode(bytes, start, end, inner.bind(cells));
      if (problem) return problem;
      const operation = operationOf(op);
      if (typeof operation !== 'string') return operation;
      // Looked for only where no field of the row is there; formats with schemas have an object or null.
      if (operation !== 'delete' && isEmpty(layout.images, cells) && !hasAfter(bytes, start, end))
        return NO_AFTER;
      return finish(cells, operation);
    },
  };
}

function isEmpty(images: Layout['images'], cells: readonly Cell[]): boolean {
  for (let i = 0; i < images.length; i++) if (cells[images[i]!.slot]!.kind > NULL) return false;
  return images.length > 0;
}

/** Whether an event in JSON has an object in `after`. */
function createAfterTest(spec: DecoderSpec, create: (spec: DecoderSpec) => Decoder) {
  const { unmapped: _, ...plain } = spec;
  const wanted: DecoderSpec = { ...plain, envelope: 'none', paths: [['after']] };
  const decoder = createConnectDecoder(wanted, create, { optional: true });
  const after = new Cell();
  return (bytes: Uint8Array, start: number, end: number): boolean => {
    if (decoder.decode(bytes, start, end, [after])) return false;
    const { kind, tree } = after;
    return kind === JSON_TEXT
      ? after.bytes[after.start] === OPEN_OBJECT
      : kind === TREE && 'members' in tree!;
  };
}

interface Layout {
  /** Fields of the row: the caller's cell, filled from `after`, and what `before` says. */
  readonly images: { readonly slot: number; readonly before: Cell }[];
  readonly words: { readonly slot: number; readonly word: EnvelopeWord }[];
  readonly timeSlots: number[];
  /** Finest first. */
  readonly times: readonly TimeCell[];
}

const MEMBERS: Readonly<Partial<Record<EnvelopeWord, string>>> = {
  __before__: 'before',
  __after__: 'after',
  __source__: 'source',
};

function layOut(paths: readonly Path[], inner: InnerCells): Layout {
  const layout: Layout & { times: TimeCell[] } = { images: [], words: [], timeSlots: [], times: [] };
  paths.forEach((path, slot) => {
    const word = wordOf(path);
    const member = word === null ? undefined : MEMBERS[word];
    if (path.length === 0 || path[0] === REST) inner.direct(path, slot);
    else if (member !== undefined) inner.direct([member, ...path.slice(1)], slot);
    else if (word === '__source_time__') layout.timeSlots.push(slot);
    else if (word !== null) layout.words.push({ slot, word });
    else {
      inner.direct(['after', ...path], slot);
      layout.images.push({ slot, before: inner.own(['before', ...path]) });
    }
  });
  if (layout.timeSlots.length > 0)
    for (const [name, perSecond] of TIMES)
      layout.times.push({ cell: inner.own(['source', name]), perSecond });
  return layout;
}

const TIMES = [
  ['ts_ns', 1e9],
  ['ts_us', 1e6],
  ['ts_ms', 1e3],
] as const;

const OPERATIONS: Readonly<Record<string, Operation | Dirty>> = {
  c: 'insert',
  r: 'read',
  u: 'update',
  d: 'delete',
  t: { code: 'no_row', message: 'op t: the table was truncated' },
  m: { code: 'no_row', message: 'op m: a message of the database, which is of no table' },
};

const NO_OP: Dirty = {
  code: 'not_an_envelope',
  message: 'the value has no op, so it is no change event of Debezium; flattened records need no envelope',
};
const UNKNOWN_OP: Dirty = { code: 'not_an_envelope', message: 'op is none of c, r, u, d, t and m' };
const NO_AFTER: Dirty = {
  code: 'not_an_envelope',
  message: 'after is no object, and only a deletion has no row there',
};
const BAD_TIME: Dirty = {
  code: 'not_an_envelope',
  message: 'the time in source is no whole number',
};

function operationOf(op: Cell): Operation | Dirty {
  if (op.kind <= NULL) return NO_OP;
  if (op.kind !== STRING || op.end !== op.start + 1) return UNKNOWN_OP;
  return OPERATIONS[String.fromCharCode(op.bytes[op.start]!)] ?? UNKNOWN_OP;
}
