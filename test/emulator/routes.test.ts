import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import { call, start } from './harness.ts';

let emulator: Emulator;
beforeEach(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT)'] });
});
afterEach(() => emulator.stop());

const TABLE = '/projects/demo/tables/t';
const THREE_LAYERS = '/projects/demo/schemas/default/tables/t';
const INSTANCE = '/projects/demo/instances/none';

/** Method, path, parameters, status and code of the refusal. */
type Case = [string, string, Record<string, string>, number, string];

const ask = ([method, path, query]: Case, base: string, headers: Record<string, string> = {}) =>
  call(base, path, { method, query, headers });

describe('a tunnel call that is refused', () => {
  const CASES: Case[] = [
    ['GET', `${TABLE}/preview`, { limit: 'x' }, 400, 'InvalidArgument'],
    ['POST', `${TABLE}/preview`, {}, 405, 'MethodNotAllowed'],
    ['GET', `${TABLE}/nothing`, {}, 400, 'InvalidURI'],
    ['GET', '/projects/demo/tables/none/preview', {}, 404, 'NoSuchTable'],
    ['GET', '/projects/demo/schemas/none/tables/t/preview', {}, 404, 'NoSuchTable'],
    ['POST', '/projects/other/tables/t', { downloads: '' }, 404, 'NoSuchProject'],
    ['POST', '/projects/demo/tables/none', { downloads: '' }, 404, 'NoSuchTable'],
    ['GET', TABLE, { downloadid: 'none' }, 404, 'NoSuchDownload'],
    ['GET', THREE_LAYERS, { downloadid: 'none' }, 404, 'NoSuchDownload'],
    ['GET', TABLE, { data: '', downloadid: 'none', rowrange: '(0,1)' }, 404, 'NoSuchDownload'],
    ['GET', TABLE, { downloads: '' }, 405, 'MethodNotAllowed'],
    ['DELETE', TABLE, { downloadid: 'none' }, 405, 'MethodNotAllowed'],
    ['GET', TABLE, { uploads: '' }, 405, 'MethodNotAllowed'],
    ['GET', TABLE, { rowrange: '(0,1)', data: '' }, 400, 'InvalidURI'],
    ['PUT', TABLE, { blockid: '0' }, 400, 'InvalidURI'],
    ['POST', INSTANCE, { downloads: '' }, 404, 'NoSuchObject'],
    ['GET', INSTANCE, { downloadid: 'x' }, 404, 'NoSuchObject'],
    ['PUT', INSTANCE, { downloads: '' }, 405, 'MethodNotAllowed'],
    ['POST', `${TABLE}/a/b`, { downloads: '' }, 400, 'InvalidURI'],
  ];
  it.each(CASES)('%s %s %j: JSON, %i %s', async (...one) => {
    const answer = await ask(one, emulator.tunnelEndpoint);
    expect([answer.status, answer.json.Code]).toEqual(one.slice(3));
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.json).toMatchObject({ Message: expect.any(String) });
    expect(answer.headers['x-odps-request-id']).toBe(answer.json.RequestId);
  });

  it('is JSON wherever the client says that it speaks the tunnel protocol', async () => {
    const one: Case = ['DELETE', TABLE, {}, 405, 'MethodNotAllowed'];
    const answer = await ask(one, emulator.tunnelEndpoint, { 'x-odps-tunnel-version': '6' });
    expect(answer.headers['content-type']).toBe('application/json');
  });
});

describe('a service call that is refused', () => {
  const CASES: Case[] = [
    ['GET', TABLE, { data: '', linenum: 'x' }, 400, 'InvalidArgument'],
    ['GET', '/projects/demo/tables/none', { data: '', linenum: '1' }, 404, 'NoSuchObject'],
    ['DELETE', TABLE, {}, 405, 'MethodNotAllowed'],
    ['POST', '/projects/demo/tunnel', {}, 405, 'MethodNotAllowed'],
    ['GET', '/projects/demo/nothing', {}, 404, 'NoSuchObject'],
    ['GET', '/nothing', {}, 404, 'NoSuchObject'],
    ['GET', '/projects/other', {}, 404, 'NoSuchObject'],
    ['GET', INSTANCE, {}, 404, 'NoSuchObject'],
    ['DELETE', INSTANCE, {}, 405, 'MethodNotAllowed'],
  ];
  it.each(CASES)('%s %s %j: XML with all four elements, %i %s', async (...one) => {
    const answer = await ask(one, emulator.endpoint);
    const elements = ['Code', 'Message', 'RequestId', 'HostId'];
    const texts = elements.map((name) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(answer.body)?.[1]);
    expect([answer.status, texts[0]]).toEqual(one.slice(3));
    expect(texts).not.toContain(undefined);
    expect(answer.headers['content-type']).toBe('application/xml');
    expect(answer.headers['x-odps-request-id']).toBe(texts[2]);
  });

  it('says so when its body is compressed', async () => {
    const answer = await call(emulator.endpoint, '/projects/demo/instances', {
      ...{ method: 'POST', body: 'x', headers: { 'Content-Encoding': 'gzip' } },
    });
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('Content-Encoding gzip')]);
  });
});
