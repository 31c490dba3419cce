import type { Call, Core } from '../core.ts';
import type { Reply } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import { noSuchTablePartition } from '../model/destination.ts';
import { tablePartitionJson } from '../model/schema-json.ts';
import { parseSpec, quotedSpec, specTest, specValues } from '../model/spec.ts';
import type { TablePartition } from '../model/table-partitions.ts';
import { ascending, descending } from '../order.ts';
import { seconds } from '../times.ts';
import { cdata, element, escapeXml, fields } from '../xml.ts';
import { listing, page, xml } from './answers.ts';
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
  return page(call, 'Partitions', sorted, { keyOf, order }, (one) => listItem(table, one));
}

/** By the first value, then the second: NUL is below every character. */
const keyOf = ({ values }: TablePartition): string => values.join('\0');

const nameItem = (table: Table, { values }: TablePartition): string =>
  `<Partition>${element('Name', quotedSpec(table, values))}</Partition>`;

function listItem(table: Table, known: TablePartition): string {
  const columns = table.tablePartitionColumns.map(
    ({ name }, at) => `<Column Name="${escapeXml(name)}" Value="${escapeXml(known.values[at]!)}"/>`,
  );
  const [created, modified] = [seconds(known.createdAt), seconds(known.lastModifiedAt)];
  const facts = fields({
    CreationTime: created,
    LastDDLTime: created,
    LastModifiedTime: modified,
    LastAccessTime: modified,
    PartitionSize: known.bytes,
    PartitionRecordCount: known.rows,
  });
  return `<Partition>${columns.join('')}${facts}</Partition>`;
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
