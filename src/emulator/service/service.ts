import type { Call, Core } from '../core.ts';
import { bodyText, tableOf } from '../core.ts';
import { Refusal, type Reply } from '../errors.ts';
import {
  parseSpec,
  quotedSpec,
  specText,
  specValues,
  type Table,
  type TablePartition,
} from '../model/catalog.ts';
import { tableJson } from '../model/schema-json.ts';
import type { Instance } from '../sql/instances.ts';
import { cdata, escapeXml } from '../xml.ts';

const xml = (body: string, headers: Record<string, string> = {}): Reply => ({
  ...{ status: 200, type: 'application/xml', headers, body: `<?xml version="1.0" encoding="UTF-8"?>${body}` },
});

const httpDate = (time: number): string => new Date(time).toUTCString();
const OWNER = 'ALIYUN$local';

/** `GET /projects/P`: both clients read the two times from headers. */
export function getProject(core: Core): Reply {
  const time = httpDate(core.now());
  const headers = { 'x-odps-owner': OWNER, 'x-odps-creation-time': time, 'Last-Modified': time };
  const settings = { 'odps.schema.model.enabled': 'false', 'odps.sql.timezone': core.timeZone };
  const list = Object.entries(settings).map(
    ([name, value]) => `<Property><Name>${name}</Name><Value>${escapeXml(value)}</Value></Property>`,
  );
  const body =
    `<Project><Name>${escapeXml(core.project)}</Name><Type>managed</Type><Comment/><Owner>${OWNER}</Owner>` +
    `<State>AVAILABLE</State><Properties>${list.join('')}</Properties></Project>`;
  return xml(body, headers);
}

/** `GET /projects/P/tunnel?service`: host:port and nothing else (protocol 1.2). */
export const getTunnel = (_core: Core, call: Call): Reply => ({
  status: 200,
  type: 'text/plain',
  body: call.address,
});

/** `GET .../tables/T[?extended]` (protocol 3.1). */
export function getTable(core: Core, call: Call, name: string, schema?: string): Reply {
  const table = serviceTable(core, call, name, schema);
  const time = httpDate(table.createdAt);
  const json = JSON.stringify(tableJson(table, call.query.has('extended')));
  return xml(
    `<Table format="Json"><Name>${escapeXml(table.name)}</Name><TableId>${table.id}</TableId>` +
      `<Schema format="Json">${cdata(json)}</Schema><Comment>${escapeXml(table.comment)}</Comment>` +
      `<Owner>${OWNER}</Owner><Project>${escapeXml(core.project)}</Project><SchemaName>${escapeXml(table.schema)}</SchemaName>` +
      `<TableLabel/><CreationTime>${time}</CreationTime><LastModifiedTime>${time}</LastModifiedTime>` +
      `<LastAccessTime>${time}</LastAccessTime><Type>${table.kind}</Type></Table>`,
  );
}

function serviceTable(core: Core, call: Call, name: string, schema?: string): Table {
  try {
    return tableOf(core, call, name, schema);
  } catch (error) {
    if (error instanceof Refusal)
      throw new Refusal(404, 'NoSuchObject', `ODPS-0130131:Table not found - ${error.message}`);
    throw error;
  }
}

const PAGE = 1000;

/** Items after the marker `M` (a number), and the next marker. */
function page<T>(call: Call, items: readonly T[]): { items: readonly T[]; marker: string } {
  const start = Number(call.query.get('marker') || 0) || 0;
  const size = Math.min(Number(call.query.get('maxitems') || PAGE) || PAGE, PAGE);
  const end = start + size;
  return { items: items.slice(start, end), marker: end < items.length ? String(end) : '' };
}

/** `GET /projects/P/tables?expectmarker=true`. */
export function listTables(core: Core, call: Call, schema?: string): Reply {
  const prefix = (call.query.get('name') ?? '').toLowerCase();
  const all = core.catalog.list(schema ?? call.query.get('curr_schema') ?? 'default');
  const { items, marker } = page(
    call,
    all.filter((table) => table.name.startsWith(prefix)),
  );
  const list = items.map(
    (table) =>
      `<Table><Name>${escapeXml(table.name)}</Name><Owner>${OWNER}</Owner><Type>${table.kind}</Type></Table>`,
  );
  return xml(`<Tables><Marker>${marker}</Marker><MaxItems>${PAGE}</MaxItems>${list.join('')}</Tables>`);
}

/** `GET .../tables/T?partitions`: with Column elements, or names only for `&name`. */
export function listTablePartitions(core: Core, call: Call, name: string, schema?: string): Reply {
  const table = serviceTable(core, call, name, schema);
  const prefix = call.query.get('partition');
  const wanted = prefix ? parseSpec(prefix) : new Map<string, string>();
  const matches = ({ values }: TablePartition) =>
    table.tablePartitionColumns.every((column, at) => (wanted.get(column.name) ?? values[at]) === values[at]);
  const sorted = [...table.tablePartitions].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, known]) => known);
  const { items, marker } = page(call, sorted.filter(matches));
  const list = items.map((known) => listItem(table, known, call.query.has('name')));
  return xml(
    `<Partitions><Marker>${marker}</Marker><MaxItems>${PAGE}</MaxItems>${list.join('')}</Partitions>`,
  );
}

