/** Change events as Debezium 2.7 and 3.0 write them with the JSON converter: MySQL `inventory.orders`, Postgres `public.customers`. */

type Json = Record<string, unknown>;

const ROW_FIELDS = [
  { type: 'int32', optional: false, field: 'id' },
  {
    ...{ type: 'bytes', optional: true, name: 'org.apache.kafka.connect.data.Decimal', version: 1 },
    ...{ parameters: { scale: '2', 'connect.decimal.precision': '10' }, field: 'amount' },
  },
  { type: 'int64', optional: true, name: 'io.debezium.time.Timestamp', version: 1, field: 'created_at' },
  { type: 'int32', optional: true, name: 'io.debezium.time.Date', version: 1, field: 'day' },
  { type: 'string', optional: true, field: 'note' },
];
const image = (field: string) => ({
  ...{ type: 'struct', fields: ROW_FIELDS, optional: true, name: 'mysql1.inventory.orders.Value', field },
});
const text = (field: string, optional = true) => ({ type: 'string', optional, field });
const long = (field: string, optional = true) => ({ type: 'int64', optional, field });

/** The `schema` beside a MySQL event's payload. */
const MYSQL_SCHEMA = {
  type: 'struct',
  fields: [
    image('before'),
    image('after'),
    {
      type: 'struct',
      fields: [
        ...[text('version', false), text('connector', false), text('name', false), long('ts_ms', false)],
        {
          ...{ type: 'string', optional: true, name: 'io.debezium.data.Enum', version: 1 },
          ...{
            parameters: {
              allowed: 'true,first,first_in_data_collection,last_in_data_collection,last,false,incremental',
            },
          },
          ...{ default: 'false', field: 'snapshot' },
        },
        ...[text('db', false), text('sequence'), long('ts_us'), long('ts_ns'), text('table')],
        ...[long('server_id', false), text('gtid'), text('file', false), long('pos', false)],
        ...[{ type: 'int32', optional: false, field: 'row' }, long('thread'), text('query')],
      ],
      ...{ optional: false, name: 'io.debezium.connector.mysql.Source', version: 1, field: 'source' },
    },
    {
      type: 'struct',
      fields: [text('id', false), long('total_order', false), long('data_collection_order', false)],
      ...{ optional: true, name: 'event.block', version: 1, field: 'transaction' },
    },
    ...[text('op', false), long('ts_ms'), long('ts_us'), long('ts_ns')],
  ],
  ...{ optional: false, name: 'mysql1.inventory.orders.Envelope', version: 2 },
};

const MYSQL_SOURCE = {
  ...{ version: '3.0.8.Final', connector: 'mysql', name: 'mysql1', ts_ms: 1732181571000, snapshot: 'false' },
  ...{
    db: 'inventory',
    sequence: null,
    ts_us: 1732181571000000,
    ts_ns: 1732181571000000000,
    table: 'orders',
  },
  ...{ server_id: 223344, gtid: null, file: 'mysql-bin.000003', pos: 4696, row: 0, thread: 36, query: null },
};

/** 12.34 as the converter writes a DECIMAL(10,2): base64 of 1234. */
export const orderRow = (id: number, more: Json = {}): Json => ({
  ...{ id, amount: 'BNI=', created_at: 1732177971123, day: 20048, note: `n${id}`, ...more },
});

export const mysqlEvent = (op: string, before: Json | null, after: Json | null): Json => ({
  ...{ before, after, source: MYSQL_SOURCE, transaction: null, op },
  ...{ ts_ms: 1732181571412, ts_us: 1732181571412345, ts_ns: 1732181571412000000 },
});

/** With `schemas.enable`, the default of the converter. */
export const withSchema = (payload: Json): string => JSON.stringify({ schema: MYSQL_SCHEMA, payload });

/** Debezium 2.3 on Postgres, before there was anything finer than milliseconds. */
export const postgresEvent = (op: string, before: Json | null, after: Json | null): Json => ({
  ...{ before, after },
  source: {
    ...{
      version: '2.3.4.Final',
      connector: 'postgresql',
      name: 'pg1',
      ts_ms: 1732181571987,
      snapshot: 'false',
    },
    ...{ db: 'postgres', sequence: '["24023119","24023128"]', schema: 'public', table: 'customers' },
    ...{ txId: 555, lsn: 24023128, xmin: null },
  },
  ...{ op, ts_ms: 1732181572101, transaction: null },
});

/** A logical decoding message (`pg_logical_emit_message`), which is of no table. */
export const postgresMessage = (): Json => ({
  ...{ op: 'm', ts_ms: 1732181572101 },
  source: { version: '2.3.4.Final', connector: 'postgresql', name: 'pg1', ts_ms: 1732181571987, table: '' },
  message: { prefix: 'foo', content: 'Ymll' },
});
