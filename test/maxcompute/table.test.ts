import { describe, expect, it } from 'vitest';
import { errorOf, openClient, sendError, sendXml, startServer } from './support.ts';

const tableXml = (schema: object, type: string) =>
  `<Table format="Json"><Name>ods_orders</Name><Schema format="Json"><![CDATA[${JSON.stringify(schema)}]]></Schema>` +
  `<Comment/><Type>${type}</Type></Table>`;

const SCHEMA = {
  columns: [
    { name: 'id', type: 'bigint', isNullable: 'false' },
    { name: 'price', type: 'DECIMAL(10, 2)', isNullable: true },
    { name: 'any', type: 'string' },
  ],
  partitionKeys: [{ name: 'dt', type: 'string' }],
};

async function load(schema: object, type = 'MANAGED_TABLE', layer: string | null = null) {
  const server = await startServer((_, response) => sendXml(response, tableXml(schema, type)));
  const { client } = openClient(server.origin, { schema: layer });
  return { table: await client.table('ods_orders'), server };
}

describe('reading a table', () => {
  it('gives columns, partition keys and what decides whether it can be written', async () => {
    const { table, server } = await load(SCHEMA);
    expect(server.seen[0]!.url).toBe('/api/projects/demo/tables/ods_orders?extended&curr_project=demo');
    expect(table).toEqual({
      name: 'ods_orders',
      kind: 'table',
      columns: [
        { name: 'id', type: 'bigint', nullable: false },
        { name: 'price', type: 'DECIMAL(10, 2)', nullable: true },
        { name: 'any', type: 'string', nullable: true },
      ],
      partitionKeys: [{ name: 'dt', type: 'string' }],
      primaryKey: [],
      transactional: false,
    });
  });

  it('finds the primary key and the transactional flag in the reserved text', async () => {
    const Reserved = JSON.stringify({ Transactional: 'true', PrimaryKey: ['id'], schema_version: '1' });
    const { table } = await load({ ...SCHEMA, Reserved });
    expect(table).toMatchObject({ primaryKey: ['id'], transactional: true });
  });

  it.each([
    ['VIRTUAL_VIEW', {}, 'view'],
    ['EXTERNAL_TABLE', {}, 'external'],
    ['MATERIALIZED_VIEW', {}, 'materialized_view'],
    ['', { isVirtualView: 'true' }, 'view'],
    ['', { isMaterializedView: true }, 'materialized_view'],
    ['', { isExternal: true }, 'external'],
    ['', {}, 'table'],
  ])('tells the kind %j %j as %s', async (type, flags, kind) => {
    expect((await load({ ...SCHEMA, ...flags }, type)).table.kind).toBe(kind);
  });

  it('names the schema of a three-layer project in a parameter', async () => {
    const { server } = await load(SCHEMA, 'MANAGED_TABLE', 'sales');
    expect(server.seen[0]!.url).toBe(
      '/api/projects/demo/tables/ods_orders?extended&curr_project=demo&curr_schema=sales',
    );
  });

  it('throws table_missing for a table that is not there', async () => {
    const server = await startServer((_, response) => sendError(response, 404, 'NoSuchObject'));
    const error = await errorOf(openClient(server.origin, { schema: 's' }).client.table('nope'));
    expect(error).toMatchObject({
      code: 'table_missing',
      message: expect.stringContaining('read the table (demo.s.nope)'),
    });
  });

  it('throws with the request id when the answer cannot be read', async () => {
    const server = await startServer((_, response) =>
      sendXml(response, '<Table><Schema>no json</Schema></Table>'),
    );
    const error = await errorOf(openClient(server.origin).client.table('t'));
    expect(error).toMatchObject({
      code: 'maxcompute_transient',
      message: expect.stringContaining('[request id req-xml]'),
    });
  });
});
