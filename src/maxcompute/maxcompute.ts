/**
 * The MaxCompute client: table metadata, SQL statements and upload sessions of one project, over HTTP
 * (the wire is the tunnel protocol, whose chapters are cited as "protocol 4.3"). It knows nothing of
 * Kafka, batches or the service's configuration.
 *
 * Every error is a SinkError; its message names the call, the table, the server's code, the HTTP status
 * and the request id. One exception: when the caller's signal aborts, its reason is thrown as it is.
 */
import { openClient } from './client.ts';
import { type FoundSession, findSession, type SessionPlace } from './found-session.ts';
import type { MaxComputeOptions } from './options.ts';
import { runSql, type SqlOptions } from './sql.ts';
import { loadTable, type TableInfo } from './table.ts';
import { addTablePartition, hasTablePartition, listTablePartitions } from './table-partitions.ts';
import { openTableUpload, type TableUpload, type UploadOptions } from './upload.ts';

export type { FoundSession } from './found-session.ts';
export type { AnswerEvent, ClientLimits, MaxComputeOptions, RetryEvent, WaitEvent } from './options.ts';
export type { Credentials } from './sign.ts';
export type { Column, TableInfo } from './table.ts';
export type { TableUpload, UploadSession } from './upload.ts';

export interface MaxCompute {
  /** The table as the metadata service sees it. Throws `table_missing`. */
  table(name: string, signal?: AbortSignal): Promise<TableInfo>;
  /** Upload sessions of one table; missing table partitions are created unless told otherwise. */
  upload(table: string, options?: UploadOptions): TableUpload;
  /** A session of any table, also of another project or schema, by its id; asks nothing yet. */
  session(place: SessionPlace): FoundSession;
  /** Runs one statement to its end; the result is CSV text for a query, empty for DDL. */
  runSql(text: string, options?: SqlOptions): Promise<string>;
  /** Whether the table partition (`dt=20261121,hr=09`) is there. */
  hasTablePartition(table: string, tablePartition: string, signal?: AbortSignal): Promise<boolean>;
  /** Names of existing table partitions that can be addressed, `most` of them. */
  listTablePartitions(table: string, most: number, signal?: AbortSignal): Promise<string[]>;
  /** Creates the table partition unless it is there. */
  addTablePartition(table: string, tablePartition: string, signal?: AbortSignal): Promise<void>;
  /** Ends all connections; calls under way fail. */
  close(): Promise<void>;
}

/** Opens no connection; the first call does. */
export function openMaxCompute(options: MaxComputeOptions): MaxCompute {
  const client = openClient(options);
  return {
    table: (name, signal) => loadTable(client, name, signal),
    upload: (table, uploadOptions) => openTableUpload(client, table, uploadOptions),
    session: (place) => findSession(client, place),
    runSql: (text, sqlOptions) => runSql(client, text, sqlOptions),
    hasTablePartition: (table, spec, signal) => hasTablePartition(client, table, spec, signal),
    listTablePartitions: (table, most, signal) => listTablePartitions(client, table, most, signal),
    addTablePartition: (table, spec, signal) => addTablePartition(client, table, spec, signal),
    close: () => client.close(),
  };
}
