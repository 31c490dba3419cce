import type { ColumnDefinition } from '../model/catalog.ts';
import type { ColumnType } from '../model/types.ts';
import { type Cell, rowHandler } from '../record/cells.ts';
import { type Database, type DuckDBVector, setItem } from './duckdb.ts';
import { duckType, toDuck } from './duckdb-cells.ts';
import { STAGING, storedType } from './duckdb-sql.ts';
import type { BlockLoader, StagedBlock } from './store.ts';

/** What a staged block's handle is. */
export interface Staged {
  /** What stands after FROM; its columns are c0, c1, ... */
  readonly source: string;
  readonly columns: readonly ColumnDefinition[];
  drop(): Promise<void>;
}

export const staged = (block: StagedBlock): Staged => block.handle as Staged;

/** Takes the rows of blocks until they are committed. */
export function createStaging(database: Database): {
  load(columns: readonly ColumnDefinition[]): Promise<BlockLoader>;
} {
  let last = 0;

  async function load(columns: readonly ColumnDefinition[]): Promise<BlockLoader> {
    last += 1;
    const name = `block_${last}`;
    const source = `${STAGING}.${name}`;
    const types = columns.map((column) => column.type);
    const list = types.map((type, index) => `c${index} ${storedType(type)}`);
    await database.run(`CREATE TABLE ${source} (${list.join(', ')})`);
    const appender = await createAppender(database, name, types);
    const drop = () => database.run(`DROP TABLE ${source}`);
    let bytes = 0;
    const onRow = (row: readonly Cell[]) => {
      for (const cell of row) bytes += cellBytes(cell);
      appender.add(row);
    };
    return {
      onRecord: rowHandler(columns, onRow),
      onRow,
      finish: async (rows) => {
        appender.close();
        return { rows, bytes, handle: { source, columns, drop } satisfies Staged };
      },
      abort: async () => {
        appender.close();
        await drop();
      },
    };
  }

  return { load };
}

/** Size of a value in the statistics: 8 for what has a fixed width, bytes for the rest. */
function cellBytes(cell: Cell): number {
  if (cell === null) return 0;
  if (typeof cell === 'string') return Buffer.byteLength(cell);
  if (cell instanceof Uint8Array) return cell.length;
  return Array.isArray(cell) ? cell.reduce<number>((sum, item: Cell) => sum + cellBytes(item), 0) : 8;
}

const CHUNK_ROWS = 2048;
const FLUSH_CHUNKS = 8; // flushing is synchronous: all requests wait for it

interface Appender {
  add(row: readonly Cell[]): void;
  close(): void;
}

async function createAppender(
  { api, appender: open }: Database,
  table: string,
  types: readonly ColumnType[],
): Promise<Appender> {
  const appender = await open(STAGING, table);
  const duckTypes = types.map((type) => duckType(api, type));
  const converters = types.map((type) => toDuck(api, type));
  const nested = types.flatMap(({ name }, index) => (/ARRAY|MAP|STRUCT/.test(name) ? [index] : []));
  const chunk = api.DuckDBDataChunk.create(duckTypes, CHUNK_ROWS);
  let vectors = emptyVectors();
  let filled = 0;
  let sent = 0;

  /** The same chunk serves again: its memory is unknown to the garbage collector. */
  function emptyVectors(): DuckDBVector[] {
    chunk.reset();
    chunk.rowCount = CHUNK_ROWS;
    return duckTypes.map((_type, index) => chunk.getColumnVector(index));
  }

  function add(row: readonly Cell[]): void {
    const values = row.map((cell, index) => converters[index]!(cell));
    for (let index = 0; index < values.length; index += 1) setItem(vectors[index]!, filled, values[index]!);
    filled += 1;
    if (filled === CHUNK_ROWS) send();
  }

  function send(): void {
    // A nested vector looks at all its items when it is flushed.
    for (const column of nested)
      for (let row = filled; row < CHUNK_ROWS; row += 1) setItem(vectors[column]!, row, null);
    for (const vector of vectors) vector.flush();
    if (filled < CHUNK_ROWS) chunk.rowCount = filled;
    appender.appendDataChunk(chunk);
    sent += 1;
    if (sent % FLUSH_CHUNKS === 0) appender.flushSync();
    vectors = emptyVectors();
    filled = 0;
  }

  function close(): void {
    if (filled) send();
    appender.flushSync();
    appender.closeSync();
  }

  return { add, close };
}
