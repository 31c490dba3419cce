import { describe, expect, it } from 'vitest';
import { find, parseXml } from '../../src/maxcompute/xml.ts';
import {
  errorOf,
  openClient,
  type Seen,
  sendError,
  sendJson,
  sendXml,
  sessionJson,
  startServer,
} from './support.ts';

const SPEC = 'dt=20261121,hr=09';
const isCreate = (seen: Seen) => seen.method === 'POST' && seen.query.has('uploads');

describe('creating a session', () => {
  it('reads columns, limits and quota, and sends the quota really used from then on', async () => {
    const more = { MaxFieldSize: '1000', QuotaName: 'shared' };
    const server = await startServer((_, response) =>
      sendJson(response, 201, sessionJson('normal', {}, more)),
    );
    const { client } = openClient(server.origin, { quota: 'gold' });
    const session = await client.upload('t').create(SPEC);
    expect(session).toMatchObject({
      id: 'S1',
      tablePartition: SPEC,
      maxFieldBytes: 1000,
      quota: 'shared',
      columns: [
        { name: 'id', type: 'bigint', nullable: false },
        { name: 'v', type: 'string', nullable: true },
      ],
    });
    await session.status();
    expect(server.seen.map(({ query }) => query.get('quotaName'))).toEqual(['gold', 'shared']);
    expect(server.seen[1]!.url).toBe(
      `/projects/demo/tables/t?uploadid=S1&getblockid=true&curr_project=demo&partition=dt%3D20261121%2Chr%3D09&quotaName=shared`,
    );
  });

  it('of an unpartitioned table names no table partition, and takes the default value limit', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, sessionJson()));
    const session = await openClient(server.origin).client.upload('t').create('');
    expect(server.seen[0]!.url).toBe('/projects/demo/tables/t?uploads&curr_project=demo');
    expect(session).toMatchObject({ maxFieldBytes: 8_388_608, quota: null });
  });

  it('makes no table partition when it is told not to', async () => {
    const server = await startServer((_, response) => sendError(response, 404, 'NoSuchPartition'));
    const upload = openClient(server.origin).client.upload('t', { createTablePartitions: false });
    expect((await errorOf(upload.create(SPEC))).message).toContain('the table partition is missing');
    expect(server.seen.map(({ url }) => url)).toEqual([
      '/projects/demo/tables/t?uploads&curr_project=demo&partition=dt%3D20261121%2Chr%3D09',
    ]);
  });

  it.each([
    ['NoSuchPartition', 404, true],
    ['InvalidArgument', 400, false],
  ])('after %s makes the table partition by SQL and asks again', async (code, status, parameterLater) => {
    let made = false;
    const server = await startServer((seen, response) => {
      if (seen.path.endsWith('/instances')) {
        made = true;
        response.writeHead(201, { location: 'http://h/instances/I1' }).end();
      } else if (seen.query.has('taskstatus')) {
        sendXml(response, '<Instance><Tasks><Task><Status>Success</Status></Task></Tasks></Instance>');
      } else if (seen.path.includes('/instances/')) {
        sendXml(response, '<Instance><Status>Terminated</Status></Instance>');
      } else made ? sendJson(response, 200, sessionJson()) : sendError(response, status, code);
    });
    const upload = openClient(server.origin, { schema: 'sales' }).client.upload('t');
    expect((await upload.create(SPEC)).id).toBe('S1');
    await upload.create(SPEC);
    const job = parseXml(server.seen.find(({ body }) => body.length > 0)!.body.toString());
    expect(find(job, 'Job', 'Tasks', 'SQL', 'Query')?.text).toBe(
      "ALTER TABLE `demo`.`sales`.`t` ADD IF NOT EXISTS PARTITION (dt='20261121',hr='09');",
    );
    const parameter = server.seen.filter(isCreate).map(({ query }) => query.has('create_partition'));
    expect(parameter).toEqual([true, parameterLater, parameterLater]);
  });

  it('gives throttling back to the caller after a few attempts', async () => {
    const server = await startServer((_, response) => sendError(response, 429, 'FlowExceeded'));
    const { client, retries } = openClient(server.origin);
    expect((await errorOf(client.upload('t').create(SPEC))).code).toBe('maxcompute_over_quota');
    expect(server.seen).toHaveLength(3);
    expect(retries.map(({ throttled }) => throttled)).toEqual([true, true, true]);
    expect(retries.at(-1)).toMatchObject({
      waitMs: 0,
      call: 'create an upload session',
      requestId: 'req-429',
    });
  });

  it('fails clearly when the service wants its legacy dates', async () => {
    const server = await startServer((_, response) => {
      response.setHeader('odps-tunnel-date-transform', 'true');
      sendJson(response, 200, sessionJson());
    });
    const error = await errorOf(openClient(server.origin).client.upload('t').create(''));
    expect(error).toMatchObject({
      code: 'maxcompute_refused',
      message: expect.stringContaining('legacy DATETIME'),
    });
  });

  it('refuses a table partition that cannot be addressed before anything is sent', async () => {
    const server = await startServer((_, response) => sendJson(response, 200, sessionJson()));
    const { client } = openClient(server.origin);
    expect((await errorOf(client.upload('t').create("dt='1'"))).code).toBe('maxcompute_refused');
    expect(await errorOf(client.upload('t').attach('S1', 'dt'))).toMatchObject({
      code: 'maxcompute_refused',
    });
    expect(server.seen).toEqual([]);
  });

  it('says when the answer is no session', async () => {
    const server = await startServer((_, response) => response.end('<html>'));
    expect((await errorOf(openClient(server.origin).client.upload('t').create(''))).code).toBe(
      'maxcompute_transient',
    );
  });
});

