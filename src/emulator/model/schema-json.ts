import { seconds } from '../times.ts';
import type {
  Clustering,
  ColumnDefinition,
  ExternalStorage,
  Generated,
  Properties,
  Table,
} from './catalog.ts';
import type { TablePartition } from './table-partitions.ts';
import { typeText } from './types.ts';

/** Schema as tunnel answers hold it (protocol 4.1). */
export function schemaJson(table: Pick<Table, 'kind' | 'columns' | 'tablePartitionColumns'>): object {
  const column = ({ name, type, comment, nullable }: ColumnDefinition, index: number) => ({
    name,
    type: typeText(type),
    comment,
    nullable,
    column_id: String(index),
  });
  return {
    IsVirtualView: table.kind === 'VIRTUAL_VIEW',
    columns: table.columns.map(column),
    partitionKeys: table.tablePartitionColumns.map(column),
  };
}

/** Schema as service answers hold it (protocol 3.1); `extended` adds what only that call answers. */
export function tableJson(table: Table, extended: boolean): object {
  const column = ({ name, type, comment, nullable, defaultValue }: ColumnDefinition) => ({
    name,
    type: typeText(type),
    comment,
    label: '',
    isNullable: nullable,
    ...(defaultValue === undefined ? {} : { defaultValue }),
  });
  return {
    columns: table.columns.map(column),
    partitionKeys: table.tablePartitionColumns.map((each) => ({
      ...column(each),
      ...(each.generated ? generatedFields(table, each.generated) : {}),
    })),
    comment: table.comment,
    owner: table.owner,
    createTime: seconds(table.createdAt),
    lastModifiedTime: seconds(table.lastModifiedAt),
    lastDDLTime: seconds(table.ddlAt),
    isVirtualView: table.kind === 'VIRTUAL_VIEW',
    isMaterializedView: false,
    isExternal: table.kind === 'EXTERNAL_TABLE',
    lifecycle: table.lifecycle,
    size: table.bytes,
    recordNum: table.rows,
    tableLabel: '',
    shardExist: false,
    ...(table.kind === 'VIRTUAL_VIEW' ? { viewText: table.viewText } : {}),
    ...propertyFields(table.properties),
    ...(table.external ? externalFields(table.external) : {}),
    ...(extended ? extendedFields(table) : {}),
  };
}

/** The expression in the order of its evaluation: both clients find the table partition of a row by it. */
function generatedFields({ columns }: Table, { column, unit }: Generated): object {
  const origin = columns.find(({ name }) => name === column)!;
  const steps = [
    { leafExprDesc: { reference: { name: column }, type: typeText(origin.type) } },
    { leafExprDesc: { constant: unit, type: 'string' } },
    { functionCall: { name: 'trunc_time', type: 'string' } },
  ];
  return { hasGenerateExpression: true, generateExpression: JSON.stringify(steps) };
}

/** Transactional is told by itself, in `Reserved`. */
function propertyFields({ transactional: _told, ...others }: Properties): object {
  return Object.keys(others).length ? { tableProperties: JSON.stringify(others) } : {};
}

function externalFields({ location, handler, resources, serdeProperties }: ExternalStorage): object {
  return {
    location,
    storageHandler: handler ?? '',
    resources: resources ?? '',
    serDeProperties: JSON.stringify(serdeProperties ?? {}),
  };
}

function extendedFields(table: Table): object {
  const reserved = {
    Transactional: String(table.transactional),
    ...(table.primaryKey.length ? { PrimaryKey: table.primaryKey } : {}),
    ...(table.clustering ? clusteringFields(table.clustering) : {}),
    ...(table.external?.storedAs ? { StoredAs: table.external.storedAs } : {}),
    ...reservedProperties(table),
    schema_version: String(table.schemaVersion),
  };
  return { ...storageFields(table), Reserved: JSON.stringify(reserved) };
}

function clusteringFields({ kind, columns, sorted, buckets }: Clustering): object {
  return {
    ClusterType: kind,
    BucketNum: buckets,
    ClusterCols: columns,
    SortCols: sorted.map(({ name, descending }) => ({ col: name, order: descending ? 'desc' : 'asc' })),
  };
}

/** Delta tables tell their buckets and how long history is kept, as the service does. */
function reservedProperties({ properties, primaryKey, clustering }: Table): object {
  const buckets = properties['write.bucket.num'];
  const hours = properties['acid.data.retain.hours'];
  const tier = properties.storagetier;
  return {
    ...(buckets && primaryKey.length && !clustering
      ? { ClusterType: 'hash', BucketNum: Number(buckets), ClusterCols: primaryKey }
      : {}),
    ...(hours ? { 'acid.data.retain.hours': hours } : {}),
    ...(tier ? { StorageTier: tier } : {}),
  };
}

/** Each table partition, and a table without, is one file as soon as it holds rows. */
function storageFields(known: Table | TablePartition): object {
  const parts =
    'tablePartitions' in known && known.tablePartitions.size ? known.tablePartitions.all() : [known];
  const FileNum = parts.filter(({ rows }) => rows > 0).length;
  return { IsArchived: false, PhysicalSize: known.bytes || known.rows, FileNum };
}

/** Days after which a table partition goes; -1: never, or switched off for it. */
export const lifecycleOf = ({ lifecycle }: Table, { lifecycleOff }: TablePartition): number =>
  lifecycleOff ? -1 : lifecycle;

/**
 * A table partition as service answers hold it (requests 5). The extended form says nothing of what the other says:
 * PyODPS takes a table partition whose times it knows for one that it has read.
 */
export function tablePartitionJson(table: Table, known: TablePartition, extended: boolean): object {
  if (extended) {
    const LifeCycle = lifecycleOf(table, known);
    return { ...storageFields(known), IsExstore: false, LifeCycle, Reserved: '{}' };
  }
  return {
    createTime: seconds(known.createdAt),
    lastDDLTime: seconds(known.createdAt),
    lastModifiedTime: seconds(known.lastModifiedAt),
    lastAccessTime: seconds(known.lastModifiedAt),
    partitionSize: known.bytes,
    partitionRecordNum: known.rows,
  };
}
