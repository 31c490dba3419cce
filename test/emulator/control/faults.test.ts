import { createConnection } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, commitUpload, createUpload, encode, putBlock, sql, start, uploadStatus } from '../harness.ts';

const plain = { table: 't' };
let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT, name STRING)'] });
});
afterEach(() => emulator.stop());

const newUpload = async () => {
  const id = String((await createUpload(emulator, plain)).json.UploadID);
  await putBlock(emulator, plain, id, 0, encode([[1, 'a']]));
  return id;
};
const count = async () => (await sql(emulator, 'SELECT COUNT(*) FROM t;')).text;
const control = async (method: string, rule?: object, search = '') => {
  const response = await fetch(`${emulator.url}/_control${search}`, {
    method,
    ...(rule ? { body: JSON.stringify(rule) } : {}),
  });
  return {
    status: response.status,
    json: (await response.json()) as Record<string, unknown>[] & Record<string, unknown>,
  };
};

describe('faults in process', () => {
  it('answer instead of the effect, for so many calls after so many', async () => {
    emulator.control(
      'session_create',
      { action: 'status', status: 429, retryAfter: 3 },
      { after: 1, times: 2 },
    );
    const answers = [];
    for (let turn = 0; turn < 4; turn += 1) answers.push(await createUpload(emulator, plain));
    expect(answers.map(({ status }) => status)).toEqual([200, 429, 429, 200]);
    expect(answers[1]!.json.Code).toBe('FlowExceeded');
    expect(answers[1]!.headers['retry-after']).toBe('3');
    expect(emulator.stats().sessions.created).toBe(2);
  });

  it('are chosen by a function of the call', async () => {
    const end = emulator.control('*', ({ route, query }) =>
      route === 'block' && query.get('blockid') === '7' ? { action: 'status', status: 502 } : undefined,
    );
    const id = await newUpload();
    const answer = await putBlock(emulator, plain, id, 7, encode([]));
    expect([answer.status, answer.headers['content-type']]).toEqual([502, 'text/html']);
    end();
    expect((await putBlock(emulator, plain, id, 7, encode([]))).status).toBe(200);
  });

  it.each([
    ['upload', 'session_create', { uploads: '' }, 'POST', 'NoSuchTable'],
    ['upload', 'session_status', { uploadid: 'x' }, 'GET', 'NoSuchUpload'],
    ['upload', 'commit', { uploadid: 'x' }, 'POST', 'NoSuchUpload'],
    ['download', 'download_create', { downloads: '' }, 'POST', 'NoSuchTable'],
    ['download', 'download_status', { downloadid: 'x' }, 'GET', 'NoSuchDownload'],
    ['stream', 'stream_status', { uploadid: 'x' }, 'GET', 'StreamSessionNotFound'],
    ['upsert', 'upsert_commit', { upsertid: 'x' }, 'POST', 'UpsertSessionNotFound'],
  ] as const)('of an %s say what its %s did not find', async (kind, route, query, method, code) => {
    emulator.control(route, { action: 'status', status: 404 });
    const below = kind === 'stream' ? '/streams' : kind === 'upsert' ? '/upserts' : '';
    const headers = { 'x-odps-tunnel-version': '6' };
    const sent = { method, query: query as Record<string, string>, headers };
    const answer = await call(emulator.tunnelEndpoint, `/projects/demo/tables/t${below}`, sent);
    expect([answer.status, answer.json.Code]).toEqual([404, code]);
  });

  it('say in the words of the service that a table is not there, and as a gateway what it is', async () => {
    emulator.control('table', { action: 'status', status: 404 }, { times: 1 });
    expect((await call(emulator.endpoint, '/projects/demo/tables/t')).body).toContain(
      '<Code>NoSuchObject</Code>',
    );
    emulator.control('table', { action: 'status', status: 504 });
    const { body } = await call(emulator.endpoint, '/projects/demo/tables/t');
    expect(body).toContain('<h1>504 Gateway Timeout</h1>');
  });

  it('lose the reply of a commit that took effect', async () => {
    const id = await newUpload();
    emulator.control('commit', { action: 'cut', when: 'after' }, { times: 1 });
    await expect(commitUpload(emulator, plain, id)).rejects.toThrow();
    expect((await uploadStatus(emulator, plain, id)).json.Status).toBe('closed');
    expect(await count()).toBe('"_c0"\n1\n');
  });

  it('cut before the effect, and in the middle of a body', async () => {
    const id = await newUpload();
    emulator.control('commit', { action: 'cut', when: 'before' }, { times: 1 });
    await expect(commitUpload(emulator, plain, id)).rejects.toThrow();
    emulator.control('block', { action: 'cut', when: 'body' }, { times: 1 });
    await expect(putBlock(emulator, plain, id, 1, encode([[2, 'b']]))).rejects.toThrow();
    emulator.control('session_status', { action: 'cut', when: 'body' }, { times: 1 });
    await expect(uploadStatus(emulator, plain, id)).rejects.toThrow();
    const { json } = await uploadStatus(emulator, plain, id);
    expect(json).toMatchObject({ Status: 'normal', UploadedBlockList: [{ BlockID: 0, RecordCount: 1 }] });
  });

  it('hang until released, and delay', async () => {
    const release = emulator.control('table', { action: 'hang' });
    let answered = false;
    const hanging = call(emulator.endpoint, '/projects/demo/tables/t').then((answer) => {
      answered = true;
      return answer.status;
    });
    expect((await call(emulator.endpoint, '/projects/demo')).status).toBe(200);
    expect(answered).toBe(false);
    release();
    expect(await hanging).toBe(200);
    emulator.control('table', { action: 'delay', ms: 1 });
    expect((await call(emulator.endpoint, '/projects/demo/tables/t')).status).toBe(200);
  });

  it('slow a body and an answer down without changing them', async () => {
    emulator.control('*', { action: 'slow', bytesPerSecond: 100_000 });
    const id = await newUpload();
    expect((await uploadStatus(emulator, plain, id)).json.UploadedBlockList).toMatchObject([
      { RecordCount: 1 },
    ]);
  });

  it.each([
    ['expired', 'StatusConflict'],
    ['critical', 'StatusConflict'],
    ['canceled', 'StatusConflict'],
    ['gone', 'NoSuchUpload'],
  ] as const)('put a session into state %s', async (state, code) => {
    const id = await newUpload();
    emulator.control('commit', { action: 'session', state }, { times: 1 });
    expect((await commitUpload(emulator, plain, id)).json.Code).toBe(code);
    const { json } = await uploadStatus(emulator, plain, id);
    expect(json.Status ?? json.Code).toBe(state === 'gone' ? 'NoSuchUpload' : state);
    expect(await count()).toBe('"_c0"\n0\n');
  });

  it('let a commit take its time', async () => {
    const id = await newUpload();
    emulator.control('commit', { action: 'closing', ms: 20 }, { times: 1 });
    expect((await commitUpload(emulator, plain, id)).json.Status).toBe('closing');
    expect((await putBlock(emulator, plain, id, 1, encode([]))).json.Code).toBe('StatusConflict');
    while ((await uploadStatus(emulator, plain, id)).json.Status !== 'closed');
    expect(await count()).toBe('"_c0"\n1\n');
  });
});

