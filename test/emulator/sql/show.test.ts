import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { clientClock, start } from '../harness.ts';
import { answersOf } from './answers.ts';

let emulator: Emulator;
const { now } = clientClock;
beforeAll(async () => {
  clientClock.now = () => Date.UTC(2026, 0, 2, 3, 4, 5);
  emulator = await start({
    now: clientClock.now,
    tables: [
      "CREATE TABLE orders (id BIGINT COMMENT 'key', v DECIMAL(10,2)) COMMENT 'all orders' PARTITIONED BY (dt STRING COMMENT 'day') LIFECYCLE 7",
      "INSERT INTO orders PARTITION (dt) VALUES (1, 2.5, '20260101'), (2, 3, '20260102')",
      'CREATE VIEW big AS SELECT id FROM orders WHERE v > 2.6',
      'CREATE TABLE order_items (id BIGINT)',
      'CREATE TABLE other (id BIGINT)',
      'CREATE SCHEMA s',
      'CREATE TABLE s.t (id BIGINT)',
    ],
  });
});
afterAll(() => {
  clientClock.now = now;
  return emulator.stop();
});
const { ok, fails } = answersOf(() => emulator);

describe('SHOW', () => {
  it.each([
    ['SHOW TABLES', 'ALIYUN$local:big\nALIYUN$local:order_items\nALIYUN$local:orders\nALIYUN$local:other\n'],
    [
      'SHOW TABLES IN demo',
      'ALIYUN$local:big\nALIYUN$local:order_items\nALIYUN$local:orders\nALIYUN$local:other\n',
    ],
    ["show tables like 'ORDER*'", 'ALIYUN$local:order_items\nALIYUN$local:orders\n'],
    ["SHOW TABLES LIKE 'order_%s|other'", 'ALIYUN$local:order_items\nALIYUN$local:other\n'],
    ["SHOW TABLES LIKE '[x'", ''],
    ['SHOW TABLES IN s', 'ALIYUN$local:t\n'],
    ['SHOW TABLES IN demo.s', 'ALIYUN$local:t\n'],
    ['SET odps.default.schema=s; SHOW TABLES', 'ALIYUN$local:t\n'],
    ['SHOW VIEWS', 'ALIYUN$local:big\n'],
    ['SHOW EXTERNAL TABLES', ''],
    ['SHOW SCHEMAS', 'default\ns\n'],
    ['SHOW SCHEMAS IN demo', 'default\ns\n'],
    ['SHOW PARTITIONS orders', 'dt=20260101\ndt=20260102\n'],
    ["SHOW PARTITIONS demo.orders PARTITION (dt='20260102')", 'dt=20260102\n'],
    ["SHOW PARTITIONS orders PARTITION (dt > '2027')", ''],
    ['SHOW COLUMNS IN orders', 'id\nv\ndt\n'],
  ])('%s', async (statement, text) => {
    expect(await ok(statement)).toBe(text);
  });

  it.each([
    [
      'SHOW PARTITIONS nothing',
      /^ODPS-0130131:\[1,17\] Table not found - table demo.nothing cannot be resolved/,
    ],
    ['SHOW PARTITIONS big', /is a view/],
    ['SHOW CREATE TABLE nothing', /^ODPS-0130131:\[1,19\]/],
    ['SHOW TABLES IN nowhere', /Schema nowhere not found/],
    ['SHOW SCHEMAS IN elsewhere', /elsewhere cannot be resolved/],
    ['SHOW', /^ODPS-0130161:\[1,5\]/],
    ['SHOW TABELS', /^ODPS-0130161:\[1,6\]/],
  ])('%s fails', async (statement, message) => {
    expect(await fails(statement)).toMatch(message);
  });
});

