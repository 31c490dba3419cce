import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Emulator } from '../../src/emulator/server.ts';
import { call, commitUpload, createUpload, encode, putBlock, sql, upload, uploadStatus } from './harness.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const target = { table: 't', tablePartition: 'dt=1' };
let folder: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  if (!existsSync(CLI)) throw new Error('dist/cli.js is missing: run `npm run build` first');
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'emulator-test-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  emulator: Pick<Emulator, 'endpoint' | 'tunnelEndpoint'> & Emulator;
}

const ACCOUNT = ['--project', 'demo', '--access-id', 'test-id', '--access-key', 'test-key'];

const launch = (...extra: string[]): ChildProcess => bare(...ACCOUNT, ...extra);

function bare(...options: string[]): ChildProcess {
  const child = spawn(process.execPath, [CLI, 'emulator', '--port', '0', ...options]);
  children.push(child);
  return child;
}

/** Everything that is printed at the start. */
async function printed(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const piece of child.stdout!) {
    text += String(piece);
    if (/^stats .*$/m.test(text)) return text;
  }
  throw new Error(`no banner: ${text}`);
}

/** Waits for the line that scripts wait for. */
async function ready(child: ChildProcess): Promise<Running> {
  let text = '';
  for await (const piece of child.stdout!) {
    text += String(piece);
    const match = /^emulator ready endpoint=(\S+) tunnel=(\S+) project=demo$/m.exec(text);
    if (match) return { child, emulator: { endpoint: match[1]!, tunnelEndpoint: match[2]! } as Emulator };
  }
  throw new Error(`no ready line: ${text}`);
}

async function failure(child: ChildProcess): Promise<{ code: number; text: string }> {
  let text = '';
  child.stderr!.on('data', (piece) => (text += String(piece)));
  const [code] = await once(child, 'close');
  return { code, text };
}

describe('emulator command', () => {
  it('keeps what is committed after kill -9, and the state of its sessions', async () => {
    const first = await ready(launch('--data', folder));
    await sql(first.emulator, 'CREATE TABLE t (id BIGINT, name STRING) PARTITIONED BY (dt STRING);');
    await createUpload(first.emulator, target, { create_partition: 'true' });
    const closed = await upload(
      first.emulator,
      target,
      encode([
        [1, 'kept'],
        [2, null],
      ]),
    );
    const open = String((await createUpload(first.emulator, target)).json.UploadID);
    await putBlock(first.emulator, target, open, 0, encode([[3, 'not committed']]));
    first.child.kill('SIGKILL');
    await once(first.child, 'close');

    const { child, emulator } = await ready(launch('--data', folder));
    expect((await sql(emulator, 'SELECT * FROM t ORDER BY id;')).text).toBe(
      '"id","name","dt"\n1,"kept","1"\n2,\\N,"1"\n',
    );
    expect((await uploadStatus(emulator, target, closed)).json).toMatchObject({
      Status: 'closed',
      UploadedBlockList: [{ BlockID: 0, RecordCount: 2 }],
    });
    expect((await commitUpload(emulator, target, closed)).json.Status).toBe('closed');
    expect((await uploadStatus(emulator, target, open)).json.Code).toBe('NoSuchUpload');
    const stats = await (await fetch(`${emulator.tunnelEndpoint}/_stats`)).json();
    expect(stats).toMatchObject({ tables: { t: { rows: 2, tablePartitions: { 'dt=1': 2 } } } });
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('ends within seconds on SIGTERM while a query runs and connections are open', async () => {
    const { child, emulator } = await ready(launch('--data', folder));
    const numbers = '(SELECT explode(sequence(1, 1000000)) AS n)';
    const endless = `SELECT SUM(a.n * b.n) FROM ${numbers} a, ${numbers} b;`;
    const unfinished = sql(emulator, endless).catch(() => 'cut');
    const running = async () => (await call(emulator.endpoint, '/projects/demo/cachedinstances')).body;
    await expect.poll(running).toContain('instanceId');
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(await unfinished).toBe('cut');
    expect((await ready(launch('--data', folder))).emulator).toBeTruthy();
  });

  it('needs no option, and says how to connect', async () => {
    const text = await printed(bare());
    const own = /tunnel=(\S+)/.exec(text)![1]!;
    for (const line of [
      'rows are kept in memory',
      `page     ${own}/`,
      `PyODPS   from odps import ODPS; o = ODPS('local', 'local', 'demo', endpoint='${own}/api')`,
      'Java     import com.aliyun.odps.Odps; import com.aliyun.odps.account.AliyunAccount;',
      '         Odps odps = new Odps(new AliyunAccount("local", "local"));',
      `         end_point=${own}/api`,
      `         tunnel_endpoint=${own}`,
      `           endpoint: ${own}/api`,
    ])
      expect(text.split('\n')).toContain(line);
  });

  it('executes the statements of a file first', async () => {
    const file = join(folder, 'init.sql');
    writeFileSync(
      file,
      '-- first\nCREATE TABLE t (id BIGINT) PARTITIONED BY (dt STRING);\nALTER TABLE t ADD PARTITION (dt="1");\n',
    );
    const { emulator } = await ready(launch('--init', file));
    expect((await sql(emulator, 'SHOW PARTITIONS t;')).text).toContain('dt=1');
    writeFileSync(file, 'CREATE TABLE t (id BIGINT);\nCREATE TABEL u (id BIGINT);\n');
    const wrong = await failure(launch('--init', file));
    expect(wrong).toEqual({
      code: 2,
      text: expect.stringMatching(/--init \S+init.sql: ODPS-0130161:\[2,8\]/),
    });
    expect((await failure(launch('--init', join(folder, 'none')))).code).toBe(2);
  });

  it('tells clients the public address and three layers', async () => {
    const { emulator } = await ready(launch('--public', 'mc.example:81', '--schemas'));
    const project = await call(emulator.endpoint, '/projects/demo');
    expect(project.body).toContain('<Name>odps.schema.model.enabled</Name><Value>true</Value>');
    const tunnel = await call(emulator.endpoint, '/projects/demo/tunnel', { query: { service: '' } });
    expect(tunnel.body).toBe('mc.example:81');
  });

  it('ends with 0 on SIGINT', async () => {
    const { child } = await ready(launch('--count-only'));
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('says what stands in the way', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const busy = await failure(launch('--port', String(port)));
    expect(busy).toEqual({ code: 2, text: expect.stringContaining(`127.0.0.1:${port} is in use`) });
    taken.close();
    const unwritable = await failure(launch('--data', '/proc/nothing'));
    expect(unwritable).toEqual({
      code: 2,
      text: expect.stringContaining('--data /proc/nothing cannot be used'),
    });
    const open = await failure(bare('--host', '0.0.0.0'));
    expect(open).toEqual({ code: 2, text: expect.stringContaining('choose an --access-key') });
    const address = await failure(launch('--public', 'http://x'));
    expect(address).toEqual({ code: 2, text: expect.stringContaining('--public is HOST:PORT') });
    const { emulator } = await ready(launch('--data', folder));
    const twice = await failure(launch('--data', folder));
    expect(twice).toEqual({
      code: 2,
      text: expect.stringMatching(/the data folder \S+ is in use by another process \(\d+\)/),
    });
    expect((await sql(emulator, 'SHOW TABLES;')).status).toBe('Success');
    const quotas = await failure(launch('--quotas', 'some'));
    expect(quotas).toEqual({ code: 2, text: expect.stringContaining('--quotas is "real"') });
  });
});