describe('faults that leave the effect in doubt', () => {
  it('answer an error although the commit took effect', async () => {
    const id = await newUpload();
    const conflict = { action: 'status', status: 409, code: 'StatusConflict', when: 'after' } as const;
    emulator.control('commit', conflict, { times: 1 });
    expect((await commitUpload(emulator, plain, id)).json.Code).toBe('StatusConflict');
    expect((await uploadStatus(emulator, plain, id)).json.Status).toBe('closed');
    expect(await count()).toBe('"_c0"\n1\n');
  });

  it('say a word that nobody knows while a commit runs', async () => {
    const id = await newUpload();
    emulator.control('commit', { action: 'closing', ms: 20, word: 'pondering' }, { times: 1 });
    expect((await commitUpload(emulator, plain, id)).json.Status).toBe('pondering');
    while ((await uploadStatus(emulator, plain, id)).json.Status !== 'closed');
  });

  it('lose the block that came last', async () => {
    const id = await newUpload();
    await putBlock(emulator, plain, id, 1, encode([[2, 'b']]));
    emulator.control('session_status', { action: 'lose_block' }, { times: 1 });
    const blocks = (await uploadStatus(emulator, plain, id)).json.UploadedBlockList;
    expect(blocks).toMatchObject([{ BlockID: 0 }]);
  });
});

describe('the clock of the service', () => {
  it('can be off: requests by the true time are refused, those by its own are taken', async () => {
    emulator.control('*', { action: 'clock', ms: 3_600_000 });
    const refused = await createUpload(emulator, plain);
    expect(refused.json.Code).toBe('RequestTimeTooSkewed');
    const date = new Date(Date.now() + 3_600_000);
    expect(Math.abs(Date.parse(String(refused.headers.date)) - date.getTime())).toBeLessThan(60_000);
    expect((await call(emulator.endpoint, '/projects/demo', { date })).status).toBe(200);
  });
});

