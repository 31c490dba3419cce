import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { type Browser, startBrowser, type Tab } from '../../support/browser.ts';
import { createUpload, encode, sql, start, upload } from '../harness.ts';

const EVIL = '<img src=x onerror=window.evil=1><script>window.evil=1</script>';
let emulator: Emulator;
let browser: Browser;
const tabs: Tab[] = [];

beforeAll(async () => {
  emulator = await start({
    tables: [
      `CREATE TABLE orders (id BIGINT NOT NULL COMMENT '${EVIL}', name STRING) COMMENT '${EVIL}' PARTITIONED BY (dt STRING)`,
      "ALTER TABLE orders ADD PARTITION (dt='20260101') PARTITION (dt='20260102')",
      'CREATE TABLE plain (id BIGINT, name STRING)',
    ],
  });
  await upload(
    emulator,
    { table: 'plain' },
    encode([
      [1, EVIL],
      [2, null],
      [3, 'a "b", c\nd'],
    ]),
  );
  browser = await startBrowser();
});
afterAll(async () => {
  for (const tab of tabs) await tab.close().catch(() => {});
  await browser?.stop();
  await emulator?.stop();
});

async function open(path = '/', width = 1280, at = emulator): Promise<Tab> {
  const tab = await browser.open(`${at.url}${path}`, { width });
  tabs.push(tab);
  return tab;
}

