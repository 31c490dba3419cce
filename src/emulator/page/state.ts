import type { Control } from '../control/control.ts';
import { listSessions } from '../control/session-control.ts';
import type { Core } from '../core.ts';
import type { Table } from '../model/catalog.ts';
import { quotedSpec } from '../model/spec.ts';
import { typeText } from '../model/types.ts';
import { ascending, descending } from '../order.ts';
import type { Instance } from '../sql/instances.ts';
import { createStatement } from '../sql/show-create.ts';

/** Of each list the page shows at most so many. */
const SHOWN = { tables: 1000, tablePartitions: 1000, sessions: 100, instances: 50 } as const;
/** Characters of a statement or an error that the page shows. */
const TEXT = 2000;

/** What the page shows, as one JSON document: lists are cut, with their full lengths beside them. */
export function pageState(core: Core, control: Control, started: StartedAs): object {
  const tables = core.catalog
    .list()
    .sort((a, b) => ascending(a.schema, b.schema) || ascending(a.name, b.name));
  // Ids begin with the time, and each kind comes in its own order.
  const sessions = listSessions(core).sort((a, b) => descending(a.id, b.id));
  const instances = core.instances.list();
  return {
    ...started,
    project: core.project,
    threeLayers: core.threeLayers,
    timeZone: core.timeZone,
    startedAt: core.startedAt,
    now: core.now(),
    schemas: [...core.catalog.schemas.keys()].sort(),
    tableCount: tables.length,
    rows: sum(tables, (table) => table.rows),
    bytes: sum(tables, (table) => table.bytes),
    tables: tables.slice(0, SHOWN.tables).map(tableLine),
    openSessions: sessions.filter((session) => session.status === 'normal').length,
    sessionCount: sessions.length,
    sessions: sessions.slice(0, SHOWN.sessions),
    instanceCount: instances.length,
    instances: instances.slice(-SHOWN.instances).reverse().map(instanceLine),
    requests: Object.fromEntries(Object.entries(core.traffic.requests).filter(([, count]) => count > 0)),
    bytesIn: core.traffic.bytesIn,
    faults: control.list(),
  };
}

/** How the process was started, as far as the page says so. */
export interface StartedAs {
  readonly endpoint: string;
  readonly tunnel: string;
  readonly accessId: string;
  readonly kept: string;
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);

function tableLine(table: Table): object {
  const { schema, name, kind, comment, rows, bytes } = table;
  return {
    schema,
    name,
    kind,
    comment,
    rows,
    bytes,
    transactional: table.transactional,
    partitioned: table.tablePartitionColumns.length > 0,
    tablePartitions: table.tablePartitions.size,
    modifiedAt: table.lastModifiedAt,
  };
}

function instanceLine(instance: Instance): object {
  const { id, taskName, query, status, startedAt, endedAt } = instance;
  const error = status === 'Failed' ? instance.outcome.text.slice(0, TEXT) : null;
  return { id, taskName, query: query.slice(0, TEXT), status, startedAt, endedAt: endedAt ?? null, error };
}

/** Columns, table partitions and DDL of one table; undefined when there is none. */
export function tableDetail(core: Core, schema: string, name: string): object | undefined {
  const table = core.catalog.find({ schema, name });
  if (!table) return undefined;
  const columns = [
    ...table.columns.map((column) => ({ ...column, partition: false })),
    ...table.tablePartitionColumns.map((column) => ({ ...column, partition: true })),
  ];
  const known = table.tablePartitions.all();
  return {
    lifecycle: table.lifecycle,
    primaryKey: table.primaryKey,
    comment: table.comment,
    createdAt: table.createdAt,
    columns: columns.map((column) => ({ ...column, type: typeText(column.type) })),
    tablePartitionCount: known.length,
    // The newest are what one looks for.
    tablePartitions: known
      .slice(-SHOWN.tablePartitions)
      .reverse()
      .map((one) => ({
        spec: quotedSpec(table, one.values),
        rows: one.rows,
        bytes: one.bytes,
        modifiedAt: one.lastModifiedAt,
      })),
    ddl: createStatement(core.project, table).trim(),
  };
}
