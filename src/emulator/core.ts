import type { IncomingMessage } from 'node:http';
import type { RouteName } from './control/control.ts';
import { type Family, Refusal, type Reply } from './errors.ts';
import type { Lanes } from './lanes.ts';
import { type Catalog, DEFAULT_SCHEMA, type Table } from './model/catalog.ts';
import { wholeText } from './request-body.ts';
import type { Instances } from './sql/instances.ts';
import type { Store } from './store/store.ts';
import type { Tokens } from './tokens.ts';
import type { HasherName } from './tunnel/bucket-hash.ts';
import type { Downloads } from './tunnel/downloads.ts';
import type { Quotas } from './tunnel/quotas.ts';
import type { Streams } from './tunnel/streams.ts';
import type { Uploads } from './tunnel/uploads.ts';
import type { Upserts } from './tunnel/upserts.ts';

/** What every handler works on. */
export interface Core {
  readonly project: string;
  /** Clients are told that names have three parts: project, schema, table. */
  readonly threeLayers: boolean;
  /** `host:port` at which clients reach the listener, where it was given. */
  readonly publicAddress: string | undefined;
  readonly startedAt: number;
  readonly timeZone: string;
  readonly now: () => number;
  readonly catalog: Catalog;
  readonly store: Store;
  /** Sessions of each kind. */
  readonly uploads: Uploads;
  readonly downloads: Downloads;
  readonly streams: Streams;
  readonly upserts: Upserts;
  /** How upsert sessions choose the bucket of a row. */
  readonly hasher: HasherName;
  readonly instances: Instances;
  readonly tokens: Tokens;
  /** Statements that change the same table, in turn: each finds what the one before it left. */
  readonly inTurn: Lanes;
  readonly quotas: Quotas;
  readonly traffic: Traffic;
}

export interface Traffic {
  bytesIn: number;
  readonly requests: Record<RouteName, number>;
}

/** One request, its address decoded. */
export interface Call {
  readonly method: string;
  /** Decoded path without the service prefix `/api`. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly request: IncomingMessage;
  /** `host:port` for addresses in answers. */
  readonly address: string;
  readonly requestId: string;
  /** The request body, slowed or cut when a fault says so. */
  readonly body: AsyncIterable<Buffer>;
  /** Set by a `closing` fault: the commit goes on in the background after this time. */
  readonly closing?: { readonly ms: number; readonly word: string };
}

export interface Route {
  readonly name: RouteName;
  readonly family: Family;
  handle(core: Core, call: Call): Promise<Reply> | Reply;
}

/** What a path names below its project, and how it is called: what its route is found by. */
export interface Target {
  /** The method; GET for HEAD. */
  readonly verb: string;
  readonly query: ReadonlyMap<string, string>;
  /** Of a path with `/schemas/S/`. */
  readonly schema: string | undefined;
  /** `tables`, `instances` ...; undefined: the project itself. */
  readonly kind: string | undefined;
  readonly name: string | undefined;
  /** What stands below the name: `streams`, `upserts`, `preview`. */
  readonly below: string | undefined;
}

/** The schema of a call: in its path, or beside it; PyODPS's `head` has a parameter of its own. */
export const schemaOf = ({ query }: Call, inPath: string | undefined): string =>
  (inPath ?? query.get('curr_schema') ?? query.get('schema_name')) || DEFAULT_SCHEMA;

/** The table of a path; throws NoSuchTable. */
export function tableOf(core: Core, call: Call, name: string, schema: string | undefined): Table {
  const table = core.catalog.find({ schema: schemaOf(call, schema), name });
  if (table) return table;
  const text = `The specified table ${core.project}.${name} does not exist.`;
  throw new Refusal(404, 'NoSuchTable', text);
}

/** The whole body of a service call as text; 10 MiB at most, never compressed. */
export async function bodyText(call: Call): Promise<string> {
  const encoding = call.request.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    const text = `Content-Encoding ${encoding} is not taken here: only the tunnel has compressed bodies.`;
    throw new Refusal(400, 'InvalidArgument', text);
  }
  const tooLong = new Refusal(400, 'MaxMessageLengthExceeded', 'The body is larger than 10 MiB.');
  return wholeText(call.body, 10 * 1024 * 1024, tooLong);
}
