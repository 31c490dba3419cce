import type { ColumnDefinition, Table } from './catalog.ts';
import { typeText } from './types.ts';

/** Schema as tunnel answers hold it (protocol 4.1). */
export function schemaJson(table: Table): object {
  const column = ({ name, type, comment, nullable }: ColumnDefinition, index: number) => ({
    ...{ name, type: typeText(type), comment, nullable, column_id: String(index) },
  });
  return {
    IsVirtualView: table.kind === 'VIRTUAL_VIEW',
    columns: table.columns.map(column),
    partitionKeys: table.tablePartitionColumns.map(column),
  };
}

/** Schema as service answers hold it (protocol 3.1); `extended` adds what only that call answers. */
export function tableJson(table: Table, extended: boolean): object {
  const column = ({ name, type, comment, nullable }: ColumnDefinition) => ({
    ...{ name, type: typeText(type), comment, label: '', isNullable: nullable },
  });
  const seconds = Math.floor(table.createdAt / 1000);
  return {
    columns: table.columns.map(column),
    partitionKeys: table.tablePartitionColumns.map(column),
    comment: table.comment,
    owner: 'ALIYUN$local',
    createTime: seconds,
    lastModifiedTime: seconds,
    lastDDLTime: seconds,
    isVirtualView: table.kind === 'VIRTUAL_VIEW',
    isMaterializedView: false,
    isExternal: table.kind === 'EXTERNAL_TABLE',
    lifecycle: table.lifecycle,
    size: 0,
    recordNum: table.rows,
    tableLabel: '',
    shardExist: false,
    ...(table.query ? { viewText: table.query } : {}),
    ...(extended ? extendedFields(table) : {}),
  };
}

function extendedFields(table: Table): object {
  const reserved = {
    Transactional: String(table.transactional),
    ...(table.primaryKey.length ? { PrimaryKey: table.primaryKey } : {}),
    schema_version: '1',
  };
  return { IsArchived: false, PhysicalSize: 0, FileNum: 1, Reserved: JSON.stringify(reserved) };
}
