import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import {
  openRegistry,
  type RegistryOptions,
  type RegistryRetry,
} from '../../../src/decode/schema/registry.ts';
import { LIMITS } from '../../../src/limits.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** Answers by path; the list of paths asked grows as they come. */
async function serve(answers: Record<string, Answer>): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url!.replace('/registry', '');
    asked.push(path);
    (answers[path] ?? json(404, { error_code: 404, message: 'HTTP 404 Not Found' }))(request, response);
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/registry`, asked };
}

function json(status: number, body: unknown): Answer {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/vnd.schemaregistry.v1+json' });
    response.end(JSON.stringify(body));
  };
}

/** Each call takes the next answer; the last one stays. */
function inTurn(...answers: Answer[]): Answer {
  return (request, response) => (answers.length > 1 ? answers.shift()! : answers[0]!)(request, response);
}

const SUBJECTS = { '/subjects': json(200, []) };
const text = '{"type":"record","name":"R","fields":[]}';
const known = { type: 'AVRO', text, references: [] };

/** Time that passes only by sleeping. */
function fastClock(): Clock & { time: number } {
  return {
    time: 0,
    now() {
      return this.time;
    },
    async sleep(ms) {
      this.time += ms;
    },
  };
}

function open(url: string, more: Partial<RegistryOptions> = {}, clock: Clock = fastClock()) {
  const retries: RegistryRetry[] = [];
  const options = { url, username: null, password: null, token: null, ca: null, ...more };
  return {
    registry: openRegistry(options, { clock, onRetry: (event) => retries.push(event), requestMs: 1_500 }),
    retries,
  };
}

describe('a schema id', () => {
  it('is asked for once, by however many at the same time, and then remembered', async () => {
    const { url, asked } = await serve({ '/schemas/ids/7': json(200, { schema: text }) });
    const { registry } = open(url);
    expect(await Promise.all([1, 2, 3].map(() => registry.schema(7)))).toEqual([known, known, known]);
    expect(await registry.schema(7)).toEqual(known);
    expect(asked).toEqual(['/schemas/ids/7']);
  });

  it('that is not there is believed for a minute', async () => {
    const answers = {
      ...SUBJECTS,
      '/schemas/ids/7': json(404, { error_code: 40403, message: 'Schema 7 not found' }),
    };
    const { url, asked } = await serve(answers);
    const clock = fastClock();
    const { registry } = open(url, {}, clock);
    expect(await registry.schema(7)).toBe(null);
    expect(await registry.schema(7)).toBe(null);
    expect(asked).toEqual(['/schemas/ids/7', '/subjects']);
    clock.time += LIMITS.schemaMissingMs;
    answers['/schemas/ids/7'] = json(200, { schema: text });
    expect(await registry.schema(7)).toEqual(known);
  });

  it('comes with the schemas that it refers to, dependencies first and each once', async () => {
    const refer = (...names: string[]) =>
      names.map((name) => ({ name, subject: `${name} value`, version: 2 }));
    const version = (name: string) => `/subjects/${name}%20value/versions/2?deleted=true`;
    const { url } = await serve({
      '/schemas/ids/7': json(200, { schema: 'main', references: refer('a', 'b') }),
      [version('a')]: json(200, { schema: 'A', references: refer('b') }),
      [version('b')]: json(200, { schema: 'B' }),
    });
    const { registry } = open(url);
    expect(await registry.schema(7)).toEqual({
      type: 'AVRO',
      text: 'main',
      references: [
        { name: 'b', text: 'B' },
        { name: 'a', text: 'A' },
      ],
    });
  });
});

describe('a schema', () => {
  it('of a type that nobody reads is left to the decoder to refuse', async () => {
    const { url, asked } = await serve({
      '/schemas/ids/7': json(200, { schema: text, schemaType: 'THRIFT' }),
    });
    expect(await open(url).registry.schema(7)).toMatchObject({ type: 'THRIFT' });
    expect(asked).toHaveLength(1);
  });

  it('may refer in a circle', async () => {
    const refer = (name: string) => [{ name, subject: name, version: 1 }];
    const { url } = await serve({
      '/schemas/ids/7': json(200, { schema: 'main', references: refer('a') }),
      '/subjects/a/versions/1?deleted=true': json(200, { schema: 'A', references: refer('b') }),
      '/subjects/b/versions/1?deleted=true': json(200, { schema: 'B', references: refer('a') }),
    });
    const schema = await open(url).registry.schema(7);
    expect(schema!.references.map(({ name }) => name)).toEqual(['b', 'a']);
  });
});

describe('a registry that does not answer well', () => {
  it('is asked again until it does', async () => {
    const cut: Answer = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"sch', () => response.destroy());
    };
    const html: Answer = (_, response) => response.end('<html>');
    const good = json(200, { schema: text });
    const bad = [
      json(500, {}),
      json(429, { message: 'slow down' }),
      html,
      json(200, {}),
      (_: IncomingMessage, r: ServerResponse) => r.destroy(),
    ];
    const { url, asked } = await serve({
      '/schemas/ids/7': inTurn(...bad, good),
      '/schemas/ids/8': inTurn(cut, good),
    });
    const { registry, retries } = open(url);
    expect(await registry.schema(7)).toEqual(known);
    expect(asked.length).toBe(6);
    expect(retries.map(({ schemaId, attempt }) => [schemaId, attempt])).toEqual(
      [0, 1, 2, 3, 4].map((n) => [7, n]),
    );
    expect(retries[1]!.error).toContain('slow down');
    expect(Math.max(...retries.map((event) => event.waitMs))).toBeLessThanOrEqual(LIMITS.registryRetryCapMs);
    expect(await registry.schema(8)).toEqual(known);
    expect(retries.at(-1)!.error).toContain('no full answer');
  });

  it('is not taken for one that lacks the id when the address is wrong', async () => {
    const { url } = await serve({ '/schemas/ids/7': inTurn(json(404, {}), json(200, { schema: text })) });
    const { registry, retries } = open(url);
    expect(await registry.schema(7)).toEqual(known);
    expect(retries[0]!.error).toContain('no schema registry at this address');
  });

  it('is given up when the caller says so, for this caller only', async () => {
    let release = () => {};
    const held: Answer = (request, response) => {
      release = () => json(200, { schema: text })(request, response);
    };
    const { url, asked } = await serve({
      '/schemas/ids/7': inTurn(json(503, { message: 'starting' }), held),
    });
    const { registry } = open(url);
    const stop = new AbortController();
    const stopped = registry.schema(7, stop.signal);
    const patient = registry.schema(7, new AbortController().signal);
    while (asked.length < 2) await new Promise((done) => setTimeout(done, 5));
    stop.abort();
    await expect(stopped).rejects.toMatchObject({
      code: 'registry_unreachable',
      message: expect.stringContaining('starting'),
    });
    release();
    expect(await patient).toEqual(known);
  });

  it('stops being asked when nobody waits any more', async () => {
    const { url, asked } = await serve({
      '/schemas/ids/7': inTurn(json(503, {}), json(200, { schema: text })),
    });
    const clock: Clock = {
      now: () => 0,
      sleep: (_, signal) => new Promise((_done, fail) => signal?.addEventListener('abort', fail)),
    };
    const { registry, retries } = open(url, {}, clock);
    const stop = new AbortController();
    const stopped = registry.schema(7, stop.signal);
    while (retries.length === 0) await new Promise((done) => setTimeout(done, 5));
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'registry_unreachable' });
    await expect(registry.schema(7, stop.signal)).rejects.toMatchObject({ code: 'registry_unreachable' });
    expect(asked.filter((path) => path === '/schemas/ids/7').length).toBeLessThanOrEqual(2);
    expect(await registry.schema(7)).toEqual(known);
  });
});

describe('credentials', () => {
  const PASSWORD = 'p@ss:word';
  const guarded =
    (expected: string): Answer =>
    (request, response) =>
      request.headers.authorization === expected
        ? json(200, { schema: text })(request, response)
        : json(401, { message: 'Unauthorized' })(request, response);
  const basic = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString('base64')}`;

  it('are sent as user name and password, from the address, or as a token', async () => {
    const { url } = await serve({
      '/schemas/ids/1': guarded(basic),
      '/schemas/ids/2': guarded('Bearer secret-token'),
    });
    const withUser = open(url, { username: 'reader', password: PASSWORD });
    expect(await withUser.registry.schema(1)).toEqual(known);
    const inAddress = open(url.replace('//', `//reader:${encodeURIComponent(PASSWORD)}@`));
    expect(await inAddress.registry.schema(1)).toEqual(known);
    expect(await open(url, { token: 'secret-token' }).registry.schema(2)).toEqual(known);
  });

  it('that are refused stop the service, and are never shown', async () => {
    const { url } = await serve({
      '/schemas/ids/1': guarded('none'),
      '/schemas/ids/2': json(500, { message: 'broken' }),
    });
    const address = url.replace('//', `//reader:${encodeURIComponent(PASSWORD)}@`);
    const { registry, retries } = open(address);
    const refused: Error = await registry.schema(1).then(Promise.reject, (error: Error) => error);
    expect(refused).toMatchObject({
      code: 'registry_auth',
      message: `schema id 1 from ${url}: Unauthorized`,
    });
    const stop = new AbortController();
    const asking = registry.schema(2, stop.signal);
    while (retries.length === 0) await new Promise((done) => setTimeout(done, 5));
    stop.abort();
    const gone: Error = await asking.then(Promise.reject, (error: Error) => error);
    for (const shown of [refused.message, gone.message, JSON.stringify(retries)]) {
      expect(shown).not.toMatch(/p@ss|p%40ss|word|reader/);
    }
  });
});

describe('the subjects', () => {
  it('are counted', async () => {
    const { url } = await serve({ '/subjects': json(200, ['a', 'b']) });
    expect(await open(url).registry.subjects(new AbortController().signal)).toBe(2);
  });

  it.each([
    [401, { error_code: 401, message: 'Unauthorized' }, 'registry_auth'],
    [403, { error_code: 403, message: 'Forbidden' }, 'registry_auth'],
    [404, { error_code: 404, message: 'Not Found' }, 'registry_unreachable'],
    [200, { some: 'page' }, 'registry_unreachable'],
  ])('answered with %i tell what is wrong at once', async (status, body, code) => {
    const { url, asked } = await serve({ '/subjects': json(status, body) });
    const { registry } = open(url, { username: 'u', password: 'hidden-word' });
    const error = await registry.subjects(new AbortController().signal).catch((thrown) => thrown);
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain('hidden-word');
    expect(asked).toHaveLength(1);
  });

  it('are not waited for without end', async () => {
    const { url } = await serve({ '/subjects': () => undefined });
    const asked = open(url).registry.subjects(new AbortController().signal);
    await expect(asked).rejects.toMatchObject({ code: 'registry_unreachable' });
  });
});
