import type { ColumnDefinition } from '../model/catalog.ts';
import type { Cell } from '../record/cells.ts';
import { type Database, isOutOfMemory } from './database.ts';
import type { Connection, DuckDBDataChunk } from './duckdb.ts';
import { fromDuck } from './duckdb-cells.ts';
import { STAGING } from './duckdb-sql.ts';
import type { ReadPlan, Rows } from './store.ts';

/** Rows in a table of their own, or the first of a table's. */
interface Kept {
  readonly columns: readonly ColumnDefinition[];
  /** One for each column. */
  readonly expressions: readonly string[];
  readonly count: number;
  readonly from: () => string;
  release(): Promise<void>;
}

/**
 * DuckDB reads whole vectors of 2048 rows, more than it has memory for when values are large; of a query for
 * so few it reads the rows themselves (its late materialization).
 */
const FEW = 50;

/** Reads them in pieces, on a connection of each read's own. */
export function createRows(database: Database, kept: Kept): Rows {
  let released = false;
  let reading = 0;
  const opened = database.opened();

  async function* read(plan: ReadPlan): AsyncGenerator<readonly (readonly Cell[])[]> {
    if (released) throw new Error('these rows were released');
    const places = placesOf(kept.columns, plan.columns);
    const count = Math.min(plan.count, kept.count - plan.start);
    if (count <= 0 || !places.length) return;
    const list = places.map((place) => kept.expressions[place]).join(', ');
    const readers = places.map((place) => fromDuck(database.api, kept.columns[place]!.type));
    const connection = await database.connect();
    let leave: (() => Promise<void>) | undefined;
    reading += 1;
    try {
      let given = 0;
      let piece = count;
      while (given < count) {
        const before = given;
        try {
          const wanted = Math.min(piece, count - given);
          for await (const rows of cellsOf(
            await open(connection, list, plan.start + given, wanted),
            readers,
          )) {
            given += rows.length;
            yield rows;
          }
          if (given === before) return;
        } catch (error) {
          if (leave || !isOutOfMemory(error)) throw error;
          if (piece === FEW) leave = await database.room();
          piece = FEW;
        }
      }
    } finally {
      connection.close();
      await leave?.();
      reading -= 1;
      if (released && reading === 0) await kept.release();
    }
  }

  /** A change that would move the rows elsewhere waits until the query has begun. */
  function open(connection: Connection, list: string, start: number, count: number) {
    return database.exclusive(() => {
      const from = kept.from();
      if (from.startsWith(STAGING) && opened !== database.opened())
        throw new Error('these rows were lost: the database had to be opened again');
      return connection.chunks(`SELECT ${list} FROM ${from} LIMIT ${count} OFFSET ${start}`);
    });
  }

  /** Whoever reads them has them to the end. */
  async function release(): Promise<void> {
    if (released) return;
    released = true;
    if (reading === 0) await kept.release();
  }

  return { columns: kept.columns, count: kept.count, read, release };
}

/** What is read ahead of a client, about. */
const PIECE_BYTES = 1024 * 1024;

/** Of what a value holds besides itself. */
function sizeOf(cell: Cell): number {
  if (typeof cell === 'string' || cell instanceof Uint8Array) return cell.length;
  return Array.isArray(cell) ? cell.reduce((sum: number, one) => sum + 8 + sizeOf(one as Cell), 0) : 0;
}

async function* cellsOf(
  chunks: AsyncIterable<DuckDBDataChunk>,
  readers: readonly ReturnType<typeof fromDuck>[],
): AsyncGenerator<readonly (readonly Cell[])[]> {
  for await (const chunk of chunks) {
    const vectors = readers.map((_reader, index) => chunk.getColumnVector(index));
    let rows: Cell[][] = [];
    let bytes = 0;
    for (let row = 0; row < chunk.rowCount; row += 1) {
      const cells = vectors.map((vector, index) => readers[index]!(vector.getItem(row)));
      rows.push(cells);
      for (const cell of cells) bytes += sizeOf(cell);
      if (bytes < PIECE_BYTES) continue;
      yield rows;
      rows = [];
      bytes = 0;
    }
    if (rows.length) yield rows;
  }
}

/** Where the named columns are; of several of one name, each in its turn. */
function placesOf(columns: readonly ColumnDefinition[], names: readonly string[]): number[] {
  const used = new Set<number>();
  return names.map((name) => {
    const free = columns.findIndex((column, at) => column.name === name && !used.has(at));
    const place = free < 0 ? columns.findIndex((column) => column.name === name) : free;
    if (place < 0) throw new Error(`there is no column ${name}`);
    used.add(place);
    return place;
  });
}
