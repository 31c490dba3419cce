import { systemClock } from '../clock.ts';
import { openMaxCompute } from '../maxcompute/maxcompute.ts';
import { VERSION } from '../version.ts';
import type { RowTime, Sighting } from './latency.ts';

/** The demo's view of the table: everything is asked in SQL, as any user would. */
export interface Warehouse {
  createTable(): Promise<void>;
  /** What can be seen now. */
  look(): Promise<Sighting[]>;
  byTablePartition(): Promise<{ dt: string; hr: string; rows: number }[]>;
  counts(): Promise<{ rows: number; records: number }>;
  /** Every `step`th row. */
  sample(step: number): Promise<RowTime[]>;
  close(): Promise<void>;
}

export const TABLE = 'demo_orders';
export const BY_TABLE_PARTITION = `SELECT dt, hr, COUNT(*) AS row_count FROM ${TABLE} GROUP BY dt, hr ORDER BY dt, hr`;

const CREATE = `CREATE TABLE ${TABLE} (
  order_id BIGINT, status STRING, amount DECIMAL(18,2), customer_id BIGINT, city STRING, first_sku STRING,
  items JSON, event_time TIMESTAMP, produced_at BIGINT, kafka_partition BIGINT, kafka_offset BIGINT
) PARTITIONED BY (dt STRING, hr STRING)`;

export function openWarehouse(endpoint: string, accessKey: string, signal: AbortSignal): Warehouse {
  const client = openMaxCompute({
    endpoint,
    tunnelEndpoint: null,
    project: 'demo',
    schema: null,
    quota: null,
    region: null,
    credentials: async () => ({ accessKeyId: 'demo', accessKeySecret: accessKey, securityToken: null }),
    proxy: null,
    ca: null,
    clock: systemClock,
    userAgent: `maxsink/${VERSION}`,
  });
  const query = async (sql: string) => parseCsv(await client.runSql(sql, { signal }));
  return {
    async createTable() {
      await client.runSql(CREATE, { signal });
    },
    async look() {
      const rows = await query(
        `SELECT dt, hr, kafka_partition, MAX(kafka_offset) AS last FROM ${TABLE} GROUP BY dt, hr, kafka_partition`,
      );
      const at = Date.now();
      return rows.map(([dt, hr, partition, last]) => ({
        group: `${dt}/${hr}/${partition}`,
        offset: Number(last),
        at,
      }));
    },
    async byTablePartition() {
      const rows = await query(BY_TABLE_PARTITION);
      return rows.map(([dt = '', hr = '', count]) => ({ dt, hr, rows: Number(count) }));
    },
    async counts() {
      const origins = `SELECT kafka_partition, kafka_offset, COUNT(*) AS copies FROM ${TABLE} GROUP BY kafka_partition, kafka_offset`;
      const [counts = []] = await query(
        `SELECT SUM(copies) AS row_count, COUNT(*) AS records FROM (${origins}) origins`,
      );
      return { rows: Number(counts[0]), records: Number(counts[1]) };
    },
    async sample(step) {
      const rows = await query(
        `SELECT dt, hr, kafka_partition, kafka_offset, produced_at FROM ${TABLE} WHERE kafka_offset % ${step} = 0`,
      );
      return rows.map(([dt, hr, partition, offset, producedAt]) => ({
        group: `${dt}/${hr}/${partition}`,
        offset: Number(offset),
        producedAt: Number(producedAt),
      }));
    },
    close: () => client.close(),
  };
}

/** Rows of a CSV answer without its header; these columns hold neither commas nor quotes. */
export const parseCsv = (text: string): string[][] =>
  text
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.split(',').map((field) => field.replace(/^"(.*)"$/, '$1')));
