import type * as Api from '@duckdb/node-api';
import type { ColumnType } from '../model/types.ts';
import type { Cell } from '../record/cells.ts';
import type { Appender, Database, ResultValue, StoredTable } from './database.ts';
import { blobText, decimalDigits, floatingText, nanosecondText, shortestFloat } from './value-text.ts';

export class DuckDbMissing extends Error {}

/** Loads DuckDB when it is installed and opens `path` (`:memory:` for none on disk). */
export async function openDatabase(path: string, options: Record<string, string>): Promise<Database> {
  const api = await loadApi();
  const instance = await api.DuckDBInstance.create(path, options);
  const main = await instance.connect();
  const appending = await instance.connect();
  let last: Promise<unknown> = Promise.resolve();

  function enqueue<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  }

  const run = (...statements: readonly string[]) =>
    enqueue(async () => {
      if (statements.length === 1) return void (await main.run(statements[0]!));
      await main.run('BEGIN');
      try {
        for (const statement of statements) await main.run(statement);
        await main.run('COMMIT');
      } catch (error) {
        await main.run('ROLLBACK').catch(() => {});
        throw error;
      }
    });

  const query = (sql: string, limit: number, before: readonly string[] = []) =>
    enqueue(async () => {
      for (const statement of before) await main.run(statement);
      const reader = await main.streamAndReadUntil(sql, limit);
      const rows = reader.getRows().slice(0, limit);
      const types = reader.columnTypes();
      const texts = rows.map((row) => row.map((value, column) => resultValue(api, value, types[column]!)));
      return { names: reader.columnNames(), rows: texts };
    });

  async function append(table: StoredTable, types: readonly ColumnType[]): Promise<Appender> {
    const appender = await appending.createAppender(table.name, 'main', table.catalog);
    return createAppender(api, appender, types);
  }

  async function close(): Promise<void> {
    await last;
    appending.closeSync();
    main.closeSync();
    instance.closeSync();
  }

  return { run, query, append, close };
}

const MISSING = 'DuckDB is not installed (npm install @duckdb/node-api): rows are counted, not kept';

async function loadApi(): Promise<typeof Api> {
  try {
    return await import('@duckdb/node-api');
  } catch (error) {
    throw new DuckDbMissing(MISSING, { cause: error });
  }
}

const CHUNK_ROWS = 2048;
const FLUSH_CHUNKS = 8; // flushing is synchronous: all requests wait for it

