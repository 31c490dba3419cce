import type { Server } from 'node:http';
import { createAddresses } from './address.ts';
import {
  createControl,
  type Fault,
  type FaultFunction,
  type FaultRule,
  ROUTES,
  type RouteName,
} from './control/control.ts';
import { isLoopback } from './control/guard.ts';
import { listSessions, setSession } from './control/session-control.ts';
import { type Stats, stats } from './control/stats.ts';
import type { Core } from './core.ts';
import { createLanes } from './lanes.ts';
import { listen, portOf, type Served } from './listener.ts';
import { createCatalog, DEFAULT_SCHEMA } from './model/catalog.ts';
import { execute } from './sql/execute.ts';
import { createInstances } from './sql/instances.ts';
import { MACROS } from './sql/query/macros.ts';
import { SCALARS } from './sql/query/scalars/scalars.ts';
import { parseScript } from './sql/script.ts';
import { createCountStore, ORIGIN_COLUMNS, type OriginColumns } from './store/count-store.ts';
import { DuckDbMissing } from './store/duckdb.ts';
import { createDuckDbStore } from './store/duckdb-store.ts';
import type { Store } from './store/store.ts';
import { createTokens } from './tokens.ts';
import type { HasherName } from './tunnel/bucket-hash.ts';
import { createDownloads } from './tunnel/downloads.ts';
import { createQuotas } from './tunnel/quotas.ts';
import type { StateWord } from './tunnel/session-states.ts';
import type { SessionInfo } from './tunnel/sessions.ts';
import { createStreams } from './tunnel/streams.ts';
import { createUploads, type SavedUpload } from './tunnel/uploads.ts';
import { createUpserts, type SavedUpsert } from './tunnel/upserts.ts';

export interface EmulatorOptions {
  /** 0 (default): any free port. */
  readonly port?: number;
  readonly host?: string;
  readonly project: string;
  readonly accessId: string;
  readonly accessKey: string;
  /** Makes the key a temporary one that needs this token. */
  readonly stsToken?: string | null;
  /** Where committed rows survive; null (default): in memory. */
  readonly dataDir?: string | null;
  /** Checks and counts rows, keeps none. */
  readonly countOnly?: boolean;
  readonly quotas?: 'none' | 'real';
  /** Tells clients that names have three parts: `odps.schema.model.enabled`. */
  readonly threeLayers?: boolean;
  /** `host:port` at which clients reach the listener, where that is not the address that it listens at. */
  readonly publicAddress?: string | undefined;
  /** `CREATE TABLE` statements to start with. */
  readonly tables?: readonly string[];
  /** Zone of DATETIME and TIMESTAMP in queries; the service's default is Asia/Shanghai. */
  readonly timeZone?: string;
  /** Columns that hold a record's origin, for the offsets of `/_stats` in count-only mode. */
  readonly originColumns?: OriginColumns;
  /** How upsert sessions choose the bucket of a row; default: `default`, as the service does. */
  readonly hasher?: HasherName;
  /** A request body of which nothing comes for this long has its connection cut; default: 120 s. */
  readonly idleMs?: number | undefined;
  readonly now?: () => number;
}

