import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, start } from '../harness.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await start({ tables: ['CREATE TABLE sales.orders (id BIGINT)'] });
});
afterAll(() => emulator.stop());

const ask = (path = '', method = 'GET', body = '', query: Record<string, string> = {}) =>
  call(emulator.endpoint, `/projects/demo/schemas${path}`, { method, query, ...(body ? { body } : {}) });
const names = async (query = {}) =>
  [...(await ask('', 'GET', '', { expectmarker: 'true', ...query })).body.matchAll(/<Name>(\w+)/g)].map(
    (m) => m[1],
  );
const codeOf = ({ status, body }: { status: number; body: string }) => [
  status,
  /<Code>(\w+)/.exec(body)?.[1],
];
const create = (name: string, more = '') => ask('', 'POST', `<Schema><Name>${name}</Name>${more}</Schema>`);

it('are listed by prefix and in pages', async () => {
  expect(await names()).toEqual(['default', 'sales']);
  expect(await names({ name: 's' })).toEqual(['sales']);
  expect(await names({ owner: 'bob' })).toEqual([]);
  const first = await ask('', 'GET', '', { maxitems: '1' });
  const marker = /<Marker>(\w+)<\/Marker>/.exec(first.body)![1]!;
  expect(await names({ maxitems: '1', marker })).toEqual(['sales']);
});

it('are made, found in any case with their times, and made once', async () => {
  expect((await create('Fresh')).status).toBe(201);
  const found = await ask('/FRESH');
  expect(found.body).toContain('<Name>fresh</Name>');
  for (const name of ['x-odps-owner', 'x-odps-creation-time', 'last-modified'])
    expect(found.headers[name]).toBeTruthy();
  expect(codeOf(await create('fresh'))).toEqual([409, 'ObjectAlreadyExists']);
  expect((await create('fresh', '<IfNotExists>true</IfNotExists>')).status).toBe(200);
  expect(codeOf(await create('no good'))).toEqual([400, 'InvalidArgument']);
  expect((await ask('/fresh', 'DELETE')).status).toBe(200);
  expect(codeOf(await ask('/fresh'))).toEqual([404, 'NoSuchObject']);
});

it('keep the comment of either client', async () => {
  await create('java', '<Comment>a &lt; b</Comment>');
  await create('pyodps', '<Description>c</Description>');
  expect((await ask('/java')).body).toContain(
    '<Comment>a &lt; b</Comment><Description>a &lt; b</Description>',
  );
  expect((await ask('/pyodps')).body).toContain('<Comment>c</Comment><Description>c</Description>');
  for (const name of ['java', 'pyodps']) await ask(`/${name}`, 'DELETE');
});

it('are missing, still hold tables, or can never go', async () => {
  expect(codeOf(await ask('/none'))).toEqual([404, 'NoSuchObject']);
  expect(codeOf(await ask('/none', 'DELETE'))).toEqual([404, 'NoSuchObject']);
  expect(codeOf(await ask('/sales', 'DELETE'))).toEqual([400, 'InvalidArgument']);
  expect(codeOf(await ask('/default', 'DELETE'))).toEqual([400, 'InvalidArgument']);
});

it('hold lists of tables; a schema that is missing has none', async () => {
  const list = (schema: string) =>
    call(emulator.endpoint, '/projects/demo/tables', { query: { curr_schema: schema } });
  expect((await list('SALES')).body).toContain('<Name>orders</Name>');
  expect(codeOf(await list('none'))).toEqual([404, 'NoSuchObject']);
});

it('have functions, of which there are none, where they are there: PyODPS asks so whether one is', async () => {
  const functions = (schema: string) =>
    call(emulator.endpoint, '/projects/demo/registration/functions', { query: { curr_schema: schema } });
  expect((await functions('SALES')).status).toBe(200);
  expect(codeOf(await functions('none'))).toEqual([404, 'NoSuchObject']);
});

it('may be named after the project where names have two parts, as SQLAlchemy does', async () => {
  const two = await start({ tables: ['CREATE TABLE t (id INT)'] });
  const three = await start({ tables: ['CREATE TABLE t (id INT)'], threeLayers: true });
  const query = { curr_schema: 'demo' };
  expect((await call(two.endpoint, '/projects/demo/tables/t', { query })).status).toBe(200);
  expect((await call(two.endpoint, '/projects/demo/tables', { query })).body).toContain('<Name>t</Name>');
  expect((await call(three.endpoint, '/projects/demo/tables/t', { query })).status).toBe(404);
  await Promise.all([two.stop(), three.stop()]);
});