function createAppender(
  api: typeof Api,
  appender: Api.DuckDBAppender,
  types: readonly ColumnType[],
): Appender {
  const duckTypes = types.map((type) => duckType(api, type));
  const converters = types.map((type) => converter(api, type));
  const nested = types.flatMap(({ name }, index) => (/ARRAY|MAP|STRUCT/.test(name) ? [index] : []));
  const chunk = api.DuckDBDataChunk.create(duckTypes, CHUNK_ROWS);
  let vectors = emptyVectors();
  let filled = 0;
  let sent = 0;

  /** The same chunk serves again: its memory is unknown to the garbage collector. */
  function emptyVectors(): Api.DuckDBVector[] {
    chunk.reset();
    chunk.rowCount = CHUNK_ROWS;
    return duckTypes.map((_type, index) => chunk.getColumnVector(index));
  }

  function add(row: readonly Cell[]): void {
    for (let index = 0; index < row.length; index += 1) {
      const cell = row[index]!;
      setItem(vectors[index]!, filled, cell === null ? null : converters[index]!(cell));
    }
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

/** Vectors of every type take their own values; the union of all of them has no common type. */
function setItem(vector: Api.DuckDBVector, index: number, value: Api.DuckDBValue): void {
  (vector as { setItem(index: number, value: Api.DuckDBValue): void }).setItem(index, value);
}

/**
 * How a column is stored. TIMESTAMP is nanoseconds in a HUGEINT, because DuckDB's own nanosecond type ends
 * in 2262; DATETIME is UTC; JSON keeps its text.
 */
function duckType(api: typeof Api, type: ColumnType): Api.DuckDBType {
  switch (type.name) {
    case 'TINYINT':
      return api.TINYINT;
    case 'SMALLINT':
      return api.SMALLINT;
    case 'INT':
    case 'INTERVAL_YEAR_MONTH':
      return api.INTEGER;
    case 'BIGINT':
      return api.BIGINT;
    case 'FLOAT':
      return api.FLOAT;
    case 'DOUBLE':
      return api.DOUBLE;
    case 'BOOLEAN':
      return api.BOOLEAN;
    case 'DATE':
      return api.DATE;
    case 'DATETIME':
      return api.TIMESTAMP;
    case 'TIMESTAMP':
    case 'TIMESTAMP_NTZ':
    case 'INTERVAL_DAY_TIME':
      return api.HUGEINT;
    case 'BINARY':
      return api.BLOB;
    case 'DECIMAL':
      return api.DECIMAL(type.precision, type.scale);
    case 'ARRAY':
      return api.LIST(duckType(api, type.element));
    case 'MAP':
      return api.MAP(duckType(api, type.key), duckType(api, type.value));
    case 'STRUCT':
      return api.STRUCT(
        Object.fromEntries(type.fields.map((field) => [field.name, duckType(api, field.type)])),
      );
    default:
      return api.VARCHAR;
  }
}

type Convert = (cell: Exclude<Cell, null>) => Api.DuckDBValue;

function converter(api: typeof Api, type: ColumnType): Convert {
  switch (type.name) {
    case 'DATE':
      return (cell) => new api.DuckDBDateValue(cell as number);
    case 'DATETIME':
      return (cell) => new api.DuckDBTimestampValue((cell as bigint) * 1000n);
    case 'BINARY':
      return (cell) => new api.DuckDBBlobValue(cell as Uint8Array);
    case 'DECIMAL':
      return (cell) => {
        const value = decimalDigits(cell as string, type.precision, type.scale);
        return new api.DuckDBDecimalValue(value, type.precision, type.scale);
      };
    case 'ARRAY':
      return listConverter(api, nullable(converter(api, type.element)));
    case 'MAP':
      return mapConverter(api, nullable(converter(api, type.key)), nullable(converter(api, type.value)));
    case 'STRUCT':
      return structConverter(
        api,
        type.fields.map((field) => [field.name, nullable(converter(api, field.type))]),
      );
    default:
      return (cell) => cell as Api.DuckDBValue;
  }
}

type ConvertNullable = (cell: Cell) => Api.DuckDBValue;

const nullable =
  (convert: Convert): ConvertNullable =>
  (cell) =>
    cell === null ? null : convert(cell);

function listConverter(api: typeof Api, item: ConvertNullable): Convert {
  return (cell) => new api.DuckDBListValue((cell as readonly Cell[]).map(item));
}

function mapConverter(api: typeof Api, key: ConvertNullable, value: ConvertNullable): Convert {
  return (cell) => {
    const entries = cell as readonly (readonly [Cell, Cell])[];
    return new api.DuckDBMapValue(entries.map(([k, v]) => ({ key: key(k), value: value(v) })));
  };
}

function structConverter(api: typeof Api, fields: readonly (readonly [string, ConvertNullable])[]): Convert {
  return (cell) => {
    const items = cell as readonly Cell[];
    return new api.DuckDBStructValue(
      Object.fromEntries(fields.map(([name, item], at) => [name, item(items[at]!)])),
    );
  };
}

function resultValue(api: typeof Api, value: Api.DuckDBValue, type: Api.DuckDBType): ResultValue {
  if (value === null) return null;
  if (typeof value === 'number') {
    const { FLOAT, DOUBLE } = api.DuckDBTypeId;
    const number = type.typeId === FLOAT ? shortestFloat(value) : value;
    return {
      text: [FLOAT, DOUBLE].includes(type.typeId) ? floatingText(number) : String(value),
      isNumber: true,
    };
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return { text: String(value), isNumber: true };
  if (value instanceof api.DuckDBDecimalValue) return { text: value.toString(), isNumber: true };
  return { text: plainText(api, value), isNumber: false };
}

function plainText(api: typeof Api, value: Api.DuckDBValue): string {
  if (value instanceof api.DuckDBBlobValue) return blobText(value.bytes);
  if (value instanceof api.DuckDBTimestampNanosecondsValue) return nanosecondText(value.nanos);
  if (value instanceof api.DuckDBListValue)
    return `[${value.items.map((item) => jsonText(api, item)).join(',')}]`;
  if (value instanceof api.DuckDBStructValue) return objectText(api, Object.entries(value.entries));
  if (value instanceof api.DuckDBMapValue) {
    return objectText(
      api,
      value.entries.map((entry) => [plainText(api, entry.key), entry.value] as const),
    );
  }
  return String(value);
}

function objectText(api: typeof Api, entries: readonly (readonly [string, Api.DuckDBValue])[]): string {
  return `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(api, value)}`).join(',')}}`;
}

function jsonText(api: typeof Api, value: Api.DuckDBValue): string {
  if (
    value === null ||
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    typeof value === 'boolean'
  ) {
    return String(value);
  }
  const nested =
    value instanceof api.DuckDBListValue ||
    value instanceof api.DuckDBStructValue ||
    value instanceof api.DuckDBMapValue;
  return nested ? plainText(api, value) : JSON.stringify(plainText(api, value));
}