describe('DESC', () => {
  it('frames a table', async () => {
    expect(await ok('DESC orders')).toBe(`\
+------------------------------------------------------------------------------------+
| Owner: ALIYUN$local         | Project: demo                                        |
| TableComment: all orders                                                           |
+------------------------------------------------------------------------------------+
| CreateTime:               2026-01-02 11:04:05                                      |
| LastDDLTime:              2026-01-02 11:04:05                                      |
| LastModifiedTime:         2026-01-02 11:04:05                                      |
| Lifecycle:                7                                                        |
+------------------------------------------------------------------------------------+
| InternalTable: YES      | Size: ${SIZE.padEnd(50)} |
+------------------------------------------------------------------------------------+
| Native Columns:                                                                    |
+------------------------------------------------------------------------------------+
| Field           | Type       | Label | Comment                                     |
+------------------------------------------------------------------------------------+
| id              | bigint     |       | key                                         |
| v               | decimal(10,2) |       |                                             |
+------------------------------------------------------------------------------------+
| Partition Columns:                                                                 |
+------------------------------------------------------------------------------------+
| dt              | string     | day                                                 |
+------------------------------------------------------------------------------------+
`);
  });

  /** Two rows of a BIGINT and the texts 2.50 and 3.00. */
  const SIZE = '24';

  it('EXTENDED adds what only it tells', async () => {
    const text = await ok('DESCRIBE EXTENDED demo.orders;');
    expect(text).toContain(
      '| Field    | Type   | Label | ExtendedLabel | Nullable | DefaultValue | Comment      |\n',
    );
    expect(text).toMatch(/\| TableID: {18}[0-9a-f]{32} {25}\|\n/);
    expect(text).toContain('| Transactional:            false ');
    expect(text).toContain('| schema_version:           1 ');
  });

  it('tells the text of a view', async () => {
    expect(await ok('DESC big')).toContain(
      '| VirtualView  : YES  | ViewText: SELECT id FROM orders WHERE v > 2.6 ',
    );
  });

  it('frames one table partition', async () => {
    const text = await ok("DESC orders PARTITION (dt='20260101')");
    expect(text).toMatch(/^\+-{84}\+\n\| PartitionSize: {12}12 /);
    expect(await ok("DESC EXTENDED orders PARTITION (dt='20260101')")).toContain(
      '| FileNum:                  1 ',
    );
    expect(await fails("DESC orders PARTITION (dt='never')")).toMatch(/Partition not found, dt='never'/);
  });

  it('tells schemas as JSON, which clients read', async () => {
    expect(JSON.parse(await ok('DESC SCHEMA s'))).toMatchObject({ name: 's', type: 'managed' });
    await ok("CREATE SCHEMA told COMMENT 'it\\'s told'");
    expect(JSON.parse(await ok('DESC SCHEMA told'))).toMatchObject({ description: "it's told" });
    await ok('DROP SCHEMA told');
    for (const statement of ['DESC PROJECT', 'DESC PROJECT;'])
      expect(await ok(statement)).toMatch(/^Name +demo\n/);
    expect(await fails('DESC SCHEMA never')).toMatch(/not found/);
  });

  it('takes tables that are called like its words', async () => {
    await ok('CREATE TABLE extended (id INT); CREATE TABLE project (id INT); CREATE TABLE schema (id INT);');
    for (const name of ['extended', 'schema', '`project`'])
      expect(await ok(`DESC ${name}`)).toContain('| id ');
    expect(await fails('DESC nothing')).toMatch(/^ODPS-0130131:\[1,6\]/);
    await ok('DROP TABLE extended; DROP TABLE project; DROP TABLE `schema`;');
  });
});

describe('EXPLAIN', () => {
  it('checks the query and tells its columns', async () => {
    expect(await ok('EXPLAIN SELECT id, v FROM orders')).toContain('  id BIGINT\n  v DECIMAL(10,2)\n');
    expect(await fails('EXPLAIN SELECT nothing FROM orders')).toMatch(/^ODPS-0130071/);
    expect(await fails('EXPLAIN')).toMatch(/^ODPS-0130161/);
  });
});
