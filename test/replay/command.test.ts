import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import { openDeadLetterFolder } from '../../src/deadletter/file.ts';
import { ownerName } from '../../src/deadletter/left.ts';
import { createKeeper } from '../../src/deadletter/original.ts';
import { addFault, clearFaults } from '../route/pipeline.ts';
import { query } from '../route/service.ts';
import {
  type EmulatorChild,
  maxcomputeSection,
  startEmulatorChild,
  startMaxsink,
  type TempDir,
  tempDir,
} from '../support/process.ts';
import { until } from '../support/until.ts';

const NOON = Date.UTC(2026, 10, 20, 12);
/** Tag `x` is what the first mapping rejects: a text in place of a number. */
const letterOf = (offset: number, more: Partial<DeadLetter> = {}): DeadLetter => ({
  ...{ topic: 'orders', partition: offset % 2, offset, timestamp: NOON + offset, key: null },
  ...{ value: Buffer.from(`{"id": ${offset}, "tag": "x", "hour": ${NOON + (offset % 3) * 3_600_000}}`) },
  ...{ headers: [], stage: 'type', code: 'wrong_type', column: 'tag', message: 'no number', sample: 'x' },
  ...more,
});
const BROKEN = letterOf(98, { value: Buffer.from('{'), stage: 'decode', code: 'invalid_json', column: null });
const LATIN = letterOf(99, { key: Buffer.of(0xff), value: null, code: 'tombstone', column: null });

let tables = 0;

