import { BYTES, type Cell, JSON_TEXT, type Member, NULL, NUMBER, STRING, TREE } from '../cell/cell.ts';
import type { Scratch } from '../cell/scratch.ts';
import type { Semantic } from '../cell/semantic.ts';
import { decimalText, setAscii, setTemporal, type Temporal } from '../cell/semantic-cell.ts';
import { treeJson } from '../cell/tree-json.ts';
import { cellText } from '../encoding/utf8.ts';
import { decodeBase64 } from './base64.ts';
import { jsonTree } from './tree.ts';
import type { JsonType } from './type.ts';

/**
 * Gives a cell of the JSON decoder the type that a schema says it has; nulls and missing ones stay. Bytes that
 * it makes up are in `scratch`.
 *
 * @returns null, or what is wrong with the value
 */
export function applyType(type: JsonType, cell: Cell, scratch: Scratch): string | null {
  if (cell.kind === JSON_TEXT) {
    const tree = jsonTree(cell.bytes, cell.start, cell.end);
    if (tree === null) return 'a string in it escapes half a surrogate pair';
    cell.setTree(tree.tree!);
  }
  return apply(type, cell, scratch);
}

function apply(type: JsonType, cell: Cell, scratch: Scratch): string | null {
  if (cell.kind <= NULL) return null;
  switch (type.kind) {
    case 'plain':
      return null;
    case 'float':
      return applyFloat(cell);
    case 'bytes':
      return applyBytes(cell, scratch);
    case 'semantic':
      return applySemantic(type.semantic, cell, scratch);
    default:
      return cell.kind === TREE ? applyNested(type, cell, scratch) : `it is no ${type.kind}`;
  }
}

type Container = Extract<JsonType, { kind: 'array' | 'struct' | 'map' | 'pairs' | 'entries' }>;
type MapAsItems = Extract<JsonType, { kind: 'pairs' | 'entries' }>;

function applyNested(type: Container, cell: Cell, scratch: Scratch): string | null {
  const tree = cell.tree!;
  switch (type.kind) {
    case 'pairs':
    case 'entries':
      return applyMap(type, cell, scratch);
    case 'array':
      if (!('items' in tree)) return NO_ARRAY;
      return firstProblem(tree.items, (item) => apply(type.items, item, scratch));
    default:
      if (!('members' in tree)) return 'it is no object';
      return firstProblem(tree.members, ({ name, value }) => {
        const inner = type.kind === 'map' ? type.values : type.fields.get(name)?.type;
        return inner === undefined ? null : apply(inner, value, scratch);
      });
  }
}

const NO_ARRAY = 'it is no array';

/** A map whose keys are no text, as items of key and value: its keys become text. */
function applyMap(type: MapAsItems, cell: Cell, scratch: Scratch): string | null {
  const tree = cell.tree!;
  if (!('items' in tree)) return NO_ARRAY;
  const members: Member[] = [];
  for (const item of tree.items) {
    const [key, value] =
      type.kind === 'pairs' ? pairOf(item) : [memberOf(item, 'key'), memberOf(item, 'value')];
    if (!key || !value) return 'an item of it is no key with a value';
    const problem = apply(type.keys, key, scratch) ?? apply(type.values, value, scratch);
    if (problem) return problem;
    members.push({ name: keyText(key), value });
  }
  cell.setTree({ members });
  return null;
}

function pairOf(item: Cell): readonly (Cell | null)[] {
  const items = item.kind === TREE && 'items' in item.tree! ? item.tree.items : [];
  return items.length === 2 ? items : [null, null];
}

/** The last member of this name; null when the cell is no object or has none. */
export function memberOf(cell: Cell, name: string): Cell | null {
  if (cell.kind !== TREE || !('members' in cell.tree!)) return null;
  return cell.tree.members.findLast((member) => member.name === name)?.value ?? null;
}

function keyText(key: Cell): string {
  const json = treeJson({ items: [key] }).slice(1, -1);
  return json.startsWith('"') ? JSON.parse(json) : json;
}

function firstProblem<T>(all: readonly T[], find: (one: T) => string | null): string | null {
  for (const one of all) {
    const problem = find(one);
    if (problem !== null) return problem;
  }
  return null;
}

const NO_NUMBERS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function applyFloat(cell: Cell): string | null {
  if (cell.kind !== STRING) return null;
  const text = cellText(cell);
  if (!Object.hasOwn(NO_NUMBERS, text)) return 'it is text, not a number';
  cell.setDouble(NO_NUMBERS[text]!);
  return null;
}

function applyBytes(cell: Cell, scratch: Scratch): string | null {
  if (cell.kind !== STRING) return 'it is not base64 text';
  const at = scratch.reserve(cell.end - cell.start);
  const end = decodeBase64(cell.bytes, cell.start, cell.end, scratch.bytes, at);
  if (end < 0) return 'it is not base64 text';
  cell.setBytes(BYTES, scratch.bytes, at, end);
  return null;
}

function applySemantic(semantic: Semantic, cell: Cell, scratch: Scratch): string | null {
  switch (semantic.kind) {
    case 'decimal':
      return cell.kind === NUMBER ? null : applyDecimal(semantic.scale, cell, scratch);
    case 'variable_decimal':
      return applyVariable(cell, scratch);
    default:
      return applyTemporal(semantic, cell);
  }
}

function applyDecimal(scale: number, cell: Cell, scratch: Scratch): string | null {
  const problem = applyBytes(cell, scratch);
  if (problem) return problem;
  const text = decimalText(cell.bytes.subarray(cell.start, cell.end), scale);
  if (text === null) return 'its bytes are no decimal';
  setAscii(cell, NUMBER, text, scratch);
  return null;
}

/** Debezium's decimal that brings its own scale. */
function applyVariable(cell: Cell, scratch: Scratch): string | null {
  if (cell.kind === NUMBER) return null;
  const scale = memberOf(cell, 'scale');
  const value = memberOf(cell, 'value');
  const digits = scale && integerOf(scale);
  if (!value || typeof digits !== 'number') return 'it has no scale and value';
  const problem = applyDecimal(digits, value, scratch);
  if (problem === null) cell.setBytes(NUMBER, value.bytes, value.start, value.end);
  return problem;
}

function applyTemporal(semantic: Temporal, cell: Cell): string | null {
  const value = integerOf(cell);
  if (value === null) return `it is no integer, so no ${semantic.kind}`;
  return setTemporal(cell, semantic, value) ? null : `${value} is no ${semantic.kind}`;
}

const INTEGER_TEXT = /^-?\d{1,40}$/;

function integerOf(cell: Cell): number | bigint | null {
  if (cell.kind !== NUMBER) return null;
  const text = cellText(cell);
  if (!INTEGER_TEXT.test(text)) return null;
  return text.length <= 15 ? Number(text) : BigInt(text);
}
