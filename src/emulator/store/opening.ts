import { existsSync, linkSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from './database.ts';
import { type Instance, openInstance } from './duckdb.ts';
import { literal, STAGING } from './duckdb-sql.ts';
import { checkFormat, createOwnTables, DataFolderError, sumUp } from './own-tables.ts';
import type { ScalarFunction } from './scalar-functions.ts';
import { emptyScratch, makeFolder, temporaryScratch } from './scratch.ts';

/** Beyond this DuckDB spills to disk: the emulator runs beside what is measured. */
const MEMORY = '512MB';

/** A database that is ready, and the folder of what need not survive beside it. */
export interface Opened {
  readonly database: Database;
  readonly scratch: string;
  close(): Promise<void>;
}

/** What queries may call besides DuckDB's own functions. */
interface QueryFunctions {
  /** CREATE MACRO statements. */
  readonly macros: readonly string[];
  readonly scalars: readonly ScalarFunction[];
}

/** Opens the database in `dataDir`, or one in memory for null; `functions` are for queries. */
export async function openStorage(dataDir: string | null, functions: QueryFunctions): Promise<Opened> {
  if (dataDir !== null) return openFolder(dataDir, functions);
  const scratch = temporaryScratch();
  const database = await openDatabase({
    ...{ path: ':memory:', options: optionsFor(scratch.folder) },
    prepare: (instance) => prepare(instance, scratch.folder, functions),
    upkeep: sumUp,
  });
  const close = async () => {
    await database.close();
    scratch.remove();
  };
  return { database, scratch: scratch.folder, close };
}

const optionsFor = (scratch: string) => ({ temp_directory: scratch, memory_limit: MEMORY });

/** Folders of this process: the lock on a file only keeps other processes out. */
const inUse = new Set<string>();

async function openFolder(dataDir: string, functions: QueryFunctions): Promise<Opened> {
  makeFolder(dataDir);
  const folder = realpathSync(dataDir);
  if (inUse.has(folder)) throw new DataFolderError(`the data folder ${dataDir} is in use by this process`);
  inUse.add(folder);
  const scratch = join(folder, 'scratch');
  const path = join(folder, 'emulator.duckdb');
  try {
    mkdirSync(scratch, { recursive: true });
    if (!existsSync(path)) await createFile(path, join(scratch, `${process.pid}.duckdb`));
    const database = await openDatabase({
      ...{ path, options: optionsFor(scratch) },
      prepare: async (instance) => {
        await checkFormat(instance, dataDir);
        await prepare(instance, scratch, functions);
      },
      upkeep: sumUp,
    });
    // Only now is it certain that nobody else's blocks are there.
    emptyScratch(scratch);
    const close = async () => {
      await database.close();
      emptyScratch(scratch);
      inUse.delete(folder);
    };
    return { database, scratch, close };
  } catch (error) {
    inUse.delete(folder);
    throw inUseError(error, dataDir) ?? error;
  }
}

/**
 * DuckDB writes the head of a new file in steps, and opens no file that was left between them: so it is made at
 * another place. Of two processes that make it, the second finds the first one's.
 */
async function createFile(path: string, made: string): Promise<void> {
  try {
    (await openInstance(made, {})).close();
    linkSync(made, path);
  } catch (error) {
    // It is there meanwhile, or there are no links here: then DuckDB makes it in its place.
    if (!LINK_ERRORS.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(made, { force: true });
  }
}

const LINK_ERRORS = ['EEXIST', 'ENOENT', 'EPERM', 'EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

function inUseError(error: unknown, dataDir: string): DataFolderError | undefined {
  const text = String(error);
  if (!text.includes('Could not set lock on file')) return undefined;
  const pid = /PID (\d+)/.exec(text)?.[1];
  return new DataFolderError(
    `the data folder ${dataDir} is in use by another process${pid ? ` (${pid})` : ''}: one emulator keeps one folder`,
  );
}

async function prepare(instance: Instance, scratch: string, functions: QueryFunctions): Promise<void> {
  for (const scalar of functions.scalars) instance.define(scalar);
  await instance.run(`ATTACH ':memory:' AS ${STAGING}`);
  await instance.run(...createOwnTables, ...functions.macros);
  // The first three make texts of 1 KB half as large, for more time than the rest of a commit takes; rle takes -0.0
  // for the 0.0 before it. Ignored when opening.
  await instance.run("SET GLOBAL disabled_compression_methods = 'fsst,dict_fsst,zstd,rle'");
  // A block is read once: kept, it would push what is read again out of memory.
  await instance.run('SET enable_external_file_cache = false');
  // Queries read tables, no files but staged blocks.
  await instance.run(`SET allowed_directories = [${literal(`${scratch}/`)}]`);
  await instance.run('SET enable_external_access = false');
}