const text = (tab: Tab, selector: string) =>
  tab.evaluate<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`);

async function run(tab: Tab, statement: string): Promise<void> {
  await tab.evaluate("document.querySelector('#result').replaceChildren()");
  await tab.evaluate("document.querySelector('#sql-text').select()");
  await tab.type(statement);
  await tab.press('Enter', 2);
  await tab.until("document.querySelector('#outcome')");
}

describe('the page in a browser', () => {
  it('shows tables, table partitions, sessions, instances and requests, and nothing of them runs', async () => {
    await createUpload(emulator, { table: 'orders', tablePartition: 'dt=20260101' });
    await sql(emulator, 'SELECT nothing FROM plain;');
    const tab = await open();
    await tab.until("document.querySelectorAll('.one-table').length === 2");
    expect(await text(tab, '#project')).toBe('demo');
    expect(await text(tab, '#table-default-orders summary')).toContain('2 table partitions');
    expect(await text(tab, '#table-default-plain summary')).toContain('3 rows');
    expect(await text(tab, '#sessions')).toMatch(/upload\s+orders dt=20260101\s+0\s+normal/);
    expect(await text(tab, '#instances')).toContain('Failed');
    expect(await text(tab, '#requests')).toMatch(/session create\s+2/);
    await tab.evaluate("document.querySelector('#table-default-orders').open = true");
    await tab.until("document.querySelectorAll('#table-default-orders table').length === 2");
    const detail = await text(tab, '#table-default-orders .body');
    for (const part of ["dt='20260102'", 'bigint NOT NULL', 'CREATE TABLE', EVIL])
      expect(detail).toContain(part);
    expect(await tab.evaluate('window.evil')).toBeUndefined();
    expect(tab.errors).toEqual([]);
  });

  it('runs SQL by Ctrl+Enter and shows types, NULL and texts as they are', async () => {
    const tab = await open();
    await tab.until("document.querySelector('.one-table')");
    await run(tab, 'SELECT id, name FROM plain ORDER BY id;');
    const heads = await tab.evaluate(
      "[...document.querySelectorAll('.result th')].map((th) => th.innerText)",
    );
    expect(heads).toEqual(['id\nbigint', 'name\nstring']);
    const cells = await tab.evaluate(
      "[...document.querySelectorAll('.result td')].map((td) => td.innerText)",
    );
    expect(cells).toEqual(['1', EVIL, '2', 'NULL', '3', 'a "b", c\nd']);
    expect(await text(tab, '#outcome')).toMatch(/^3 rows in [\d.]+ m?s\.$/);
    expect(await tab.evaluate('window.evil')).toBeUndefined();
  });

  it('cuts long results, and shows statements without rows', async () => {
    const tab = await open();
    await tab.until("document.querySelector('.one-table')");
    await tab.evaluate("document.querySelector('#limit').value = '20'");
    await run(tab, 'SELECT explode(sequence(0, 49)) AS n;');
    expect(await text(tab, '#outcome')).toMatch(/^50 rows in .*; the first 20 are shown\.$/);
    expect(await tab.evaluate("document.querySelectorAll('.result tbody tr').length")).toBe(20);
    await run(tab, 'CREATE TABLE made_here (id BIGINT);');
    expect(await text(tab, '#outcome')).toMatch(/^Done in/);
    await tab.until("document.querySelector('#table-default-made_here')");
    await emulator.sql('DROP TABLE made_here');
    await tab.until("!document.querySelector('#table-default-made_here')");
  });

  it('stops a statement that takes too long, and says the outcome aloud', async () => {
    const tab = await open();
    await tab.until("document.querySelector('.one-table')");
    await tab.evaluate("document.querySelector('#sql-text').focus()");
    const numbers = '(SELECT n FROM (SELECT 1 AS x) s LATERAL VIEW explode(sequence(1, 5000000)) e AS n)';
    await tab.type(`SELECT SUM(a.n * b.n) FROM ${numbers} a, ${numbers} b;`);
    await tab.press('Enter', 2);
    await tab.until("document.querySelector('.one-instance').innerText.includes('Running')");
    await tab.evaluate("document.querySelector('#stop').click()");
    await tab.until("document.querySelector('#said').innerText === 'Stopped.'");
    await tab.until("document.querySelector('.one-instance').innerText.includes('Cancelled')");
    await run(tab, 'SELECT 1 AS a;');
    expect(await text(tab, '#said')).toMatch(/^1 row in/);
  });

  it('shows where an error is', async () => {
    const tab = await open();
    await tab.until("document.querySelector('.one-table')");
    await run(tab, 'SELECT id,\n  nme\nFROM plain;');
    expect(await text(tab, '#outcome')).toMatch(/^ODPS-0130071:\[2,3\]/);
    expect(await text(tab, '#result mark')).toBe('nme');
    const caret = "document.querySelector('#sql-text').selectionStart";
    expect(await tab.evaluate(caret)).toBe('SELECT id,\n  '.length);
  });

  it('refreshes itself without touching what the reader does', async () => {
    const tab = await open();
    await tab.until("document.querySelector('.one-table')");
    await tab.evaluate("document.querySelector('#table-default-orders').open = true");
    await tab.until("document.querySelector('#table-default-orders table')");
    await tab.evaluate(
      "window.kept = document.querySelector('#table-default-plain'); document.querySelector('#filter').focus()",
    );
    await upload(emulator, { table: 'plain' }, encode([[4, 'new']]));
    await tab.until("document.querySelector('#table-default-plain').innerText.includes('4 rows')");
    expect(await tab.evaluate("document.querySelector('#table-default-plain') === window.kept")).toBe(true);
    expect(await tab.evaluate("document.querySelector('#table-default-orders').open")).toBe(true);
    expect(await tab.evaluate('document.activeElement.id')).toBe('filter');
    await tab.type('ord');
    await tab.until("document.querySelectorAll('.one-table').length === 1");
  });

  it.each([400, 1600])('is readable at %i px: nothing stands out of it', async (width) => {
    const tab = await open('/', width);
    await tab.until("document.querySelector('.one-table')");
    await run(tab, 'SELECT id, name, id AS a, id AS b, id AS c, id AS d, name AS e FROM plain;');
    expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('is reached and used by keyboard alone', async () => {
    const tab = await open();
    await tab.until("document.querySelector('.one-table')");
    const reached: string[] = [];
    for (let presses = 0; presses < 8; presses += 1) {
      await tab.press('Tab');
      reached.push(await tab.evaluate<string>('document.activeElement.id || document.activeElement.tagName'));
    }
    expect(reached).toEqual(expect.arrayContaining(['sql-text', 'run', 'limit', 'filter', 'SUMMARY']));
    await tab.evaluate("document.querySelector('#table-default-orders summary').focus()");
    await tab.press('Enter');
    await tab.until("document.querySelector('#table-default-orders').open");
  });

  it('opens the instance that a link names', async () => {
    await sql(emulator, 'SELECT 41 + 1 AS linked;');
    const state = (await (await fetch(`${emulator.url}/_page/state`)).json()) as {
      instances: { id: string }[];
    };
    const tab = await open(`/logview/?h=x&p=demo&i=${state.instances[0]!.id}&token=local`);
    await tab.until("document.querySelector('.one-instance[open]')");
    expect(await text(tab, '.one-instance[open]')).toContain('41 + 1');
  });

  it('asks for the access key where other machines can reach it', async () => {
    const far = await start({ host: '0.0.0.0', tables: ['CREATE TABLE t (id BIGINT)'] });
    const tab = await open('/', 800, far);
    await tab.until("!document.querySelector('#key').hidden");
    expect(await tab.evaluate("document.querySelector('main').hidden")).toBe(true);
    await tab.type('wrong');
    await tab.press('Enter');
    await tab.until("document.querySelector('#key-error').innerText.includes('wrong')");
    await tab.evaluate("document.querySelector('#key-text').select()");
    await tab.type('test-key');
    await tab.press('Enter');
    await tab.until("document.querySelector('.one-table')");
    await far.stop();
    await tab.until("!document.querySelector('#away').hidden");
  });
});

describe('calls of the page', () => {
  const post = (headers: Record<string, string>, body: unknown = { sql: 'SELECT 1 AS a;' }) =>
    exchange('POST', '/_page/sql', { 'content-type': 'application/json', ...headers }, JSON.stringify(body));

  it.each([
    ['another site', { origin: 'http://evil.example' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a site, by what the browser says', { 'sec-fetch-site': 'cross-site' }],
    ['a name that is made to lead here', { host: 'evil.example' }],
  ])('are refused from %s', async (_who, headers: Record<string, string>) => {
    expect((await post(headers)).status).toBe(403);
  });

  it('are answered under addresses, localhost and the public name', async () => {
    expect((await post({})).json).toMatchObject({ columns: [{ name: 'a' }], rows: [['1']] });
    for (const host of ['localhost:1', '10.0.0.1', '[::1]:80'])
      expect((await post({ host })).status).toBe(200);
    expect((await exchange('GET', '/', { host: 'evil.example' })).status).toBe(403);
    const named = await start({ publicAddress: 'mc.example:81' });
    expect((await exchange('GET', '/', { host: 'mc.example' }, '', named)).status).toBe(200);
    await named.stop();
  });

  it('are refused when they are no JSON, or not what is asked for', async () => {
    expect((await post({ 'content-type': 'text/plain' })).status).toBe(400);
    expect((await post({}, { sql: 1 })).status).toBe(400);
    expect((await exchange('GET', '/_page/table?name=none', {})).status).toBe(404);
    expect((await exchange('GET', '/_page/nothing.js', {})).status).toBe(404);
    expect((await exchange('GET', '/_page/..%2Fpage.ts', {})).status).toBe(404);
  });

  it('cannot be made by another site to change faults', async () => {
    const rule = JSON.stringify({ route: '*', action: 'delay', ms: 1 });
    const foreign = await exchange('POST', '/_control', { origin: 'http://evil.example' }, rule);
    expect([foreign.status, (await exchange('GET', '/_control', {})).json]).toEqual([403, []]);
    const misled = { host: 'evil.example', 'user-agent': 'Mozilla/5.0' };
    expect((await exchange('GET', '/_stats', misled)).status).toBe(403);
    expect((await exchange('GET', '/_stats', { host: 'emulator:8090' })).status).toBe(200);
  });

  it('say what a page may load: its own files and nothing else', async () => {
    const { headers, body } = await exchange('GET', '/', {});
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    const links = [...body.matchAll(/(?:href|src)="([^"]*)"/g)].map((match) => match[1]!);
    expect(links.filter((to) => !to.startsWith('/_page/') && to !== 'data:,')).toEqual([]);
  });
});

interface Answered {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  json: unknown;
}

/** `fetch` sets Host and Origin by itself. */
function exchange(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = '',
  at = emulator,
): Promise<Answered> {
  const { port } = new URL(at.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      (response) => {
        let text = '';
        response.on('data', (piece) => (text += String(piece)));
        response.on('end', () => {
          const isJson = response.headers['content-type'] === 'application/json';
          resolve({
            ...{ status: response.statusCode ?? 0, headers: response.headers, body: text },
            json: isJson ? JSON.parse(text) : undefined,
          });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
