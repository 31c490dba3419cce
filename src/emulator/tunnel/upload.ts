import type { Call, Core } from '../core.ts';
import { tableOf } from '../core.ts';
import { json, Refusal, type Reply } from '../errors.ts';
import { OWNER } from '../model/catalog.ts';
import { sameColumns, schemaModified } from '../model/destination.ts';
import { schemaJson } from '../model/schema-json.ts';
import { MAX_FIELD_BYTES, requiredColumns } from '../record/value-checks.ts';
import { httpDate, seconds } from '../times.ts';
import { stageBlock } from './block-body.ts';
import { commitOf } from './commit-call.ts';
import {
  checkDestination,
  givenValues,
  namedValues,
  needTablePartition,
  numberParameter,
  quotaOf,
  writableTable,
} from './target.ts';
import { blockList, LAST_BLOCK_ID, type Upload } from './uploads.ts';

/** `POST ?uploads`: protocol 4.1. */
export async function createSession(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const table = writableTable(core, call, name, schema);
  const values = namedValues(table, call);
  core.quotas.take('session', table);
  await needTablePartition(core, { table, values }, isTrue(call, 'create_partition'));
  const plan = { table, values, overwrite: isTrue(call, 'overwrite'), quotaName: quotaOf(call) };
  return uploadReply(core, core.uploads.create(plan));
}

const isTrue = (call: Call, name: string): boolean => call.query.get(name)?.toLowerCase() === 'true';

/** The upload of a call and its table as it is now. */
function findUpload(core: Core, call: Call, name: string, schema?: string) {
  const table = tableOf(core, call, name, schema);
  const upload = core.uploads.find(call.query.get('uploadid') ?? '');
  checkDestination('Upload', upload.id, upload, table, givenValues(table, call) ?? []);
  return { upload, table };
}

/** `GET ?uploadid`: protocol 4.2. */
export function sessionStatus(core: Core, call: Call, name: string, schema?: string): Reply {
  const { upload } = findUpload(core, call, name, schema);
  return uploadReply(core, upload, call.query.get('getblockid') !== 'false');
}

/** `POST ?uploadid`: protocol 4.4. A second commit answers the committed session. */
export async function commitSession(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { upload, table } = findUpload(core, call, name, schema);
  if (upload.state !== 'committed') await commitOf(core, call, core.uploads, upload, table);
  return uploadReply(core, upload);
}

/** `PUT ?uploadid&blockid`: protocol 4.3. The body is checked as it comes and stored when it is whole. */
export async function putBlock(core: Core, call: Call, name: string, schema?: string): Promise<Reply> {
  const { upload, table } = findUpload(core, call, name, schema);
  const id = blockId(call.query.get('blockid'));
  core.uploads.checkOpen(upload);
  if (!sameColumns(upload.table.columns, table.columns)) throw schemaModified(table, `upload ${upload.id}`);
  core.quotas.take('block', table);
  const version = numberParameter(call, 'block_version', 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const { columns, primaryKey } = upload.table;
  const required = requiredColumns(columns, primaryKey);
  const block = await stageBlock(core, call, { columns, required, arrow: call.query.has('arrow') });
  await core.uploads.addBlock(upload, id, block, version);
  return { status: 200 };
}

function blockId(text: string | undefined): number {
  const id = /^\d{1,9}$/.test(text ?? '') ? Number(text) : -1;
  if (id >= 0 && id <= LAST_BLOCK_ID) return id;
  throw new Refusal(400, 'InvalidBlockID', `Block id "${text ?? ''}" is outside 0..${LAST_BLOCK_ID}.`);
}

function uploadReply(core: Core, upload: Upload, withBlocks = true): Reply {
  const blocks = withBlocks ? blockList(upload) : [];
  const content = {
    UploadID: upload.id,
    Status: core.uploads.wordOf(upload),
    Owner: OWNER,
    Initiated: httpDate(upload.createdAt),
    IsOverwrite: upload.overwrite,
    MaxFieldSize: MAX_FIELD_BYTES,
    QuotaName: upload.quotaName,
    Schema: schemaJson(upload.table),
    UploadedBlockList: blocks.map(({ id, rows, createdAt }) => ({
      BlockID: id,
      RecordCount: rows,
      CreateTime: seconds(createdAt),
      Date: httpDate(createdAt),
    })),
  };
  return json(content);
}