export interface Emulator {
  /** `http://host:port` */
  readonly url: string;
  /** Service address: url + `/api`. */
  readonly endpoint: string;
  readonly tunnelEndpoint: string;
  readonly project: string;
  /** Where rows are, for people. */
  readonly kept: string;
  /** Other machines can reach it: the page asks for the access key. */
  readonly pageNeedsKey: boolean;
  /** Why rows are not kept although that was asked for (DuckDB is missing), else undefined. */
  readonly notice: string | undefined;
  /** Makes calls of a route fail (`*`: any); answers how to end it, which releases what hangs. */
  control(
    route: RouteName | '*',
    fault: Fault | FaultFunction,
    when?: Omit<FaultRule, 'route' | 'fault'>,
  ): () => void;
  clearFaults(): void;
  stats(): Stats;
  /** Sessions that are remembered, by kind and age. */
  sessions(): SessionInfo[];
  /** Puts a session into a state; rejects for a change that the service would never make. */
  setSession(id: string, state: StateWord): Promise<void>;
  /** Runs one SQL statement; rejects with the service's error text. */
  sql(statement: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts a local MaxCompute: service calls under `/api`, tunnel calls at the root, one listener. */
export async function startEmulator(options: EmulatorOptions): Promise<Emulator> {
  const { store, notice } = await openStore(options);
  const core = createCore(options, store);
  const control = createControl();
  try {
    await restore(core);
    for (const statement of options.tables ?? []) await run(core, statement);
    const host = options.host ?? '127.0.0.1';
    const { accessId, accessKey, stsToken = null } = options;
    const served: Served = {
      core,
      control,
      account: { accessId, accessKey, stsToken, tokens: core.tokens },
      addressOf: createAddresses(options.publicAddress),
      needsKey: !isLoopback(host),
      kept: keptText(options, notice),
      idleMs: options.idleMs,
    };
    const server = await listen(served, host, options.port ?? 0);
    return handleOf(served, server, host, notice);
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** DuckDB unless only counts are wanted; when it is not installed, counts with a notice. */
async function openStore(options: EmulatorOptions): Promise<{ store: Store; notice: string | undefined }> {
  const { originColumns: origin = ORIGIN_COLUMNS, now = Date.now } = options;
  if (options.countOnly) {
    const reason = 'this local MaxCompute only counts rows (--count-only): see GET /_stats';
    return { store: createCountStore(origin, reason, now), notice: undefined };
  }
  try {
    const functions = { macros: MACROS, scalars: SCALARS };
    const store = await createDuckDbStore(options.dataDir ?? null, { now, ...functions });
    return { store, notice: undefined };
  } catch (error) {
    if (!(error instanceof DuckDbMissing)) throw error;
    return { store: createCountStore(origin, error.message, now), notice: error.message };
  }
}

function createCore(options: EmulatorOptions, store: Store): Core {
  const now = options.now ?? Date.now;
  const startedAt = now();
  const requests = Object.fromEntries(ROUTES.map((name) => [name, 0])) as Record<RouteName, number>;
  return {
    project: options.project,
    threeLayers: options.threeLayers ?? false,
    publicAddress: options.publicAddress,
    startedAt,
    timeZone: options.timeZone ?? 'Asia/Shanghai',
    now,
    catalog: createCatalog(startedAt),
    store,
    uploads: createUploads(store, now),
    downloads: createDownloads(now),
    streams: createStreams(now),
    upserts: createUpserts(store, now),
    hasher: options.hasher ?? 'default',
    instances: createInstances(),
    tokens: createTokens(options.accessKey, now),
    inTurn: createLanes(),
    quotas: createQuotas(options.quotas ?? 'none', now),
    traffic: { bytesIn: 0, requests },
  };
}

/** Where rows are, for people. */
function keptText({ dataDir, countOnly }: EmulatorOptions, notice: string | undefined): string {
  if (countOnly || notice) return `counted only${notice ? `: ${notice}` : ''}`;
  return dataDir ? `kept in ${dataDir}` : 'kept in memory';
}

async function restore(core: Core): Promise<void> {
  const { tables, sessions, schemas } = await core.store.restore();
  for (const { name, ...schema } of schemas) core.catalog.schemas.set(name, schema);
  for (const table of tables) core.catalog.add(table);
  const byId = new Map(tables.map((table) => [table.id, table]));
  for (const text of sessions) {
    const saved = JSON.parse(text) as SavedUpload | SavedUpsert;
    const table = byId.get(saved.tableId);
    if (!table) continue;
    if (saved.kind === 'upsert') core.upserts.restore(saved, table);
    else core.uploads.restore(saved, table);
  }
}

async function run(core: Core, statement: string): Promise<string> {
  const session = { schema: DEFAULT_SCHEMA, timeZone: core.timeZone };
  const { text, rows } = await execute(core, parseScript(statement), session);
  await rows?.release();
  return text;
}

function handleOf(served: Served, server: Server, host: string, notice: string | undefined): Emulator {
  const { core, control } = served;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const url = `http://${shown.includes(':') ? `[${shown}]` : shown}:${portOf(server)}`;
  return {
    url,
    endpoint: `${url}/api`,
    tunnelEndpoint: url,
    project: core.project,
    notice,
    kept: served.kept,
    pageNeedsKey: served.needsKey,
    control: (route, fault, when = {}) => control.add({ route, fault, ...when }).remove,
    clearFaults: () => control.clear(),
    stats: () => stats(core),
    sessions: () => listSessions(core),
    setSession: (id, state) => setSession(core, id, state),
    sql: (statement) => run(core, statement),
    stop: async () => {
      control.clear();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      await core.instances.close();
      await core.store.close();
    },
  };
}
