import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { checkRegistry } from '../../src/check/registry.ts';
import { parse, SMALLEST } from '../config/support.ts';
import { tempDir } from '../support/process.ts';

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

/** A registry that knows schema 7 and the user `u`. */
async function registry(): Promise<string> {
  const server = createServer((request, response) => {
    const known = request.headers.authorization === `Basic ${Buffer.from('u:right-word').toString('base64')}`;
    const answers: Record<string, object> = {
      '/subjects': ['a-value'],
      '/schemas/ids/7': { schema: '"int"' },
      '/schemas/ids/8': { schema: '"string"' },
      '/schemas/ids/10': { schema: '{"type":"record","name":"a-b","fields":[{"name":"x","type":"long"}]}' },
    };
    const body = known ? answers[request.url!] : undefined;
    response.writeHead(body ? 200 : known ? 404 : 401, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? { error_code: known ? 40403 : 401, message: 'no' }));
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const configOf = (url: string, password = 'right-word') =>
  parse(`${SMALLEST}decode: {value: {format: avro}}
schemaRegistry: {url: "${url}", username: u, password: ${password}}
`);
const framed = (id: number) => Buffer.from([0, 0, 0, 0, id, 2]);

describe('the schema registry', () => {
  it('is reached, and knows the schema of a recent record', async () => {
    const { items } = await checkRegistry(configOf(await registry()), [framed(9), framed(7)]);
    expect(items.map(({ status }) => status)).toEqual(['ok', 'ok']);
    expect(items[0]!.evidence).toContain('1 subject');
    expect(items[1]!.evidence).toMatch(/schema id 7 .*; a second reader of Avro agrees$/);
  });

  it('warns of a schema that a second reader of Avro refuses', async () => {
    const { items } = await checkRegistry(configOf(await registry()), [framed(10)]);
    expect(items[1]).toMatchObject({
      status: 'warn',
      evidence: expect.stringMatching(/schema id 10 .*; a second reader of Avro, avsc, refuses it: .*a-b/),
    });
  });

  it.each([
    ['does not know the schema of a recent record', [framed(9)], 'fail', 'schema id 9'],
    [
      'has another schema than a recent record',
      [framed(8)],
      'fail',
      'read with it: schema id 8: the value ends',
    ],
    [
      'is not asked for the schema of records without an id',
      [Buffer.from('{}')],
      'not_checked',
      'no schema id',
    ],
    ['is not asked for a schema when there is no record', [], 'not_checked', 'no recent record'],
  ])('%s', async (_, values, status, evidence) => {
    const { items } = await checkRegistry(configOf(await registry()), values);
    expect(items[0]!.status).toBe('ok');
    expect(items[1]).toMatchObject({ status, evidence: expect.stringContaining(evidence) });
  });

  it('refuses a wrong password, which is not told', async () => {
    const { items } = await checkRegistry(configOf(await registry(), 'wrong-word'), [framed(7)]);
    expect(items.map(({ status }) => status)).toEqual(['fail', 'not_checked']);
    expect(items[0]!.code).toBe('registry_auth');
    expect(JSON.stringify(items)).not.toContain('wrong-word');
  });

  it('is away', async () => {
    const { items } = await checkRegistry(configOf('http://127.0.0.1:1'), []);
    expect(items[0]).toMatchObject({ status: 'fail', code: 'registry_unreachable' });
  });

  it('is not needed when it is not configured', async () => {
    const { items } = await checkRegistry(parse(SMALLEST), []);
    expect(items.map(({ status }) => status)).toEqual(['not_checked']);
  });

  it('may be left out for a file, which a recent record fits or not', async () => {
    const folder = tempDir();
    try {
      const file = folder.write('int.avsc', '"int"');
      const text = `${SMALLEST}decode: {value: {format: avro, schemaFile: ${file}}}\n`;
      const config = parse(text, {}, { [file]: '"int"' });
      const look = async (...values: Buffer[]) => (await checkRegistry(config, values)).items[1];
      expect(await look()).toMatchObject({ what: 'schema file', status: 'not_checked' });
      expect(await look(Buffer.of(2))).toMatchObject({ status: 'ok' });
      const headed = { status: 'fail', evidence: expect.stringContaining('schema id 7') };
      expect(await look(framed(7))).toMatchObject(headed);
    } finally {
      folder.remove();
    }
  });
});
