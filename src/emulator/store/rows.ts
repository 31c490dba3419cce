import type { ColumnDefinition } from '../model/catalog.ts';
import type { Cell } from '../record/cells.ts';
import { type Database, isOutOfMemory } from './database.ts';
import type { Change, Connection, DuckDBDataChunk } from './duckdb.ts';
import { fromDuck } from './duckdb-cells.ts';
import { STAGING } from './duckdb-sql.ts';
import { createPace, type Pace } from './pace.ts';
import { type Stored, union } from './portions.ts';
import { type Piece, piecesOf } from './row-cells.ts';
import type { ReadPlan, Rows } from './store.ts';

/** Rows in tables of their own, or the first of a table's. */
interface Kept {
  readonly columns: readonly ColumnDefinition[];
  /** One for each column. */
  readonly expressions: readonly string[];
  readonly count: number;
  /** Where they are, one behind the other. */
  readonly from: () => readonly Stored[];
  release(): Promise<void>;
}

/**
 * Reads them in pieces, on a connection of each read's own. DuckDB reads whole vectors of 2,048 rows: of large rows only
 * as many as a client takes at once are read, by themselves, so that one who does not take them holds nothing else.
 */
export function createRows(database: Database, kept: Kept): Rows {
  let released = false;
  let reading = 0;
  const opened = database.opened();

  async function* read(plan: ReadPlan): AsyncGenerator<readonly (readonly Cell[])[]> {
    if (released) throw new Error('these rows were released');
    const places = placesOf(kept.columns, plan.columns);
    const count = Math.min(plan.count, kept.count - plan.start);
    if (count <= 0 || !places.length) return;
    const connection = await database.connect();
    const reader: Reader = {
      ...{ connection, pace: createPace() },
      list: places.map((place) => kept.expressions[place]).join(', '),
      readers: places.map((place) => fromDuck(database.api, kept.columns[place]!.type)),
      counts: new Map(),
    };
    let leave: (() => Promise<void>) | undefined;
    reading += 1;
    try {
      let given = 0;
      while (given < count) {
        const before = given;
        try {
          for await (const { cells } of part(reader, plan.start + given, count - given)) {
            given += cells.length;
            yield cells;
          }
          if (given === before) return;
        } catch (error) {
          if (leave || !isOutOfMemory(error)) throw error;
          if (!reader.pace.less()) leave = await database.room();
        }
      }
    } finally {
      connection.close();
      await leave?.();
      reading -= 1;
      if (released && reading === 0) await kept.release();
    }
  }

  /** The next rows: few of them, or as many as are left while they are small. */
  function part(reader: Reader, start: number, left: number): AsyncGenerator<Piece> {
    const few = reader.pace.next();
    return few === undefined || isSmall(few)
      ? vectors(reader, start, left)
      : found(reader, start, Math.min(few, left));
  }

  /** Nothing else is read with them. */
  const isSmall = (few: number) => kept.count <= few && kept.from().every(({ where }) => !where);

  async function* vectors(reader: Reader, start: number, count: number): AsyncGenerator<Piece> {
    const chunks = await begin(reader, async () => {
      const from = union(kept.from().map(({ name, where }) => `${name}${where}`));
      return `SELECT ${reader.list} FROM ${from} LIMIT ${count} OFFSET ${start}`;
    });
    const large = yield* smallOnes(reader, chunks);
    if (large) yield large;
  }

  async function* found(reader: Reader, start: number, count: number): AsyncGenerator<Piece> {
    const pieces: Piece[] = [];
    const chunks = await begin(reader, async (change) => {
      const { stored, offset } = await storedAt(change, kept.from(), start, reader.counts);
      const rowids = `SELECT rowid FROM ${stored.name}${stored.where} LIMIT ${count} OFFSET ${offset}`;
      return `SELECT ${reader.list} FROM ${stored.name} WHERE rowid IN (${rowids}) ORDER BY rowid`;
    });
    for await (const chunk of chunks) pieces.push(...piecesOf(chunk, reader.readers));
    const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0);
    reader.pace.took({ rows, bytes: pieces.reduce((sum, piece) => sum + piece.bytes, 0) });
    // What was taken is not held while the client takes the rest.
    for (let piece = pieces.shift(); piece; piece = pieces.shift()) yield piece;
  }

  /** A change that would move the rows elsewhere waits until the query has begun. */
  function begin({ connection }: Reader, query: (change: Change) => Promise<string>) {
    return database.exclusive(async (change) => {
      const isLost = kept.from()[0]!.name.startsWith(STAGING) && opened !== database.opened();
      if (isLost) throw new Error('these rows were lost: the database had to be opened again');
      return connection.chunks(await query(change));
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

/** One reading of the rows. */
interface Reader {
  readonly connection: Connection;
  readonly pace: Pace;
  /** Expressions of the columns that are asked for. */
  readonly list: string;
  readonly readers: readonly ReturnType<typeof fromDuck>[];
  /** Rows of what others stand behind: they do not change. */
  readonly counts: Map<string, number>;
}

/** All pieces, up to a vector that is too large to be held: of that the first piece is answered, and no more is read. */
async function* smallOnes(
  { readers, pace }: Reader,
  chunks: AsyncIterable<DuckDBDataChunk>,
): AsyncGenerator<Piece, Piece | undefined> {
  for await (const chunk of chunks)
    for (const piece of piecesOf(chunk, readers)) {
      if (pace.isTooLarge(piece, chunk.rowCount)) return piece;
      yield piece;
    }
  return undefined;
}

/** Where the row with this number is. */
async function storedAt(
  change: Change,
  all: readonly Stored[],
  start: number,
  counts: Map<string, number>,
): Promise<{ readonly stored: Stored; readonly offset: number }> {
  let offset = start;
  for (const stored of all.slice(0, -1)) {
    const from = `${stored.name}${stored.where}`;
    const [row] = counts.has(from) ? [] : await change.rows(`SELECT count(*) FROM ${from}`);
    const count = counts.get(from) ?? Number(row?.[0]);
    counts.set(from, count);
    if (offset < count) return { stored, offset };
    offset -= count;
  }
  return { stored: all.at(-1)!, offset };
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
