import type { Call, Core } from '../core.ts';
import type { Reply } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { noSuchTablePartition } from '../model/destination.ts';
import { tablePartitionJson } from '../model/schema-json.ts';
import { parseSpec, quotedSpec, specTest, specValues } from '../model/spec.ts';
import type { TablePartition } from '../model/table-partitions.ts';
import { cdata, escapeXml } from '../xml.ts';
import { ascending, descending, element, listing, page, seconds, xml } from './answers.ts';
import { serviceTable } from './tables.ts';

/** `GET .../tables/T?partitions[&partition=pt='a'][&reverse]`: with Column elements, or names only for `&name`. */
export function listTablePartitions(core: Core, call: Call, name: string, schema?: string): Reply {
  const table = serviceTable(core, call, name, schema);
  const { query } = call;
  const order = query.has('reverse') ? descending : ascending;
  const prefix = query.get('partition');
  const matches = specTest(table, prefix ? parseSpec(prefix) : new Map());
  const sorted = table.tablePartitions
    .all()
    .filter(matches)
    .sort((a, b) => order(keyOf(a), keyOf(b)));
  // Names are asked for without a marker: the answer has to hold them all.
  if (query.has('name'))
    return listing(
      'Partitions',
      sorted.map((one) => nameItem(table, one)),
    );
  const { items, marker, size } = page(call, sorted, keyOf, order);
  return listing(
    'Partitions',
    items.map((one) => listItem(table, one)),
    marker,
    size,
  );
}

/** By the first value, then the second: NUL is below every character. */
const keyOf = ({ values }: TablePartition): string => values.join('\0');

const nameItem = (table: Table, { values }: TablePartition): string =>
  `<Partition>${element('Name', quotedSpec(table, values))}</Partition>`;

function listItem(table: Table, known: TablePartition): string {
  const columns = table.tablePartitionColumns.map(
    ({ name }, at) => `<Column Name="${escapeXml(name)}" Value="${escapeXml(known.values[at]!)}"/>`,
  );
  const modified = seconds(known.lastModifiedAt);
  const facts = [
    element('CreationTime', seconds(known.createdAt)),
    element('LastDDLTime', seconds(known.createdAt)),
    element('LastModifiedTime', modified),
    element('LastAccessTime', modified),
    element('PartitionSize', known.bytes),
    element('PartitionRecordCount', known.rows),
  ];
  return `<Partition>${columns.join('')}${facts.join('')}</Partition>`;
}

/** `GET .../tables/T?partition=pt='a'[&extended]`: 404 NoSuchPartition when there is none. */
export function getTablePartition(core: Core, call: Call, name: string, schema?: string): Reply {
  const table = serviceTable(core, call, name, schema);
  const values = specValues(table, parseSpec(call.query.get('partition') ?? ''));
  const known = table.tablePartitions.get(values);
  if (!known) throw noSuchTablePartition(table, values);
  const json = tablePartitionJson(table, known, call.query.has('extended'));
  return xml(`<Partition><Schema format="Json">${cdata(JSON.stringify(json))}</Schema></Partition>`);
}
