import { describe, expect, it } from 'vitest';
import { find, parseXml } from '../../src/maxcompute/xml.ts';
import {
  errorOf,
  openClient,
  type Seen,
  sendError,
  sendXml,
  startServer,
  type TestServer,
} from './support.ts';

interface Instance {
  /** Looks that still find it running. */
  running?: number;
  status?: string;
  result?: string;
}

/** A service that takes one statement; the result travels in Base64. */
async function startInstance({
  running = 0,
  status = 'Success',
  result = '',
}: Instance): Promise<TestServer> {
  let looks = 0;
  return startServer((seen, response) => {
    if (seen.method === 'POST') {
      response.writeHead(201, { location: 'http://elsewhere:1/api/projects/demo/instances/I77' }).end();
    } else if (seen.query.has('taskstatus')) {
      sendXml(response, `<Instance><Tasks><Task><Status>${status}</Status></Task></Tasks></Instance>`);
    } else if (seen.query.has('result')) {
      const text = Buffer.from(result).toString('base64');
      sendXml(
        response,
        `<Instance><Tasks><Task><Result Transform="Base64">${text}</Result></Task></Tasks></Instance>`,
      );
    } else {
      sendXml(
        response,
        `<Instance><Status>${looks++ < running ? 'Running' : 'Terminated'}</Status></Instance>`,
      );
    }
  });
}

const settingsOf = (seen: Seen) => {
  const config = find(parseXml(seen.body.toString()), 'Job', 'Tasks', 'SQL', 'Config', 'Property');
  return JSON.parse(find(config!, 'Value')!.text) as Record<string, string>;
};

describe('a statement', () => {
  it('is submitted once with its own id, polled to its end, and its result decoded', async () => {
    const server = await startInstance({ running: 1, result: '"n"\n"é,1"\n' });
    const { client } = openClient(server.origin);
    expect(await client.runSql("select ']]>' as x from t where a < 'b'")).toBe('"n"\n"é,1"\n');
    const [post, ...looks] = server.seen;
    const job = find(parseXml(post!.body.toString()), 'Job')!;
    expect(find(job, 'Tasks', 'SQL', 'Query')?.text).toBe("select ']]>' as x from t where a < 'b';");
    expect(find(job, 'Guid')?.text).toMatch(/^[0-9a-f-]{36}$/);
    expect(post!.headers['content-type']).toBe('application/xml');
    expect(looks.map(({ url }) => url)).toEqual([
      '/api/projects/demo/instances/I77?curr_project=demo',
      '/api/projects/demo/instances/I77?curr_project=demo',
      '/api/projects/demo/instances/I77?taskstatus&curr_project=demo',
      '/api/projects/demo/instances/I77?result&curr_project=demo',
    ]);
  });

  it('sends the same id again when the submission is repeated', async () => {
    const instance = await startInstance({});
    let first = true;
    const server = await startServer((seen, response) => {
      if (first) {
        first = false;
        sendError(response, 503, 'ServiceUnavailable');
      } else if (seen.method === 'POST') {
        response.writeHead(201, { location: `${instance.origin}/api/projects/demo/instances/I77` }).end();
      } else if (seen.query.has('taskstatus')) {
        sendXml(response, '<Instance><Tasks><Task><Status>Success</Status></Task></Tasks></Instance>');
      } else sendXml(response, '<Instance><Status>Terminated</Status></Instance>');
    });
    expect(await openClient(server.origin).client.runSql('drop table if exists t;')).toBe('');
    const [first_, second] = server.seen;
    expect(second!.body.equals(first_!.body)).toBe(true);
  });

  it('carries the hints of a three-layer project and the settings of the caller', async () => {
    const server = await startInstance({});
    const { client } = openClient(server.origin, { schema: 'sales' });
    await client.runSql('select 1;', { settings: { 'odps.sql.decimal.odps2': 'false', 'my.key': '<&">' } });
    expect(settingsOf(server.seen[0]!)).toEqual({
      'odps.sql.type.system.odps2': 'true',
      'odps.sql.decimal.odps2': 'false',
      'odps.namespace.schema': 'true',
      'odps.sql.allow.namespace.schema': 'true',
      'odps.default.schema': 'sales',
      'my.key': '<&">',
    });
  });

  it.each([
    ['ODPS-0130131:[1,15] Table not found - table demo.t', 'table_missing'],
    ['ODPS-0130161:[1,1] Parse exception', 'maxcompute_refused'],
  ])('that fails with %j throws %s, although the instance terminated', async (result, code) => {
    const server = await startInstance({ status: 'Failed', result });
    const error = await errorOf(openClient(server.origin).client.runSql('select * from t'));
    expect(error.code).toBe(code);
    expect(error.message).toContain('select * from t;, instance I77, Failed');
    expect(error.message).toContain(result);
    expect(error.message).toContain('[request id req-xml]');
  });

  it('does not wait for ever', async () => {
    const server = await startInstance({ running: Number.POSITIVE_INFINITY });
    const error = await errorOf(
      openClient(server.origin, { limits: { sqlMs: 1 } }).client.runSql('select 1'),
    );
    expect(error).toMatchObject({
      code: 'maxcompute_unreachable',
      message: expect.stringContaining('not done after 1 ms'),
    });
  });

  it('needs an instance id', async () => {
    const server = await startServer((_, response) => response.writeHead(200).end());
    expect((await errorOf(openClient(server.origin).client.runSql('select 1'))).code).toBe(
      'maxcompute_transient',
    );
  });
});
