import { type Decode, decoderOf } from '../compress/codecs.ts';
import type { Call, Core } from '../core.ts';
import { tableOf } from '../core.ts';
import { malformed, Refusal, type Reply } from '../errors.ts';
import { parseSpec, specText, specValues, type Table } from '../model/catalog.ts';
import { schemaJson } from '../model/schema-json.ts';
import { createRecordReader } from '../record/record-reader.ts';
import { addTablePartition } from '../sql/execute.ts';
import type { BlockLoader, StagedBlock } from '../store/store.ts';
import { blockList, LAST_BLOCK_ID, type Session } from './uploads.ts';

/** The table partition that a call names: values and `pt=a` text, checked against the table (protocol 4.1). */
function namedTablePartition(table: Table, call: Call): { values: string[]; spec: string | undefined } {
  const text = call.query.get('partition');
  if (!table.tablePartitionColumns.length) {
    if (!text) return { values: [], spec: undefined };
    throw new Refusal(400, 'InvalidPartitionSpec', `Table ${table.name} is not partitioned.`);
  }
  if (!text) {
    const names = table.tablePartitionColumns.map((column) => column.name).join(', ');
    throw new Refusal(
      400,
      'MissingPartitionSpec',
      `Table ${table.name} is partitioned by ${names}: name all of them.`,
    );
  }
  const values = specValues(table, parseSpec(text));
  return { values, spec: specText(table, values) };
}

/** `POST ?uploads`: protocol 4.1. */
export async function createSession(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = tableOf(core, call, name, schema);
  if (table.kind !== 'MANAGED_TABLE') {
    throw new Refusal(400, 'MethodNotAllowed', `Table ${table.name} is a ${table.kind}: it takes no upload.`);
  }
  const { values, spec } = namedTablePartition(table, call);
  if (spec && !table.tablePartitions.has(spec)) {
    if (call.query.get('create_partition') !== 'true') throw noSuchTablePartition(table, spec);
    await addTablePartition(core, table, values);
  }
  core.quotas.take('session', table.id);
  return sessionReply(core.sessions.create(table, values, call.query.get('overwrite') === 'true'));
}

const noSuchTablePartition = (table: Table, spec: string): Refusal =>
  new Refusal(
    404,
    'NoSuchPartition',
    `The specified partition ${spec} of table ${table.name} does not exist.`,
  );

function findSession(core: Core, call: Call, name: string, schema?: string): Session {
  const table = tableOf(core, call, name, schema);
  const text = call.query.get('partition');
  const spec = text && table.tablePartitionColumns.length ? namedTablePartition(table, call).spec : text;
  return core.sessions.find(call.query.get('uploadid') ?? '', table, spec || undefined);
}

/** Protocol 10.2: a session keeps the columns it began with. */
function checkColumns(session: Session, table: Table): void {
  if (session.table.columns === table.columns) return;
  throw new Refusal(
    412,
    'SchemaModified',
    `The columns of table ${table.name} have changed since upload ${session.id} began.`,
  );
}

/** `GET ?uploadid`: protocol 4.2. */
export function sessionStatus(core: Core, call: Call, name: string, schema?: string): Reply {
  return sessionReply(findSession(core, call, name, schema), call.query.get('getblockid') !== 'false');
}

/** `POST ?uploadid`: protocol 4.4. A second commit answers the closed session. */
export async function commitSession(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const session = findSession(core, call, name, schema);
  if (session.status === 'closed') return sessionReply(session);
  checkColumns(session, tableOf(core, call, name, schema));
  const spec = specText(session.table, session.values);
  if (spec && !session.table.tablePartitions.has(spec)) throw noSuchTablePartition(session.table, spec);
  core.quotas.take('commit', session.table.id);
  const leave = core.quotas.enterCommit(session.table.id);
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
  const session = findSession(core, call, name, schema);
  const id = blockId(call.query.get('blockid'));
  core.sessions.checkWritable(session);
  checkColumns(session, tableOf(core, call, name, schema));
  if (call.query.has('arrow')) throw malformed('Arrow blocks are not supported by this local MaxCompute');
  core.quotas.take('block', session.table.id);
  const version = Number(call.query.get('block_version') ?? 0);
  const decode = decoderOf(call.request.headers['content-encoding']);
  const loader = await core.store.load(session.table.columns);
  await core.sessions.addBlock(
    session,
    id,
    await readBlock(core, call, session.table, loader, decode),
    version,
  );
  return { status: 200 };
}

function blockId(text: string | undefined): number {
  const id = /^\d{1,9}$/.test(text ?? '') ? Number(text) : -1;
  if (id >= 0 && id <= LAST_BLOCK_ID) return id;
  throw new Refusal(400, 'InvalidBlockID', `Block id "${text ?? ''}" is outside 0..${LAST_BLOCK_ID}.`);
}

async function readBlock(
  core: Core,
  call: Call,
  table: Table,
  loader: BlockLoader,
  decode: Decode,
): Promise<StagedBlock> {
  try {
    const types = table.columns.map((column) => column.type);
    const reader = createRecordReader(types, loader.onRecord);
    for await (const piece of decode(counted(core, call.body))) reader.push(piece);
    return await loader.finish(reader.end());
  } catch (error) {
    await loader.abort().catch(() => {});
    throw error;
  }
}

async function* counted(core: Core, body: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  for await (const piece of body) {
    core.traffic.bytesIn += piece.length;
    yield piece;
  }
}

function sessionReply(session: Session, withBlocks = true): Reply {
  const blocks = withBlocks ? blockList(session) : [];
  const content = {
    UploadID: session.id,
    Status: session.status === 'closing' ? session.closingWord : session.status,
    Owner: 'ALIYUN$local',
    Initiated: new Date(session.createdAt).toUTCString(),
    IsOverwrite: session.overwrite,
    MaxFieldSize: 8388608,
    QuotaName: 'default',
    Schema: schemaJson(session.table),
    UploadedBlockList: blocks.map(({ id, rows, createdAt }) => ({
      BlockID: id,
      RecordCount: rows,
      CreateTime: Math.floor(createdAt / 1000),
      Date: new Date(createdAt).toUTCString(),
    })),
  };
  return { status: 200, type: 'application/json', body: JSON.stringify(content) };
}
