import { Cell, type Member } from '../cell/cell.ts';
import type { Scratch } from '../cell/scratch.ts';
import { type Cursor, enter, Malformed, readBlocks, readIndex } from './cursor.ts';
import { type Fill, fillString, scalarFill } from './scalar.ts';
import { type AvroType, minBytes, perType } from './type.ts';

/**
 * Fills a cell with any value: a record, array or map becomes a TREE, a union what its branch has (without the
 * branch's name). The cells of the tree are its own; they hold as long as the one above.
 */
export function createFills(scratch: Scratch): (type: AvroType) => Fill {
  const of: (type: AvroType) => Fill = perType<[Cursor, Cell]>(
    (type) => scalarFill(type, scratch) ?? containerFill(type),
  );

  function containerFill(type: AvroType): Fill {
    switch (type.kind) {
      case 'array':
        return arrayFill(of(type.items), minBytes(type.items));
      case 'map':
        return mapFill(of(type.values), 1 + minBytes(type.values));
      case 'union': {
        const branches = type.branches.map(of);
        return (cursor, cell) => branches[readIndex(cursor, branches.length)]!(cursor, cell);
      }
      case 'record':
        return recordFill(type.fields.map(({ name, type }) => ({ name, fill: of(type) })));
      default:
        throw new Error(`a value of type ${type.kind} has no inner values`);
    }
  }

  return of;
}

/** Records without bytes may hold others, and those others: the wire does not bound how many. */
function newCell(cursor: Cursor): Cell {
  if (cursor.cells-- > 0) return new Cell();
  throw new Malformed('a mapped value has far more inner values than bytes', 'too_long');
}

function filled(cursor: Cursor, fill: Fill): Cell {
  const cell = newCell(cursor);
  fill(cursor, cell);
  return cell;
}

function recordFill(fields: readonly { readonly name: string; readonly fill: Fill }[]): Fill {
  return (cursor, cell) => {
    enter(cursor);
    cell.setTree({ members: fields.map(({ name, fill }) => ({ name, value: filled(cursor, fill) })) });
    cursor.depth--;
  };
}

function arrayFill(item: Fill, itemBytes: number): Fill {
  return (cursor, cell) => {
    const items: Cell[] = [];
    readBlocks(cursor, itemBytes, () => items.push(filled(cursor, item)));
    cell.setTree({ items });
  };
}

function mapFill(value: Fill, entryBytes: number): Fill {
  const key = new Cell();
  return (cursor, cell) => {
    const members: Member[] = [];
    readBlocks(cursor, entryBytes, () => {
      fillString(cursor, key);
      const name = Buffer.from(key.bytes.buffer, key.bytes.byteOffset + key.start, key.end - key.start);
      members.push({ name: name.toString('utf8'), value: filled(cursor, value) });
    });
    cell.setTree({ members });
  };
}
