import type { Call, Core } from '../core.ts';
import { tableOf } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { OWNER } from '../model/catalog.ts';
import { checkUnchanged, sameColumns, schemaModified } from '../model/destination.ts';
import { schemaJson } from '../model/schema-json.ts';
import { MAX_FIELD_BYTES, requiredColumns } from '../record/value-checks.ts';
import { stageBlock } from './block-body.ts';
import {
  givenValues,
  namedValues,
  needTablePartition,
  numberParameter,
  quotaOf,
  writableTable,
} from './target.ts';
import { blockList, LAST_BLOCK_ID, type Session } from './uploads.ts';

/** `POST ?uploads`: protocol 4.1. */
export async function createSession(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = writableTable(core, call, name, schema);
  const values = namedValues(table, call);
  core.quotas.take('session', table);
  await needTablePartition(core, { table, values }, isTrue(call, 'create_partition'));
  const plan = { table, values, overwrite: isTrue(call, 'overwrite'), quotaName: quotaOf(call) };
  return sessionReply(core.sessions.create(plan));
}

const isTrue = (call: Call, name: string): boolean => call.query.get(name)?.toLowerCase() === 'true';

/** The session of a call and its table as it is now. */
function findSession(core: Core, call: Call, name: string, schema?: string) {
  const table = tableOf(core, call, name, schema);
  const session = core.sessions.find(call.query.get('uploadid') ?? '', table, givenValues(table, call) ?? []);
  return { session, table };
}

/** `GET ?uploadid`: protocol 4.2. */
export function sessionStatus(core: Core, call: Call, name: string, schema?: string): Reply {
  const { session } = findSession(core, call, name, schema);
  return sessionReply(session, call.query.get('getblockid') !== 'false');
}

/** `POST ?uploadid`: protocol 4.4. A second commit answers the closed session. */
export async function commitSession(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { session, table } = findSession(core, call, name, schema);
  if (session.status === 'closed') return sessionReply(session);
  checkUnchanged(table, session, `upload ${session.id}`);
  core.quotas.take('commit', table);
  const leave = core.quotas.enterCommit(table);
  const done = commitLater(core, call, session).finally(leave);
  if (call.closing === undefined) await done;
  else done.catch(() => {});
  return sessionReply(session);
}

/** With a `closing` fault the rows become visible some time after the answer. */
async function commitLater(core: Core, call: Call, session: Session): Promise<void> {
  if (call.closing === undefined) return core.sessions.commit(session);
  core.sessions.checkWritable(session);
  session.status = 'closing';
  session.closingWord = call.closing.word;
  await new Promise((resolve) => setTimeout(resolve, call.closing?.ms).unref());
  // Fault control may have decided otherwise meanwhile.
  if (session.status !== 'closing') return;
  session.status = 'normal';
  return core.sessions.commit(session);
}

/** `PUT ?uploadid&blockid`: protocol 4.3. The body is checked as it comes and stored when it is whole. */
export async function putBlock(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { session, table } = findSession(core, call, name, schema);
  const id = blockId(call.query.get('blockid'));
  core.sessions.checkWritable(session);
  if (!sameColumns(session.table.columns, table.columns)) throw schemaModified(table, `upload ${session.id}`);
  core.quotas.take('block', table);
  const version = numberParameter(call, 'block_version', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const { columns, primaryKey } = session.table;
  const required = requiredColumns(columns, primaryKey);
  const block = await stageBlock(core, call, { columns, required, arrow: call.query.has('arrow') });
  await core.sessions.addBlock(session, id, block, version);
  return { status: 200 };
}

function blockId(text: string | undefined): number {
  const id = /^\d{1,9}$/.test(text ?? '') ? Number(text) : -1;
  if (id >= 0 && id <= LAST_BLOCK_ID) return id;
  throw new Refusal(400, 'InvalidBlockID', `Block id "${text ?? ''}" is outside 0..${LAST_BLOCK_ID}.`);
}

function sessionReply(session: Session, withBlocks = true): Reply {
  const blocks = withBlocks ? blockList(session) : [];
  const content = {
    UploadID: session.id,
    Status: session.status === 'closing' ? session.closingWord : session.status,
    Owner: OWNER,
    Initiated: new Date(session.createdAt).toUTCString(),
    IsOverwrite: session.overwrite,
    MaxFieldSize: MAX_FIELD_BYTES,
    QuotaName: session.quotaName,
    Schema: schemaJson(session.table),
    UploadedBlockList: blocks.map(({ id, rows, createdAt }) => ({
      BlockID: id,
      RecordCount: rows,
      CreateTime: Math.floor(createdAt / 1000),
      Date: new Date(createdAt).toUTCString(),
    })),
  };
  return json(content);
}
