import type { Call, Core } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { checkUnchanged } from '../model/destination.ts';
import { schemaJson } from '../model/schema-json.ts';
import { typeText } from '../model/types.ts';
import { keyHash } from './bucket-hash.ts';
import { commitOf } from './commit-call.ts';
import { stagePack } from './pack.ts';
import { slotAddress, slotHeaders } from './slots.ts';
import {
  checkDestination,
  givenValues,
  namedValues,
  needTablePartition,
  numberParameter,
  quotaOf,
  writableTable,
} from './target.ts';
import { keyColumns, upsertCheck, upsertColumns } from './upsert-records.ts';
import type { Upsert } from './upserts.ts';

const DEFAULT_BUCKETS = 16;
const MOST_BUCKETS = 4096;
const HOUR_MS = 3600_000;
const LONGEST_HOURS = 24;

/** `POST .../upserts` without an id: protocol 9.1. The table partition has to be there. */
export async function createUpsert(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = keyedTable(core, call, name, schema);
  const values = namedValues(table, call);
  await needTablePartition(core, { table, values }, false);
  const buckets = bucketCount(table);
  const slots = Math.min(buckets, numberParameter(call, 'slotnum', 1, MOST_BUCKETS) ?? 1);
  const hours = numberParameter(call, 'lifecycle', 1, LONGEST_HOURS) ?? LONGEST_HOURS;
  core.quotas.take('session', table);
  const session = core.upserts.create({
    table,
    values,
    buckets,
    slots,
    hasher: core.hasher,
    partialUpdate: table.properties['acid.partial.fields.update.enable']?.toLowerCase() === 'true',
    lifeMs: hours * HOUR_MS,
    quotaName: quotaOf(call),
  });
  return upsertReply(core, session, call);
}

/** A table with PRIMARY KEY and `transactional=true`, whose keys can be hashed. */
function keyedTable(core: Core, call: Call, name: string, schema?: string): Table {
  const table = writableTable(core, call, name, schema);
  const refuse = (text: string) => new Refusal(400, 'InvalidArgument', `Table ${table.name} ${text}.`);
  if (!table.primaryKey.length) throw refuse('has no primary key: it takes no upserts');
  if (!table.transactional) throw refuse("lacks TBLPROPERTIES ('transactional'='true'): it takes no upserts");
  for (const { name: key, type } of keyColumns(table)) {
    if (!keyHash(type, core.hasher))
      throw refuse(`has the key ${key} ${typeText(type)}, which cannot be hashed`);
  }
  return table;
}

function bucketCount({ properties }: Table): number {
  const buckets = Number(properties['write.bucket.num'] ?? DEFAULT_BUCKETS);
  return Number.isInteger(buckets) && buckets >= 1 && buckets <= MOST_BUCKETS ? buckets : DEFAULT_BUCKETS;
}

function findUpsert(core: Core, call: Call, name: string, schema?: string) {
  const table = writableTable(core, call, name, schema);
  const session = core.upserts.find(call.query.get('upsertid') ?? '');
  checkDestination('Upsert', session.id, session, table, givenValues(table, call));
  return { session, table };
}

/** `GET .../upserts?upsertid`: protocol 9.1. */
export const upsertStatus = (core: Core, call: Call, name: string, schema?: string): Reply =>
  upsertReply(core, findUpsert(core, call, name, schema).session, call);

/** `PUT .../upserts?upsertid&bucketid&slotid`: the pack of one bucket, held aside until the commit (protocol 9.4). */
export async function flushUpsert(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { session, table } = findUpsert(core, call, name, schema);
  core.upserts.checkOpen(session);
  checkUnchanged(table, session, `upsert ${session.id}`);
  const bucket = bucketParameter(session, call);
  const columns = upsertColumns(session.table.columns);
  const pack = await stagePack(core, call, {
    columns,
    staged: columns,
    recordHandler: ({ onRecord }) => {
      const check = upsertCheck({ ...session, bucket });
      return (bytes, starts) => {
        check(bytes, starts);
        onRecord?.(bytes, starts);
      };
    },
  });
  await core.upserts.addPack(session, pack);
  return { status: 200, headers: slotHeaders(call, session.slots) };
}

function bucketParameter(session: Upsert, call: Call): number {
  const bucket = numberParameter(call, 'bucketid', 0, session.buckets - 1);
  if (bucket === undefined) throw new Refusal(400, 'InvalidArgument', 'The call names no bucketid.');
  const slot = numberParameter(call, 'slotid', 0, session.slots - 1);
  if (slot === undefined || slot === bucket % session.slots) return bucket;
  const text = `Bucket ${bucket} is in slot ${bucket % session.slots}, not in slot ${slot}.`;
  throw new Refusal(400, 'InvalidArgument', text);
}

/** `POST .../upserts?upsertid`: protocol 9.4. Clients repeat it until they read `committed`. */
export async function commitUpsert(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { session, table } = findUpsert(core, call, name, schema);
  if (session.state === 'committing') await session.running;
  else if (session.state !== 'committed') await commitOf(core, call, core.upserts, session, table);
  return upsertReply(core, session, call);
}

/** `DELETE .../upserts?upsertid`: protocol 9.1. */
export async function abortUpsert(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  await core.upserts.abort(findUpsert(core, call, name, schema).session);
  return { status: 200 };
}

function upsertReply(core: Core, session: Upsert, call: Call): Reply {
  const address = slotAddress(call);
  const all = Array.from({ length: session.buckets }, (_, bucket) => bucket);
  const content = {
    id: session.id,
    schema: schemaJson(session.table),
    hash_key: session.table.primaryKey,
    hasher: session.hasher,
    slots: Array.from({ length: session.slots }, (_, slot) => ({
      slot_id: String(slot),
      buckets: all.filter((bucket) => bucket % session.slots === slot),
      worker_addr: address,
    })),
    status: core.upserts.wordOf(session),
    quota_name: session.quotaName,
    enable_partial_update: session.partialUpdate,
  };
  return json(content);
}