describe('a rule', () => {
  it('can be for one table, and for every so many calls', async () => {
    await sql(emulator, 'CREATE TABLE other (id BIGINT);');
    emulator.control('session_create', { action: 'status', status: 500 }, { table: 't', every: 2 });
    const statuses = async (table: string) => {
      const answers = [];
      for (let turn = 0; turn < 4; turn += 1) answers.push((await createUpload(emulator, { table })).status);
      return answers;
    };
    expect(await statuses('other')).toEqual([200, 200, 200, 200]);
    expect(await statuses('t')).toEqual([200, 500, 200, 500]);
  });
});

describe('/_control', () => {
  it('adds, lists and removes rules', async () => {
    const added = await control('POST', { route: 'block', action: 'status', status: 503, times: 1 });
    expect(added).toMatchObject({ status: 201, json: { id: 1 } });
    expect((await control('GET')).json).toMatchObject([
      { id: 1, route: 'block', fault: { action: 'status', status: 503 } },
    ]);
    const id = String((await createUpload(emulator, plain)).json.UploadID);
    expect((await putBlock(emulator, plain, id, 0, encode([]))).json.Code).toBe('ServiceUnavailable');
    expect((await putBlock(emulator, plain, id, 0, encode([]))).status).toBe(200);
    await control('POST', { action: 'hang' });
    expect((await control('DELETE', undefined, '?id=1')).json).toHaveLength(1);
    expect((await control('DELETE')).json).toHaveLength(0);
  });

  it('lists a rule with everything that it was given', async () => {
    const limits = { route: 'block', table: 't', after: 1, every: 2, times: 3 };
    await control('POST', { ...limits, action: 'delay', ms: 4 });
    await control('POST', { action: 'hang' });
    expect((await control('GET')).json).toEqual([
      { ...limits, id: 1, fault: { action: 'delay', ms: 4 }, seen: 0, applied: 0 },
      { id: 2, route: '*', fault: { action: 'hang' }, seen: 0, applied: 0 },
    ]);
  });

  it.each([
    [{ route: 'nowhere', action: 'hang' }, /route "nowhere"/],
    [{ action: 'explode' }, /action "explode"/],
    [{ action: 'delay' }, /ms must be/],
    [{ action: 'cut', when: 'never' }, /"never" is none of/],
    [{ action: 'hang', times: -1 }, /times must be/],
    [{ action: 'status', status: 99 }, /status must be an HTTP status from 200 to 599/],
    [{ rout: 'commit', action: 'cut' }, /a rule of action cut has no key "rout"; it has route action when/],
    [{ action: 'delay', ms: 5, tmes: 1 }, /no key "tmes"/],
  ])('refuses %j', async (rule, text) => {
    const { status, json } = await control('POST', rule);
    expect(status).toBe(400);
    expect(json.error).toMatch(text);
  });

  it('shows counters in /_stats', async () => {
    await newUpload();
    const stats = await (await fetch(`${emulator.url}/_stats`)).json();
    expect(stats).toMatchObject({
      tables: { t: { rows: 0 } },
      sessions: { created: 1, committed: 0, open: 1 },
      blocks: 1,
      requests: { session_create: 1, block: 1 },
    });
  });
});

describe('clients that misbehave', () => {
  it('a body cut by the client leaves no block and no noise', async () => {
    const id = await newUpload();
    const { port } = new URL(emulator.url);
    // An unsigned request would be refused before its body: take the real one and stop in the middle.
    emulator.control('block', { action: 'slow', bytesPerSecond: 50 }, { times: 1 });
    const aborted = putBlock(emulator, plain, id, 5, encode([[1, 'x']]));
    const socket = createConnection(Number(port));
    socket.write(
      'PUT /projects/demo/tables/t?uploadid=1&blockid=2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab',
    );
    socket.destroy();
    expect((await aborted).status).toBe(200);
    expect((await uploadStatus(emulator, plain, id)).json.UploadedBlockList).toHaveLength(2);
  });

  it('a large bad body is answered, not cut', async () => {
    const id = await newUpload();
    const answer = await putBlock(emulator, plain, id, 5, Buffer.alloc(8 * 1024 * 1024, 0xff));
    expect([answer.status, answer.json.Code]).toEqual([400, 'MalformedDataStream']);
  });

  it('an address that cannot be decoded is refused', async () => {
    expect((await fetch(`${emulator.url}/projects/%zz`)).status).toBe(400);
    expect((await fetch(`${emulator.url}/_nothing`)).status).toBe(404);
  });
});
