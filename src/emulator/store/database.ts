import { statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StatementError } from '../errors.ts';
import type { Api, Change, Connection, Instance } from './duckdb.ts';
import { openInstance } from './duckdb.ts';
import { createGrowth, pack } from './packing.ts';

/** One DuckDB database: changes run one after the other on one connection, queries on their own. */
export interface Database {
  readonly api: Api;
  /** DuckDB's name of the database itself, among those that are attached. */
  readonly catalog: string;
  /** How often it was opened: what lay in memory is gone with the next time. */
  opened(): number;
  /** Runs the statements as one transaction when there are several. */
  run(...statements: readonly string[]): Promise<void>;
  /** Runs `work` when the changes before it are done, and lets later ones wait for it. */
  exclusive<T>(work: (change: Change) => Promise<T>): Promise<T>;
  connect(): Promise<Connection>;
  /** More memory for work that had not enough, until what is answered is called. */
  room(): Promise<() => Promise<void>>;
  /** To be told of every table that is made or gets rows: its memory is packed when it is time. */
  grown(columns: Parameters<ReturnType<typeof createGrowth>>[0]): void;
  /** Ends what runs. */
  close(): Promise<void>;
}

/** How a database is opened, the first time and after an error that made DuckDB give it up. */
export interface Opening {
  readonly path: string;
  readonly options: Record<string, string>;
  /** The memory that a change gets for which `options` give too little; default: 2GB. */
  readonly room?: string;
  /** What every opening needs before anything else runs. */
  prepare(instance: Instance): Promise<void>;
  /** Done at the start and after some thousand changes, which grow what it makes small again. */
  upkeep?(change: Change): Promise<void>;
}

const MEMORY = ':memory:';
/** DuckDB checkpoints inside the commit that crosses its limit, and gives up the database when that fails. */
const NO_OWN_CHECKPOINT = { checkpoint_threshold: '1TB' };
/** For a change that cannot be made with less: 1,200 columns take half a megabyte each. */
const ROOM = '2GB';
const noRoom = (room: string): StatementError =>
  new StatementError(
    `ODPS-0010000:System internal error - the change needs more memory than the ${room} that this local MaxCompute has`,
  );
const WAL_BYTES = 16 * 1024 * 1024;
const CHANGES_BEFORE_UPKEEP = 5000;

export async function openDatabase(opening: Opening): Promise<Database> {
  const { path, room: more = ROOM } = opening;
  const connections = new Set<Connection>();
  let instance = await open(opening);
  const [[catalog] = []] = await instance.rows('SELECT current_database()');
  let opened = 1;
  let inRoom = 0;
  let fitted: Promise<void> = Promise.resolve();
  let changes = 0;
  let last: Promise<unknown> = Promise.resolve();
  const change: Change = {
    run: (...statements) => withRoom(() => instance.run(...statements)).catch(recover),
    rows: (sql) =>
      withRoom(() => instance.rows(sql)).catch(async (error: unknown) => {
        await recover(error);
        throw error;
      }),
  };

  /** What failed for want of memory has changed nothing: it is done again with more, which is given back then. */
  async function withRoom<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
    }
    const leave = await room();
    try {
      return await work();
    } catch (error) {
      throw isOutOfMemory(error) ? noRoom(more) : error;
    } finally {
      await leave();
    }
  }

  async function room(): Promise<() => Promise<void>> {
    inRoom += 1;
    const leave = async () => {
      inRoom -= 1;
      await setLimit().catch(() => {});
    };
    try {
      await setLimit();
      return leave;
    } catch (error) {
      await leave();
      throw error;
    }
  }

  /** One after the other, each as it is needed then: who comes second waits too, and who leaves takes nobody's. */
  function setLimit(): Promise<void> {
    const set = fitted.then(() => limitTo(inRoom > 0 ? more : (opening.options.memory_limit ?? more)));
    fitted = set.catch(() => {});
    return set;
  }

  /** On a connection of its own: the writing one may be in the middle of a transaction. */
  async function limitTo(bytes: string): Promise<void> {
    const connection = await connect();
    await connection.run(`SET GLOBAL memory_limit = '${bytes}'`).finally(connection.close);
  }

  function exclusive<T>(work: (change: Change) => Promise<T>): Promise<T> {
    const result = last.then(() => work(change));
    last = result.then(
      () => afterChange(),
      () => {},
    );
    return result;
  }

  async function afterChange(): Promise<void> {
    if (changes % CHANGES_BEFORE_UPKEEP === 0) await opening.upkeep?.(change).catch(() => {});
    changes += 1;
    await checkpoint();
  }

  /** After a full disk DuckDB wants to be opened again; a commit may have been written before. */
  async function recover(error: unknown): Promise<void> {
    if (!isFatal(error) || path === MEMORY) throw error;
    closeConnections();
    instance.close();
    instance = await open(opening);
    opened += 1;
    if (!/COMMIT succeeded and is durable/.test(String(error))) throw error;
  }

  /** A log of so many bytes is written into the file; without a file there is none. */
  async function checkpoint(from = WAL_BYTES): Promise<void> {
    if (path === MEMORY) return;
    const size = walBytes(path);
    if (size < from) return;
    const { bavail, bsize } = await statfs(dirname(path));
    // Without room for it the log serves as well.
    if (bavail * bsize > 4 * size) await change.run('CHECKPOINT').catch(() => {});
  }

  const grown = createGrowth(() => void exclusive(packAll).catch(() => {}));

  async function packAll(change: Change): Promise<void> {
    const isMuch = await pack(change, path === MEMORY ? [String(catalog)] : []);
    if (isMuch) await checkpoint(1);
  }

  async function connect(): Promise<Connection> {
    const connection = await instance.connect();
    connections.add(connection);
    const close = () => {
      if (connections.delete(connection)) connection.close();
    };
    return { ...connection, close };
  }

  function closeConnections(): void {
    for (const connection of connections) {
      connection.interrupt();
      connection.close();
    }
    connections.clear();
  }

  async function close(): Promise<void> {
    await last;
    closeConnections();
    instance.close();
  }

  return {
    ...{ api: instance.api, catalog: String(catalog), opened: () => opened },
    run: (...statements) => exclusive(({ run }) => run(...statements)),
    ...{ exclusive, connect, room, grown, close },
  };
}

async function open({ path, options, prepare }: Opening): Promise<Instance> {
  const instance = await openInstance(path, { ...options, ...NO_OWN_CHECKPOINT });
  try {
    await prepare(instance);
    return instance;
  } catch (error) {
    instance.close();
    throw error;
  }
}

export const isOutOfMemory = (error: unknown): boolean =>
  /Out of Memory|failed to pin block/.test(String(error));

const isFatal = (error: unknown): boolean => /FATAL Error|has been invalidated/.test(String(error));

function walBytes(path: string): number {
  return statSync(`${path}.wal`, { throwIfNoEntry: false })?.size ?? 0;
}