/** Letters in a folder, a table, and a configuration whose mapping was mended. */
describe('maxsink deadletters', () => {
  let emulator: EmulatorChild;
  let temp: TempDir;
  let folder: string;
  let table: string;
  let file: string;

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterAll(() => emulator.stop());
  beforeEach(async () => {
    temp = tempDir();
    folder = path.join(temp.path, 'dead-letters');
    table = `replayed_${++tables}`;
    await query(
      emulator,
      `CREATE TABLE ${table} (id BIGINT, tag STRING, at BIGINT) PARTITIONED BY (hr STRING);`,
    );
    file = configured('tag: tag');
    await write([...Array.from({ length: 20 }, (_, i) => letterOf(i)), BROKEN, LATIN]);
  });
  afterEach(async () => {
    await clearFaults(emulator);
    temp.remove();
  });

  function configured(column: string): string {
    return temp.write(
      'config.yaml',
      `name: ${table}
kafka: {brokers: "127.0.0.1:1", topics: [orders]}
${maxcomputeSection(emulator)}
table:
  name: ${table}
  columns: {id: id, ${column}, at: __offset__}
  partitions: {hr: {time: hour, format: HH, zone: UTC}}
deadLetters: {file: ${folder}}
http: null
`,
    );
  }

  /** As the service writes them. */
  async function write(letters: readonly DeadLetter[]): Promise<void> {
    const opened = await openDeadLetterFolder({
      folder,
      process: ownerName({ group: `maxsink-${table}`, host: 'h', pid: 1 }),
    });
    const batch = '6fa459ea-ee8a-4ca4-894e-db77e160355e';
    await opened.append(batch, letters);
    await opened.seal(batch);
    await opened.acknowledge(batch);
    await opened.stop();
  }

  const start = (args: readonly string[]) =>
    startMaxsink(['deadletters', args[0]!, '-c', file, ...args.slice(1)]);
  async function run(...args: string[]) {
    const child = start(args);
    const { code } = await child.exited;
    return { code, text: child.lines.join('\n') };
  }
  const rows = async () =>
    (await query(emulator, `SELECT id, at FROM ${table} ORDER BY id;`)).map(([id]) => id);
  const twenty = Array.from({ length: 20 }, (_, i) => i);

  it('list counts them by reason and topic partition, with times and the newest', async () => {
    const { code, text } = await run('list');
    expect(code, text).toBe(0);
    expect(text).toContain('wrong_type  10 letters of orders-0, stage type of column tag');
    expect(text).toContain('2026-11-20T12:00:00.001Z to 2026-11-20T12:00:00.019Z');
    expect(text).toContain('newest: orders-1-19: no number');
    expect(text).toContain(`22 dead letters in the folder ${folder}`);
    const some = JSON.parse((await run('list', '--json', '--code', 'invalid_json', 'tombstone')).text);
    expect(some.groups).toMatchObject([
      { code: 'invalid_json', count: 1, example: { id: 'orders-0-98' } },
      { code: 'tombstone', count: 1, first: NOON + 99, last: NOON + 99 },
    ]);
    const late = JSON.parse(
      (await run('list', '--json', '--since', '2026-11-20T12:00:00.018Z', '--column', 'tag')).text,
    );
    expect(late.groups.map((one: { count: number }) => one.count)).toEqual([1, 1]);
    expect((await run('list', '--since', 'yesterday')).code).toBe(2);
  });

  it('show prints everything of a letter, bytes as they are', async () => {
    const { code, text } = await run('show', 'orders-1-99', 'orders-0-98');
    expect(code, text).toBe(0);
    expect(text).toContain('key         1 bytes, base64: /w==');
    expect(text).toContain('value       null');
    expect(text).toContain('value       1 bytes: {');
    const { code: missing, text: json } = await run('show', '--json', 'orders-1-99', 'orders-1-97');
    expect(missing).toBe(3);
    expect(JSON.parse(json.split('\n')[0]!)).toMatchObject({
      id: 'orders-1-99',
      key: { base64: '/w==' },
      value: null,
    });
    expect((await run('show', 'nonsense')).code).toBe(2);
  });

  it('show says of a key that is not the letter’s that it is the wrong one', async () => {
    const keys = () =>
      generateKeyPairSync('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      });
    const [{ publicKey, privateKey }, other] = [keys(), keys()];
    await write([createKeeper({ original: 'encrypt', publicKey, hidden: false })(letterOf(50))]);
    const show = (name: string, pem: string) =>
      run('show', 'orders-0-50', '--json', '--key', temp.write(name, pem));
    const right = await show('right', privateKey);
    expect(JSON.parse(right.text).value.text).toMatch(/^\{"id": 50/);
    const wrong = await show('wrong', other.privateKey);
    expect(wrong.code, wrong.text).toBe(2);
    expect(wrong.text).toContain('usage: --key: the dead letter orders-0-50 is not for this private key');
  });

  it('replay writes each letter once that the mapping takes now, and tells which it does not', async () => {
    const dry = await run('replay', '--dry-run');
    expect(dry.code, dry.text).toBe(3);
    expect(dry.text).toContain(`20 letters are taken: would become 20 rows of demo.${table}`);
    expect(await rows()).toEqual([]);
    expect(existsSync(path.join(folder, `replayed-${table}`))).toBe(false);

    const some = await run('replay', 'orders-0-4', 'orders-1-5', 'orders-1-97');
    expect(some.code, some.text).toBe(3);
    expect(some.text).toContain('no such letter: orders-1-97');
    expect(await rows()).toEqual([4, 5]);

    const { code, text } = await run('replay');
    expect(code, text).toBe(3);
    expect(text).toMatch(/18 letters replayed: 18 rows of/);
    expect(text).toMatch(/hr=13 +6/);
    expect(text).toMatch(/2 letters were rejected again:\n {2}invalid_json, stage decode: 1, for example /);
    expect(await rows()).toEqual(twenty);

    const again = JSON.parse((await run('replay', '--json', '--code', 'wrong_type')).text);
    expect(again).toMatchObject({ letters: 20, earlier: 20, taken: 0, rows: 0, exitCode: 0 });
    expect(await rows()).toEqual(twenty);
    expect((await run('list')).text).toContain('10 replayed');
  });

  it('replay that is not mended writes nothing', async () => {
    file = configured('missing: tag');
    expect((await run('replay')).code).toBe(2);
    await query(emulator, `DROP TABLE ${table};`);
    file = configured('tag: tag');
    const { code, text } = await run('replay');
    expect(code).toBe(1);
    expect(text).toContain('table_missing');
  });

  it.each([
    ['before it', { action: 'hang' }],
    ['while the service is at it', { action: 'closing', ms: 4_000 }],
  ])('replay that is killed in its commit, %s, is finished by the next one', async (_, fault) => {
    // The commit hangs, so that the kill comes between the journal and the answer.
    await addFault(emulator, { route: 'commit', ...fault });
    const child = start(['replay', '--code', 'wrong_type']);
    const pending = () =>
      existsSync(path.join(folder, `replayed-${table}`)) &&
      readdirSync(path.join(folder, `replayed-${table}`)).some((name) => name.endsWith('.pending'));
    await until(pending, { what: 'the journal', everyMs: 5 });
    const refused = await run('replay');
    expect(refused.code).toBe(2);
    expect(refused.text).toContain('another replay has the journal');
    child.kill('SIGKILL');
    await child.exited;
    await clearFaults(emulator);
    const { code, text } = await run('replay', '--code', 'wrong_type');
    expect(code, text).toBe(0);
    expect(text).toContain('an earlier replay was cut off in batch');
    expect(text).toContain('its rows are in the table');
    expect(await rows()).toEqual(twenty);
    expect(readdirSync(path.join(folder, `replayed-${table}`))).toEqual([expect.stringMatching(/\.jsonl$/)]);
  });

  it('replay that is killed before its journal is done by the next one', async () => {
    await addFault(emulator, { route: 'block', action: 'hang' });
    const child = start(['replay', '--code', 'wrong_type']);
    await until(
      async () =>
        ((await (await fetch(`${emulator.tunnelEndpoint}/_control`)).json()) as { applied: number }[]).some(
          ({ applied }) => applied > 0,
        ),
      { what: 'a block' },
    );
    child.kill('SIGKILL');
    await child.exited;
    await clearFaults(emulator);
    const { code, text } = await run('replay', '--code', 'wrong_type');
    expect(code, text).toBe(0);
    expect(text).toContain('20 letters replayed: 20 rows');
    expect(await rows()).toEqual(twenty);
  });
});
