import { type Column, columnsOf, isObject, isTrue, type Json, parseObject, textOf } from './answer.ts';
import { type Call, few } from './call.ts';
import type { Client } from './client.ts';
import { serviceQuery, serviceTable, tableName } from './wire.ts';
import { find, parseXml, type XmlElement } from './xml.ts';

export type { Column } from './answer.ts';

export interface TableInfo {
  readonly name: string;
  /** `table`, `view`, `external`, or the service's own word in lower case (`materialized_view`). */
  readonly kind: string;
  /** Without the table partition columns. */
  readonly columns: readonly Column[];
  readonly partitionKeys: readonly { readonly name: string; readonly type: string }[];
  /** Empty: the table has none. */
  readonly primaryKey: readonly string[];
  readonly transactional: boolean;
}

const KINDS: Record<string, string> = {
  MANAGED_TABLE: 'table',
  VIRTUAL_VIEW: 'view',
  EXTERNAL_TABLE: 'external',
};

/** Reads a table's metadata (protocol 3.1). For uploading, the session's columns count, not these. */
export async function loadTable(client: Client, name: string, signal?: AbortSignal): Promise<TableInfo> {
  const { options } = client;
  const call: Call = {
    name: 'read the table',
    about: tableName(options, name),
    to: 'service',
    method: 'GET',
    resource: serviceTable(options, name),
    query: { extended: null, ...serviceQuery(options) },
    patience: few(client.limits),
    signal,
  };
  return client.ask(call, ({ text }) => readTable(parseXml(text.trim()), name));
}

function readTable(root: XmlElement, asked: string): TableInfo {
  const schema = parseObject(find(root, 'Schema')?.text ?? '');
  const reserved = reservedOf(schema);
  const primaryKey = Array.isArray(reserved.PrimaryKey) ? reserved.PrimaryKey.map(String) : [];
  return {
    name: find(root, 'Name')?.text.trim() || asked,
    kind: kindOf(find(root, 'Type')?.text.trim() ?? '', schema),
    columns: columnsOf(schema.columns),
    partitionKeys: columnsOf(schema.partitionKeys).map(({ name, type }) => ({ name, type })),
    primaryKey,
    transactional: isTrue(reserved.Transactional),
  };
}

/** `Reserved` is JSON text inside the JSON. */
function reservedOf({ Reserved: reserved }: Json): Json {
  if (isObject(reserved)) return reserved;
  const text = textOf(reserved);
  return text === null ? {} : parseObject(text);
}

function kindOf(type: string, schema: Json): string {
  if (type !== '') return KINDS[type.toUpperCase()] ?? type.toLowerCase();
  if (isTrue(schema.isVirtualView)) return 'view';
  if (isTrue(schema.isMaterializedView)) return 'materialized_view';
  return isTrue(schema.isExternal) ? 'external' : 'table';
}
