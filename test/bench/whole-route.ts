import { query, type Service, startService } from '../route/service.ts';
import { ORDERS_COLUMNS, ORDERS_MAPPING } from '../support/orders.ts';
import type { EmulatorChild, TempDir } from '../support/process.ts';
import { uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { LOADED_COLUMNS } from './emulator-load.ts';
import type { Source } from './readers.ts';
import { cpuOf, type Run } from './sample.ts';

const ROUTE_MS = 600_000;
const ORIGIN = `
    kafka_partition: __partition__
    kafka_offset: __offset__`;
/** The whole order in a column of its own: rows of 1 KB. */
const WHOLE = `
    whole: __value__`;
const mapping = (
  origin: boolean,
  whole: boolean,
) => `  columns:${ORDERS_MAPPING}${whole ? WHOLE : ''}${origin ? ORIGIN : ''}
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}`;

/** Where the service runs and writes to. */
export interface Place {
  readonly emulator: EmulatorChild;
  readonly folder: TempDir;
}

export interface OrdersOptions {
  readonly interval: string;
  readonly origin: boolean;
  /** Adds the column `whole`. */
  readonly whole?: boolean;
  readonly guarantee?: 'exactly_once' | 'at_least_once';
}

/** A new table for the orders, on demand with the origin of each row, and a service that fills it. */
export async function startOrders(
  { emulator, folder }: Place,
  { bootstrap, topic }: Pick<Source, 'bootstrap' | 'topic'>,
  { interval, origin, whole = false, guarantee = 'exactly_once' }: OrdersOptions,
): Promise<{ service: Service; table: string }> {
  const table = uniqueName('orders').replaceAll('-', '_');
  const columns = `${whole ? LOADED_COLUMNS : ORDERS_COLUMNS}${origin ? ', kafka_partition BIGINT, kafka_offset BIGINT' : ''}`;
  await query(emulator, `CREATE TABLE ${table} (${columns}) PARTITIONED BY (dt STRING, hr STRING);`);
  const group = uniqueName('route');
  const more = `guarantee: ${guarantee}\nflush: {interval: ${interval}}`;
  const service = await startService({
    ...{ folder, bootstrap, topic, group, emulator, table, mapping: mapping(origin, whole), more },
  });
  return { service, table };
}

/** The whole route: from the first read to the last commit of all records. */
export async function wholeRoute(
  place: Place,
  source: Source,
  guarantee: NonNullable<OrdersOptions['guarantee']>,
  wide = false,
): Promise<Run> {
  const { records } = source;
  const { service, table } = await startOrders(place, source, {
    interval: '1s',
    origin: false,
    whole: wide,
    guarantee,
  });
  await service.waitFor('topic partitions assigned');
  const start = cpuOf(service.pid);
  await until(() => acknowledgedRows(service) >= records || !service.running(), {
    what: 'all rows',
    deadlineMs: ROUTE_MS,
  });
  const workers = await service.metric('maxsink_worker_cpu_seconds_total');
  const { peakRssBytes, ...whole } = cpuOf(service.pid, workers);
  const rate = (1000 * records) / duration(service);
  await service.stop();
  const { rows } = (await stats(place.emulator)).tables[table]!;
  if (rows !== records) throw new Error(`${rows} rows of ${records} records`);
  return { rate, whole, start, peakRssBytes };
}

const acknowledgedRows = (service: Service): number =>
  service.logged('batch acknowledged').reduce((sum, line) => sum + (line.rows as number), 0);

function duration(service: Service): number {
  const at = (line: Record<string, unknown>) => Date.parse(line.time as string);
  return (
    at(service.logged('batch acknowledged').at(-1)!) - at(service.logged('topic partitions assigned')[0]!)
  );
}

interface Offsets {
  readonly topicPartition: number;
  readonly first: number;
  readonly last: number;
  readonly missing: number;
}

export interface Stats {
  readonly tables: Record<string, { readonly rows: number; readonly offsets?: readonly Offsets[] }>;
}

export const stats = async ({ tunnelEndpoint }: EmulatorChild): Promise<Stats> =>
  (await fetch(`${tunnelEndpoint}/_stats`)).json() as Promise<Stats>;
