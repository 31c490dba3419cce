import { LIMITS } from '../../limits.ts';
import {
  BOOLEAN,
  BYTES,
  type Cell,
  DAY,
  DOUBLE,
  INSTANT,
  INTEGER,
  JSON_TEXT,
  LOCAL,
  type Member,
  MISSING,
  NULL,
  NUMBER,
  STRING,
  TIME,
  TREE,
  type Tree,
} from './cell.ts';
import { formatDay, formatIso, formatTime } from './iso-text.ts';
import { textNumber } from './shortest-float.ts';

/**
 * A tree as canonical JSON text, for STRING and JSON columns: numbers with all their digits, bytes in base64,
 * times as ISO 8601 strings, NaN and infinities as strings. Missing members are left out; of several equal
 * names the last one stays.
 *
 * @param limit characters; the text ends, incomplete, soon behind them: then it is too long for any column
 */
export function treeJson(tree: Tree, limit: number = LIMITS.maxFieldBytes): string {
  let text = '';

  function write(cell: Cell): void {
    if (cell.kind === TREE) writeTree(cell.tree!);
    else text += scalarJson(cell);
  }

  function writeTree(from: Tree): void {
    if ('items' in from) writeItems(from.items);
    else writeMembers(from.members);
  }

  function writeItems(items: readonly Cell[]): void {
    text += '[';
    for (let i = 0; i < items.length && text.length <= limit; i++) {
      if (i > 0) text += ',';
      write(items[i]!);
    }
    text += ']';
  }

  function writeMembers(members: readonly Member[]): void {
    text += '{';
    let separator = '';
    for (const { name, value } of lastOfEach(members)) {
      if (text.length > limit) break;
      if (value.kind === MISSING) continue;
      text += `${separator}${JSON.stringify(name)}:`;
      separator = ',';
      write(value);
    }
    text += '}';
  }

  writeTree(tree);
  return text;
}

/** The members whose name does not come again. */
function lastOfEach(members: readonly Member[]): readonly Member[] {
  const last = new Map<string, Member>();
  for (const member of members) last.set(member.name, member);
  return last.size === members.length
    ? members
    : members.filter((member) => last.get(member.name) === member);
}

function scalarJson(cell: Cell): string {
  switch (cell.kind) {
    case MISSING:
    case NULL:
      return 'null';
    case BOOLEAN:
      return cell.num === 1 ? 'true' : 'false';
    case INTEGER:
      return String(cell.safe ? cell.num : cell.big);
    case DOUBLE:
      return doubleJson(textNumber(cell));
    case NUMBER:
    case JSON_TEXT:
      return text(cell, 'utf8');
    case STRING:
      return JSON.stringify(text(cell, 'utf8'));
    case BYTES:
      return `"${text(cell, 'base64')}"`;
    default:
      return `"${timeText(cell)}"`;
  }
}

function text({ bytes, start, end }: Cell, encoding: BufferEncoding): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString(encoding);
}

function doubleJson(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** ISO 8601 of an INSTANT (with Z), LOCAL, DAY or TIME cell. */
export function timeText(cell: Cell): string {
  switch (cell.kind) {
    case INSTANT:
      return `${formatIso(cell.num, cell.nanos)}Z`;
    case LOCAL:
      return formatIso(cell.num, cell.nanos);
    case DAY:
      return formatDay(cell.num);
    case TIME:
      return formatTime(cell.num, cell.nanos);
    default:
      throw new Error(`cell kind ${cell.kind} is no time`);
  }
}
