import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, start } from '../harness.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start({ tables: ['CREATE TABLE t (id BIGINT)'] });
});
afterAll(() => emulator.stop());

const ask = (path: string, query: Record<string, string> = {}, method = 'GET', body = '') =>
  call(emulator.endpoint, path, { method, query, ...(body ? { body } : {}) });
const codeOf = ({ status, body }: { status: number; body: string }) => [
  status,
  /<Code>(\w+)/.exec(body)?.[1],
];

describe('the project', () => {
  it('is the only one in the list, and stands there by prefix and owner', async () => {
    const list = async (query: Record<string, string>) =>
      (await ask('/projects', { expectmarker: 'true', ...query })).body.includes('<Name>demo</Name>');
    expect(await list({})).toBe(true);
    expect(await list({ name: 'DE', owner: 'ALIYUN$local' })).toBe(true);
    expect([await list({ name: 'x' }), await list({ owner: 'bob' })]).toEqual([false, false]);
  });

  it('keeps its times, and answers properties and the extended part', async () => {
    const first = await ask('/projects/demo');
    const again = await ask('/projects/demo', { properties: 'all', extended: '' });
    expect(again.headers['x-odps-creation-time']).toBe(first.headers['x-odps-creation-time']);
    expect(again.body).toContain('<Name>odps.sql.timezone</Name><Value>Asia/Shanghai</Value>');
    expect(again.body).toContain('<Name>chargableAliveDataSize</Name><Value>0</Value>');
  });

  it('answers HEAD without a body', async () => {
    const { status, body, headers } = await ask('/projects/demo', {}, 'HEAD');
    expect([status, body, headers['x-odps-owner']]).toEqual([200, '', 'ALIYUN$local']);
  });

  it('has an empty policy, rights that are checked, and cannot be changed', async () => {
    expect((await ask('/projects/demo', { policy: '' })).body).toBe('');
    expect((await ask('/projects/demo', { security_configuration: '' })).body).toContain(
      '<CheckPermissionUsingAcl>true</CheckPermissionUsingAcl>',
    );
    expect(codeOf(await ask('/projects/demo', { policy: '' }, 'PUT', '{}'))).toEqual([400, 'NotImplemented']);
  });

  it('knows who asks, signs a token, and says what it does not know', async () => {
    const query = (text: string, json = 'true') => {
      const format = `<ResponseInJsonFormat>${json}</ResponseInJsonFormat>`;
      const body = `<Authorization><Query>${text}</Query>${format}</Authorization>`;
      return ask('/projects/demo/authorization', {}, 'POST', body);
    };
    // Java's console commands and JDBC read JSON that they did not ask for.
    for (const json of ['true', 'false'])
      expect((await query('whoami', json)).body).toContain(
        '&quot;DisplayName&quot;:&quot;ALIYUN$local&quot;',
      );
    expect(codeOf(await query('grant all on x to bob'))).toEqual([400, 'NotImplemented']);
    const token = await ask('/projects/demo/authorization', { sign_bearer_token: '' }, 'POST', '{}');
    expect(token.body).toMatch(/<Result>[\w+/=]{20,}<\/Result>/);
    const never = await ask(
      '/projects/demo/authorization',
      { sign_bearer_token: '' },
      'POST',
      '{"expires_in_hours":0}',
    );
    expect(codeOf(never)).toEqual([400, 'InvalidArgument']);
  });
});

describe('what surrounds the project', () => {
  it('is a tenant without the three-layer model, one quota and one user', async () => {
    expect((await ask('/tenants')).json).toMatchObject({ Tenant: { Name: 'local', Parameters: {} } });
    expect((await ask('/quotas', { project: 'demo', version: 'wlm' })).body).toContain(
      '<Nickname>default</Nickname>',
    );
    expect((await ask('/quotas/default')).body).toMatch(/^<\?xml.*<Quota>/);
    expect(codeOf(await ask('/quotas/other'))).toEqual([404, 'NoSuchObject']);
    expect((await ask('/projects/demo/users')).body).toContain('<DisplayName>ALIYUN$local</DisplayName>');
    expect(codeOf(await ask('/projects/demo/users/bob'))).toEqual([404, 'NoSuchObject']);
  });

  it('is the page for the links of instances', async () => {
    expect((await ask('/logview/host')).body).toBe(emulator.url);
  });

  it('tells of three layers where that is asked for', async () => {
    const three = await start({ threeLayers: true });
    const { body } = await call(three.endpoint, '/projects/demo');
    expect(body).toContain('<Name>odps.schema.model.enabled</Name><Value>true</Value>');
    expect((await call(three.endpoint, '/tenants')).json).toMatchObject({
      Tenant: { Parameters: { 'odps.namespace.schema': 'true' } },
    });
    await three.stop();
  });

  it('is told by its public address where it has one', async () => {
    const far = await start({ publicAddress: 'mc.example:81' });
    expect(
      (await call(far.endpoint, '/projects/demo/tunnel', { query: { service: '', quotaName: 'q' } })).body,
    ).toBe('mc.example:81');
    const job =
      '<Instance><Job><Tasks><SQL><Name>n</Name><Query>select 1;</Query></SQL></Tasks></Job></Instance>';
    const submitted = await call(far.endpoint, '/projects/demo/instances', { method: 'POST', body: job });
    expect(submitted.headers.location).toMatch(/^http:\/\/mc\.example:81\/api\/projects\/demo\/instances\//);
    await far.stop();
  });
});

describe('what is not here', () => {
  const kinds = ['registration/functions', 'resources', 'volumes', 'xflows', 'offlinemodels', 'roles'];

  it.each(kinds)('%s are an empty list, 404 for one, 400 for a new one', async (kind) => {
    const list = await ask(`/projects/demo/${kind}`, { expectmarker: 'true' });
    expect(list.status).toBe(200);
    expect(list.body).not.toContain('Name>');
    expect(codeOf(await ask(`/projects/demo/${kind}/one`))).toEqual([404, 'NoSuchObject']);
    expect(codeOf(await ask(`/projects/demo/${kind}`, {}, 'POST', '<x/>'))).toEqual([400, 'NotImplemented']);
  });

  it.each([
    ['GET', '/projects/demo/nothing', [404, 'NoSuchObject']],
    ['GET', '/connection/mcqa', [404, 'NoSuchObject']],
    ['DELETE', '/projects/demo/tables/t', [405, 'MethodNotAllowed']],
  ])('%s %s has an error with all four elements', async (method, path, wanted) => {
    const answer = await ask(path, {}, method);
    expect(codeOf(answer)).toEqual(wanted);
    for (const name of ['Message', 'RequestId', 'HostId']) expect(answer.body).toContain(`<${name}>`);
  });
});
