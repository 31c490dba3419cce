import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkMachine, machineSection, volatileMount } from '../../src/check/machine.ts';
import type { Service } from '../../src/check/service.ts';
import { parse, SMALLEST } from '../config/support.ts';
import { type TempDir, tempDir } from '../support/process.ts';

const line = (point: string, type: string, id = 1) =>
  `${id} 0 0:1 / ${point} rw,relatime shared:1 - ${type} source rw`;
const container = [
  line('/', 'overlay'),
  line('/proc', 'proc'),
  line('/data', 'ext4'),
  line('/data/cache', 'tmpfs'),
  line('/with\\040blank', 'tmpfs'),
].join('\n');

describe('a folder', () => {
  it.each([
    ['/app/dead-letters', 'lost with the container'],
    ['/data/cache/x', 'in memory'],
    ['/with blank', 'in memory'],
  ])('%s does not last', (folder, why) => {
    expect(volatileMount(folder, container)).toContain(why);
  });

  it.each(['/data', '/data/dead-letters', '/data/cachex'])('%s on a volume lasts', (folder) => {
    expect(volatileMount(folder, container)).toBeNull();
  });

  it('of which nothing is known is not judged', () => {
    expect(volatileMount('/x', '')).toBeNull();
  });

  it('that was mounted over is judged by the last mount', () => {
    const twice = [line('/', 'overlay'), line('/data', 'tmpfs'), line('/data', 'ext4', 2)].join('\n');
    expect(volatileMount('/data', twice)).toBeNull();
  });
});

/** Nobody is asked about a folder. */
const NO_SERVICE = {} as Service;

describe('this machine', () => {
  let folder: TempDir;
  beforeEach(() => {
    folder = tempDir();
  });
  afterEach(() => folder.remove());

  const look = async (letters: string, port = 0) => {
    const more = `deadLetters: {file: "${letters}"}\nhttp: {host: 127.0.0.1, port: ${port}}\n`;
    const [letterItem, portItem] = await checkMachine(parse(`${SMALLEST}${more}`), NO_SERVICE);
    return { letters: letterItem!, port: portItem! };
  };
  /** A port that is taken by what answers with this text. */
  const taken = async (text: string) => {
    const server = createServer((_, response) => response.end(text));
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return { port: (server.address() as AddressInfo).port, end: () => server.close() };
  };

  it('takes dead letters, and keeps nothing of the trial', async () => {
    const place = path.join(folder.path, 'letters');
    mkdirSync(place);
    const { letters } = await look(place);
    expect(letters.evidence).toContain('takes files');
    expect(readdirSync(place)).toEqual([]);
  });

  it('could make the folder, and leaves that to the start', async () => {
    const place = path.join(folder.path, 'a', 'b');
    const { letters } = await look(place);
    expect(letters.evidence).toContain('will be created');
    expect(existsSync(path.dirname(place))).toBe(false);
  });

  it('cannot make the folder below a file', async () => {
    const { letters } = await look(path.join(folder.write('file', ''), 'letters'));
    expect(letters).toMatchObject({ status: 'fail', code: 'dead_letter_unwritable' });
  });

  it('has the port, or says who holds it', async () => {
    const place = path.join(folder.path, 'letters');
    expect((await look(place)).port.status).toBe('ok');
    const other = await taken('something');
    expect((await look(place, other.port)).port).toMatchObject({ status: 'fail', code: 'http_port' });
    other.end();
    const own = await taken('maxsink_build_info 1');
    expect((await look(place, own.port)).port).toMatchObject({ status: 'warn' });
    own.end();
  });

  it('refuses a folder where no file can be, whoever asks', async () => {
    const { letters } = await look('/proc/letters');
    expect(letters).toMatchObject({ status: 'fail', code: 'dead_letter_unwritable' });
  });

  it.each([
    [0, 'ok', 'agrees'],
    [-5_400, 'ok', '5s ahead of'],
    [20 * 60_000, 'warn', '20m behind'],
    [Number.NaN, 'not_checked', 'no time'],
  ])('has a clock that is %i ms behind: %s', (skewMs, status, evidence) => {
    const service = { last: () => ({ skewMs }) } as unknown as Service;
    const { items } = machineSection([], service);
    expect(items).toEqual([expect.objectContaining({ status, evidence: expect.stringContaining(evidence) })]);
  });
});
