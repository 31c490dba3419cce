import { Cell, type Dirty, JSON_TEXT, NULL, STRING, TREE, type Tree } from '../../decode/cell/cell.ts';
import { createJsonDecoder } from '../../decode/json/json.ts';
import { jsonTree } from '../../decode/json/tree.ts';
import type { Coercion } from '../plan.ts';
import { type ColumnType, isNested, type NestedType, type ScalarType, typeText } from '../types.ts';
import { refused } from './coercion.ts';
import { type ColumnWriter, type Converter, dirty, wrongType } from './converter.ts';
import { KeyCapture } from './key-capture.ts';
import { type Entry, entriesOf } from './map-entries.ts';

/** A problem inside a nested value: `at` is the path from the column to it, `[3].price`. */
interface Placed extends Dirty {
  readonly at?: string;
}

/** Writes a value that is not NULL, without a tag. */
type Write = (cell: Cell, out: ColumnWriter) => Placed | null;

/** How the leaves of a nested column are converted. */
export interface LeafOptions {
  /** Begins the paths in messages. */
  readonly name: string;
  readonly coercion: Coercion;
  readonly leaf: (type: ScalarType) => Converter;
  /** Map keys: names of members are text, whatever the key's type. */
  readonly key: (type: ScalarType) => Converter;
}

/**
 * ARRAY, MAP and STRUCT from trees and JSON text. ARRAY takes an array; MAP an object (names become keys), or an
 * array of `{key, value}` or of `[key, value]`, the last of equal keys wins; STRUCT an object by field name
 * (exact, else in any case), what is missing is NULL and what is unknown is left out. A text that is JSON text
 * is taken for it unless strict. One dirty leaf makes the whole value dirty.
 */
export function nestedConverter(type: NestedType, options: LeafOptions): Converter {
  const write = nestedWriter(type, options);
  return (cell, out, column) => {
    out.open(column);
    const problem = write(cell, out);
    if (!problem) return null;
    out.undo();
    const { at = '', code, message } = problem;
    return dirty(code, at === '' ? message : `${options.name}${at}: ${message}`);
  };
}

function writerOf(type: ColumnType, options: LeafOptions): Write {
  if (isNested(type)) return nestedWriter(type, options);
  const convert = options.leaf(type);
  return (cell, out) => convert(cell, out, 0);
}

function nestedWriter(type: NestedType, options: LeafOptions): Write {
  const write = treeWriter(type, options);
  const text = typeText(type);
  return (cell, out) => {
    const tree = treeOf(cell, text, options.coercion);
    return 'code' in tree ? tree : write(tree, cell, out);
  };
}

/** `cell`: where the tree comes from, for messages. */
type WriteTree = (tree: Tree, cell: Cell, out: ColumnWriter) => Placed | null;

function treeWriter(type: NestedType, options: LeafOptions): WriteTree {
  switch (type.name) {
    case 'ARRAY':
      return arrayWriter(typeText(type), writerOf(type.element, options));
    case 'MAP':
      return mapWriter(typeText(type), options.key(type.key), writerOf(type.value, options));
    case 'STRUCT':
      return structWriter(
        typeText(type),
        type.fields.map((field) => ({ name: field.name, write: writerOf(field.type, options) })),
      );
  }
}

function writeItem(cell: Cell | undefined, write: Write, out: ColumnWriter): Placed | null {
  if (cell === undefined || cell.kind <= NULL) {
    out.flag(1);
    return null;
  }
  out.flag(0);
  return write(cell, out);
}

function placed(problem: Placed, step: string): Placed {
  return { ...problem, at: step + (problem.at ?? '') };
}

function arrayWriter(type: string, write: Write): WriteTree {
  return (tree, cell, out) => {
    if (!('items' in tree)) return wrongType(cell, type);
    out.count(tree.items.length);
    for (let i = 0; i < tree.items.length; i++) {
      const problem = writeItem(tree.items[i], write, out);
      if (problem) return placed(problem, `[${i}]`);
    }
    return null;
  };
}

interface Field {
  readonly name: string;
  readonly write: Write;
}

function structWriter(type: string, fields: readonly Field[]): WriteTree {
  const exact = new Map(fields.map(({ name }, i) => [name, i]));
  const anyCase = new Map(fields.map(({ name }, i) => [name.toLowerCase(), i]));
  return (tree, cell, out) => {
    if (!('members' in tree)) return wrongType(cell, type);
    const found: Cell[] = [];
    const isExact: boolean[] = [];
    for (const { name, value } of tree.members) {
      const own = exact.get(name);
      const index = own ?? anyCase.get(name.toLowerCase());
      if (index === undefined || (own === undefined && isExact[index])) continue;
      found[index] = value;
      isExact[index] = own !== undefined;
    }
    for (let i = 0; i < fields.length; i++) {
      const problem = writeItem(found[i], fields[i]!.write, out);
      if (problem) return placed(problem, `.${fields[i]!.name}`);
    }
    return null;
  };
}

const NULL_KEY = dirty('null_not_allowed', 'a key of a MAP is NULL');

function mapWriter(type: string, key: Converter, write: Write): WriteTree {
  const capture = new KeyCapture();
  return (tree, cell, out) => {
    const entries = entriesOf(tree);
    if (!entries) return wrongType(cell, type);
    const last = new Map<unknown, Entry>();
    for (const entry of entries) {
      const problem = entry.key.kind <= NULL ? NULL_KEY : key(entry.key, capture, 0);
      if (problem) return placed(problem, entry.step);
      last.set(capture.value, entry);
    }
    out.count(last.size);
    for (const entry of last.values()) {
      out.flag(0);
      key(entry.key, out, 0);
    }
    out.count(last.size);
    for (const entry of last.values()) {
      const problem = writeItem(entry.value, write, out);
      if (problem) return placed(problem, entry.step);
    }
    return null;
  };
}

const HALF_SURROGATE = dirty('invalid_utf8', 'a string in it escapes half a surrogate pair');

function treeOf(cell: Cell, type: string, coercion: Coercion): Tree | Dirty {
  switch (cell.kind) {
    case TREE:
      return cell.tree!;
    case JSON_TEXT:
      return jsonTree(cell.bytes, cell.start, cell.end)?.tree ?? HALF_SURROGATE;
    case STRING:
      return coercion === 'strict' ? refused(cell, type) : treeOfText(cell, type);
    default:
      return wrongType(cell, type);
  }
}

const json = createJsonDecoder([[]]);

/** In memory of its own: trees of texts inside this one are made while it is read. */
function treeOfText(text: Cell, type: string): Tree | Dirty {
  const length = text.end - text.start;
  const bytes = new Uint8Array(length + 1);
  bytes.set(text.bytes.subarray(text.start, text.end));
  const whole = new Cell();
  const problem = json.decode(bytes, 0, length, [whole]);
  if (problem?.code === 'too_deep') return problem;
  return problem || whole.kind !== JSON_TEXT ? wrongType(text, type) : treeOf(whole, type, 'strict');
}
