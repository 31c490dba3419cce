import { BOOLEAN, Cell, INTEGER, type Member } from '../cell/cell.ts';
import {
  type Cursor,
  countCells,
  enter,
  Malformed,
  NO_END_TAG,
  nextTag,
  readLength,
  skipField,
} from './cursor.ts';
import { type Meaning, meaningOf } from './known.ts';
import { type Fill, scalarFill } from './scalar.ts';
import { LENGTH, type ProtoField, type ProtoMessage, type ProtoScalar, tagOf, wireType } from './type.ts';

/** A message on its way to a TREE or to what its type means: it may come in several pieces, which are merged. */
export interface Draft {
  readonly plan: Plan;
  /** By the place of the field in the schema. */
  readonly values: Value[];
  /** Of each oneof, the place of the field that was read last. */
  readonly chosen: number[];
}

type Value = undefined | Cell | Draft | Cell[] | Map<string, Cell>;

/** Reads the value behind a tag into the draft. */
type Put = (draft: Draft, cursor: Cursor) => void;

interface Plan {
  readonly type: ProtoMessage;
  readonly puts: ReadonlyMap<number, Put>;
  readonly meaning: Meaning | null;
}

const plans = new WeakMap<ProtoMessage, Plan>();

/** Made once per type, when the first record needs it. A type may contain itself. */
function planOf(type: ProtoMessage): Plan {
  const known = plans.get(type);
  if (known !== undefined) return known;
  const puts = new Map<number, Put>();
  const plan: Plan = { type, puts, meaning: meaningOf(type.name) };
  plans.set(type, plan);
  type.fields.forEach((field, i) => {
    for (const [tag, put] of putsOf(field, i))
      puts.set(tag, field.oneof < 0 ? put : alone(put, field.oneof, i));
  });
  return plan;
}

/** A field of a oneof takes the place of the one before it. */
function alone(put: Put, oneof: number, place: number): Put {
  return (draft, cursor) => {
    const before = draft.chosen[oneof];
    if (before !== undefined && before !== place) draft.values[before] = undefined;
    draft.chosen[oneof] = place;
    put(draft, cursor);
  };
}

export function newDraft(type: ProtoMessage): Draft {
  return { plan: planOf(type), values: [], chosen: [] };
}

/** Adds the fields of a message that starts here; `endTag`: of its group, else it fills the bytes up to `end`. */
export function mergeDraft(draft: Draft, cursor: Cursor, endTag: number): void {
  const { puts, type } = draft.plan;
  let within = 0;
  try {
    for (let tag = nextTag(cursor, endTag); tag !== 0; tag = nextTag(cursor, endTag)) {
      within = tag;
      const put = puts.get(tag);
      if (put === undefined) skipField(cursor, tag);
      else put(draft, cursor);
      within = 0;
    }
  } catch (error) {
    throw inField(error, type, within);
  }
}

/** Notes in which field the fault is; tag 0: between two. */
export function inField(error: unknown, { fields }: ProtoMessage, tag: number): unknown {
  if (tag === 0 || !(error instanceof Malformed)) return error;
  const number = tag >>> 3;
  error.fields.unshift(fields.find((field) => field.number === number)?.name ?? `number ${number}`);
  return error;
}

function putsOf(field: ProtoField, place: number): [number, Put][] {
  const { type } = field;
  const tag = tagOf(field.number, wireType(field));
  if (type.kind === 'message') return [[tag, messagePut(field, type, place)]];
  const fill = scalarFill(type);
  if (!field.repeated) return [[tag, scalarPut(fill, place)]];
  const one = itemPut(fill, place);
  if ((tag & 7) === LENGTH) return [[tag, one]];
  return [
    [tag, one],
    [tagOf(field.number, LENGTH), packedPut(one)],
  ];
}

function scalarPut(fill: Fill, place: number): Put {
  return ({ values }, cursor) => {
    values[place] ??= newCell(cursor);
    fill(cursor, values[place] as Cell);
  };
}

function newCell(cursor: Cursor): Cell {
  countCells(cursor, 1);
  return new Cell();
}

function itemPut(fill: Fill, place: number): Put {
  return ({ values }, cursor) => {
    const cell = newCell(cursor);
    fill(cursor, cell);
    values[place] ??= [];
    (values[place] as Cell[]).push(cell);
  };
}

function packedPut(one: Put): Put {
  return (draft, cursor) => {
    const length = readLength(cursor);
    const outer = cursor.end;
    cursor.end = cursor.at + length;
    while (cursor.at < cursor.end) one(draft, cursor);
    cursor.end = outer;
  };
}

function messagePut(field: ProtoField, type: ProtoMessage, place: number): Put {
  const endTag = endTagOf(field);
  if (type.isEntry && field.repeated) return entryPut(type, place);
  if (!field.repeated)
    return ({ values }, cursor) => {
      values[place] ??= newDraft(type);
      readInto(values[place] as Draft, cursor, endTag);
    };
  return ({ values }, cursor) => {
    values[place] ??= [];
    (values[place] as Cell[]).push(readMessage(type, cursor, endTag));
  };
}