function listItem(table: Table, known: TablePartition, nameOnly: boolean): string {
  if (nameOnly) return `<Partition><Name>${escapeXml(quotedSpec(table, known.values))}</Name></Partition>`;
  const columns = table.tablePartitionColumns.map(
    ({ name }, at) => `<Column Name="${escapeXml(name)}" Value="${escapeXml(known.values[at]!)}"/>`,
  );
  const seconds = Math.floor(known.createdAt / 1000);
  const times = ['CreationTime', 'LastDDLTime', 'LastModifiedTime'].map(
    (tag) => `<${tag}>${seconds}</${tag}>`,
  );
  const counts = `<PartitionSize>0</PartitionSize><PartitionRecordCount>${known.rows}</PartitionRecordCount>`;
  return `<Partition>${columns.join('')}${times.join('')}${counts}</Partition>`;
}

/** `GET .../tables/T?partition=pt='a'[&extended]`: 404 NoSuchPartition when there is none. */
export function getTablePartition(core: Core, call: Call, name: string, schema?: string): Reply {
  const table = serviceTable(core, call, name, schema);
  const spec = specText(table, specValues(table, parseSpec(call.query.get('partition') ?? '')));
  const known = table.tablePartitions.get(spec);
  if (!known) throw new Refusal(404, 'NoSuchPartition', `The specified partition ${spec} does not exist.`);
  const seconds = Math.floor(known.createdAt / 1000);
  const extended = {
    IsArchived: false,
    IsExstore: false,
    LifeCycle: -1,
    PhysicalSize: 0,
    FileNum: 1,
    Reserved: '{}',
  };
  const json = {
    ...{ createTime: seconds, lastDDLTime: seconds, lastModifiedTime: seconds },
    ...{ partitionSize: 0, partitionRecordNum: known.rows },
    ...(call.query.has('extended') ? extended : {}),
  };
  return xml(`<Partition><Schema>${cdata(JSON.stringify(json))}</Schema></Partition>`);
}

/** `POST /projects/P/instances`: 201 with the Location, whatever becomes of the statement. */
export async function submitInstance(core: Core, call: Call): Promise<Reply> {
  const schema = call.query.get('curr_schema');
  const instance = core.instances.submit(core, await bodyText(call), schema);
  const path = `/api/projects/${encodeURIComponent(core.project)}/instances/${instance.id}`;
  return {
    status: 201,
    headers: { Location: `http://${call.address}${path}`, ...instanceHeaders(core, instance) },
  };
}

function instanceHeaders(core: Core, instance: Instance): Record<string, string> {
  return {
    'x-odps-owner': OWNER,
    'x-odps-start-time': httpDate(instance.startedAt),
    'x-odps-end-time': httpDate(instance.endedAt ?? core.now()),
  };
}

/** `GET .../instances/ID` with `taskstatus`, `result`, `source` or nothing. */
export function getInstance(core: Core, call: Call, id: string): Reply {
  const instance = core.instances.find(id);
  const headers = instanceHeaders(core, instance);
  if (call.query.has('source')) return xml(instance.source, headers);
  if (call.query.has('taskstatus')) return xml(taskStatus(core, instance), headers);
  if (call.query.has('result')) return xml(taskResult(instance), headers);
  return xml(`<Instance><Status>${overallStatus(instance)}</Status></Instance>`, headers);
}

const overallStatus = (instance: Instance): string =>
  instance.status === 'Running' ? 'Running' : 'Terminated';

function taskStatus(core: Core, instance: Instance): string {
  const start = `<StartTime>${httpDate(instance.startedAt)}</StartTime>`;
  const end = `<EndTime>${httpDate(instance.endedAt ?? core.now())}</EndTime>`;
  const task = `<Task Type="SQL"><Name>${escapeXml(instance.taskName)}</Name>${start}${end}<Status>${instance.status}</Status></Task>`;
  return `<Instance><Status>${overallStatus(instance)}</Status><Tasks>${task}</Tasks></Instance>`;
}

function taskResult(instance: Instance): string {
  const { format, text } = instance.outcome;
  const result = `<Result Format="${format}" Transform="Base64">${Buffer.from(text).toString('base64')}</Result>`;
  const task = `<Task Type="SQL"><Name>${escapeXml(instance.taskName)}</Name>${result}<Status>${instance.status}</Status></Task>`;
  return `<Instance><Tasks>${task}</Tasks></Instance>`;
}

/** `PUT .../instances/ID`: stop. */
export function stopInstance(core: Core, id: string): Reply {
  const instance = core.instances.find(id);
  if (instance.status === 'Running') instance.status = 'Cancelled';
  return { status: 200 };
}

/** `POST /projects/P/authorization`: a token for the logview link that clients print. */
export const authorize = (): Reply => xml('<Authorization><Result>local</Result></Authorization>');