describe('an open session', () => {
  const open = async (answer: (attempt: number) => [number, string]) => {
    let attempt = 0;
    const server = await startServer((seen, response) => {
      if (seen.method !== 'PUT') return sendJson(response, 200, sessionJson('Normal', { 0: 10, 7: 2 }));
      const [status, code] = answer(attempt++);
      status === 200 ? response.end() : sendError(response, status, code);
    });
    const { client, retries } = openClient(server.origin);
    const session = await client.upload('t').create(SPEC);
    return { session, retries, puts: () => server.seen.filter(({ method }) => method === 'PUT') };
  };
  const body = [Buffer.from('one'), new Uint8Array(0), Buffer.from('two'), Buffer.alloc(200_000, 7)];

  it('puts the joined pieces as one chunked block', async () => {
    const { session, puts } = await open(() => [200, '']);
    await session.putBlock(3, body, 'deflate');
    await session.putBlock(4, body, null);
    expect(puts()[0]!.url).toBe(
      '/projects/demo/tables/t?uploadid=S1&blockid=3&curr_project=demo&partition=dt%3D20261121%2Chr%3D09',
    );
    expect(puts()[0]!.headers).toMatchObject({
      'transfer-encoding': 'chunked',
      'content-encoding': 'deflate',
      'content-type': 'application/octet-stream',
    });
    expect(puts()[0]!.headers['content-length']).toBeUndefined();
    expect(puts()[1]!.headers['content-encoding']).toBeUndefined();
    for (const put of puts()) expect(put.body.equals(Buffer.concat(body))).toBe(true);
  });

  it('sends the whole block again under the same id after a failure', async () => {
    const { session, puts, retries } = await open((attempt) =>
      attempt < 2 ? [500, 'DataStoreError'] : [200, ''],
    );
    await session.putBlock(3, body, 'zstd');
    expect(puts().map(({ query }) => query.get('blockid'))).toEqual(['3', '3', '3']);
    for (const put of puts()) expect(put.body.equals(Buffer.concat(body))).toBe(true);
    expect(retries).toHaveLength(2);
  });

  it('gives throttling of a block back to the caller after a few attempts', async () => {
    const { session, puts } = await open((attempt) => (attempt < 5 ? [429, 'SlotExceeded'] : [200, '']));
    expect((await errorOf(session.putBlock(0, body, null))).code).toBe('maxcompute_over_quota');
    expect(puts()).toHaveLength(3);
    expect((await errorOf(session.putBlock(0, body, null))).code).toBe('none');
    expect(puts()).toHaveLength(6);
  });

  it('sends a damaged block twice more, then calls it refused', async () => {
    const { session, puts } = await open(() => [400, 'MalformedDataStream']);
    const error = await errorOf(session.putBlock(5, body, null));
    expect(error.code).toBe('maxcompute_refused');
    expect(error.message).toContain('session S1, block 5');
    expect(puts()).toHaveLength(3);
  });

  it.each([
    ['NoSuchUpload', 404],
    ['StatusConflict', 409],
  ])('is lost when a block is answered %s', async (code, status) => {
    const { session, puts } = await open(() => [status, code]);
    expect((await errorOf(session.putBlock(0, body, null))).code).toBe('session_lost');
    expect(puts()).toHaveLength(1);
  });

  it('tells the status in upper case and the blocks with their rows', async () => {
    const { session } = await open(() => [200, '']);
    expect(await session.status()).toEqual({
      status: 'NORMAL',
      blocks: new Map([
        [0, 10],
        [7, 2],
      ]),
    });
  });

  it('is found again by its id', async () => {
    const list = [{ BlockID: '4', RecordCount: '9' }, { BlockID: 5 }];
    const server = await startServer((_, response) =>
      sendJson(response, 200, { Status: 'closing', Schema: { columns: [] }, UploadedBlockList: list }),
    );
    const session = await openClient(server.origin).client.upload('t').attach('S9', '');
    expect(session.id).toBe('S9');
    expect(await session.status()).toEqual({
      status: 'CLOSING',
      blocks: new Map([
        [4, 9],
        [5, null],
      ]),
    });
    expect(server.seen[0]!.url).toBe('/projects/demo/tables/t?uploadid=S9&getblockid=true&curr_project=demo');
  });
});