/** The tag that ends a field's message; {@link NO_END_TAG}: it stands behind its length. */
export function endTagOf(field: ProtoField): number {
  return field.group ? tagOf(field.number, wireType(field)) + 1 : NO_END_TAG;
}

function readInto(draft: Draft, cursor: Cursor, endTag: number): void {
  const outer = cursor.end;
  if (endTag === NO_END_TAG) {
    const length = readLength(cursor);
    cursor.end = cursor.at + length;
  }
  enter(cursor);
  mergeDraft(draft, cursor, endTag);
  cursor.depth--;
  cursor.end = outer;
}

/** One message of a repeated field: it is whole at once. */
export function readMessage(type: ProtoMessage, cursor: Cursor, endTag: number): Cell {
  const draft = newDraft(type);
  readInto(draft, cursor, endTag);
  return finishDraft(draft, cursor);
}

function entryPut(type: ProtoMessage, place: number): Put {
  const read = entryReader(type);
  return ({ values }, cursor) => {
    values[place] ??= new Map<string, Cell>();
    read(cursor, values[place] as Map<string, Cell>);
  };
}

/** Reads an entry of a map into the map; the last of equal keys wins. */
export function entryReader(type: ProtoMessage): (cursor: Cursor, into: Map<string, Cell>) => void {
  const key = type.fields.find(({ number }) => number === 1)!;
  const value = type.fields.find(({ number }) => number === 2)!;
  const fillKey = scalarFill(key.type as ProtoScalar);
  const [keyTag, valueTag] = [tagOf(1, wireType(key)), tagOf(2, wireType(value))];
  const read = entryValue(value);
  const name = new Cell();
  const zero = keyText(key.absent!);
  return (cursor, into) => {
    const outer = cursor.end;
    const length = readLength(cursor);
    cursor.end = cursor.at + length;
    enter(cursor);
    let found: Cell | Draft | null = null;
    // Text at once: the value may hold maps of the same type.
    let text = zero;
    for (let tag = nextTag(cursor, NO_END_TAG); tag !== 0; tag = nextTag(cursor, NO_END_TAG)) {
      if (tag === keyTag) {
        fillKey(cursor, name);
        text = keyText(name);
      } else if (tag === valueTag) found = read(cursor, found);
      else skipField(cursor, tag);
    }
    found ??= value.absent ?? newDraft(value.type as ProtoMessage);
    into.set(text, found instanceof Cell ? found : finishDraft(found, cursor));
    cursor.depth--;
    cursor.end = outer;
  };
}

/** Reads the value of an entry; `before`: what was read of it already, for a message in pieces. */
function entryValue({ type }: ProtoField): (cursor: Cursor, before: Cell | Draft | null) => Cell | Draft {
  if (type.kind === 'message')
    return (cursor, before) => {
      const draft = (before as Draft | null) ?? newDraft(type);
      readInto(draft, cursor, NO_END_TAG);
      return draft;
    };
  const fill = scalarFill(type);
  return (cursor) => {
    const cell = newCell(cursor);
    fill(cursor, cell);
    return cell;
  };
}

/** A string as it is, any other key as JSON would write it. */
export function keyText(key: Cell): string {
  if (key.kind === BOOLEAN) return key.num === 1 ? 'true' : 'false';
  if (key.kind === INTEGER) return String(key.safe ? key.num : key.big);
  return Buffer.from(key.bytes.buffer, key.bytes.byteOffset + key.start, key.end - key.start).toString(
    'utf8',
  );
}

export function finishDraft(draft: Draft, cursor: Cursor): Cell {
  const { type, meaning } = draft.plan;
  countCells(cursor, 1);
  if (meaning === null) return wholeMessage(draft, cursor);
  const placeOf = (number: number) => type.fields.findIndex((field) => field.number === number);
  const value = (number: number) => valueCell(draft, placeOf(number), cursor);
  return meaning(value) ?? wholeMessage(draft, cursor);
}

function wholeMessage(draft: Draft, cursor: Cursor): Cell {
  const { fields } = draft.plan.type;
  countCells(cursor, fields.length);
  const members: Member[] = [];
  for (let i = 0; i < fields.length; i++) {
    const value = valueCell(draft, i, cursor);
    if (value !== null) members.push({ name: fields[i]!.name, value });
  }
  const cell = new Cell();
  cell.setTree({ members });
  return cell;
}

/** What is to be shown of a field; null: it is missing. */
function valueCell({ plan, values }: Draft, place: number, cursor: Cursor): Cell | null {
  const value = values[place];
  if (value === undefined) return plan.type.fields[place]?.absent ?? null;
  if (value instanceof Cell) return value;
  const cell = new Cell();
  if (Array.isArray(value)) cell.setTree({ items: value });
  else if (value instanceof Map) cell.setTree(mapTree(value));
  else return finishDraft(value, cursor);
  return cell;
}

export function mapTree(entries: ReadonlyMap<string, Cell>): { members: Member[] } {
  return { members: [...entries].map(([name, value]) => ({ name, value })) };
}
