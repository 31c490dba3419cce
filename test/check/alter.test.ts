import { expect, it } from 'vitest';
import { checkAlter } from '../../src/check/alter.ts';
import type { Service } from '../../src/check/service.ts';
import type { Config } from '../../src/config/schema.ts';
import { openClient, sendError, startServer } from '../maxcompute/support.ts';

const CONFIG = {
  maxcompute: { project: 'demo', schema: null },
  table: { name: 'orders' },
} as unknown as Config;

async function listedWith(status: number, code: string) {
  const server = await startServer((_, response) => sendError(response, status, code));
  const { client } = openClient(server.origin);
  return checkAlter(CONFIG, { client } as Service, TABLE, null, false);
}

const TABLE = {
  ...{ name: 'orders', kind: 'table', columns: [], primaryKey: [], transactional: false },
  partitionKeys: [{ name: 'dt', type: 'string' }],
};

it('fails when the service does not list the table partitions', async () => {
  const { item, tablePartition } = await listedWith(500, 'InternalServerError');
  expect(item).toMatchObject({ status: 'fail', code: 'maxcompute_transient' });
  expect(tablePartition).toBeNull();
});

it('only warns when it may not list them: the service itself never does', async () => {
  expect((await listedWith(403, 'NoPermission')).item).toMatchObject({
    status: 'warn',
    code: 'maxcompute_denied',
  });
});
