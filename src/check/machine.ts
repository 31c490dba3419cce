import { constants, existsSync, readFileSync } from 'node:fs';
import { access, stat, statfs } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { letterFolder } from '../config/dead-letters.ts';
import type { Config } from '../config/schema.ts';
import { durationText } from '../config/units.ts';
import { openDeadLetterFolder } from '../deadletter/file.ts';
import { SinkError } from '../errors.ts';
import { gibibytes } from '../terminal/words.ts';
import { letterTableItem } from './letter-table.ts';
import { letterTopicItem } from './letter-topic.ts';
import { fail, failed, type Item, notChecked, ok, type Section, warn } from './report.ts';
import type { Service } from './service.ts';
import { withinStep } from './step.ts';

/** What this machine, or this container, has to offer. The clock needs an answer of the service. */
export async function checkMachine(config: Config, service: Service): Promise<readonly Item[]> {
  return [await lettersItem(config, service), await portItem(config)];
}

function lettersItem(config: Config, service: Service): Promise<Item> {
  const { topic, table } = config.deadLetters;
  if (topic !== null) return letterTopicItem(config, topic);
  if (table !== null) return letterTableItem(config, service, table);
  return folderItem(letterFolder(config.deadLetters));
}

export const machineSection = (items: readonly Item[], service: Service): Section => ({
  step: 'machine',
  items: [...items, clockItem(service)],
});

async function folderItem(file: string): Promise<Item> {
  const what = 'dead letters';
  const folder = resolve(file);
  try {
    const made = existsSync(folder);
    const nearest = made ? folder : existingAbove(folder);
    if (made) await withinStep('dead_letter_unwritable', `the folder ${folder}`, () => tryFolder(folder));
    else await mayCreate(nearest);
    const { blocks, bavail, bsize } = await statfs(nearest);
    // Root may write anywhere, it seems; a file system of no size (/proc, /sys) takes no file from anybody.
    if (blocks === 0) throw new Error(`${nearest} is on a file system that takes no files`);
    const text = `${folder} ${made ? 'takes files' : 'will be created'}, ${gibibytes(bavail * bsize)} free`;
    const volatile = volatileMount(nearest, readText('/proc/self/mountinfo'));
    if (volatile === null) return ok(what, text);
    return warn(
      what,
      `${text}; ${volatile}`,
      'Mount a volume there, or name a folder on one in deadLetters.file.',
    );
  } catch (error) {
    if (error instanceof SinkError) return failed(what, error);
    const message = `dead letters cannot be written to ${folder}: ${(error as Error).message}`;
    return failed(what, new SinkError('dead_letter_unwritable', message, error));
  }
}

/** As a start does it: one file is written, synced and removed. */
async function tryFolder(folder: string): Promise<void> {
  const opened = await openDeadLetterFolder({ folder, process: `check-${process.pid}` });
  await opened.stop();
}

/** The folder is left for the start to make. */
async function mayCreate(above: string): Promise<void> {
  if (!(await stat(above)).isDirectory()) throw new Error(`${above} is not a folder`);
  await access(above, constants.W_OK | constants.X_OK);
}

function existingAbove(folder: string): string {
  let above = dirname(folder);
  while (!existsSync(above)) above = dirname(above);
  return above;
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const VOLATILE: Readonly<Record<string, string>> = {
  overlay: "it is in the container's own layer and is lost with the container",
  tmpfs: 'it is in memory and is lost with a restart',
  ramfs: 'it is in memory and is lost with a restart',
};

/** Why a folder does not outlive the container, by the lines of /proc/self/mountinfo; null: nothing says so. */
export function volatileMount(folder: string, mountinfo: string): string | null {
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const point = left.split(' ')[4]?.replace(/\\040/g, ' ');
    return point ? [{ point, type: right.split(' ')[0] ?? '' }] : [];
  });
  const over = mounts.filter(
    ({ point }) => point === '/' || folder === point || folder.startsWith(`${point}/`),
  );
  // Of equally long ones the last was mounted over the others.
  const own = over.reduce<(typeof over)[number] | null>(
    (best, one) => (best === null || one.point.length >= best.point.length ? one : best),
    null,
  );
  return own === null ? null : (VOLATILE[own.type] ?? null);
}

async function portItem({ http }: Config): Promise<Item> {
  const what = 'http port';
  if (http === null) return notChecked(what, 'http is null: nothing listens');
  const place = `${http.host}:${http.port}`;
  const problem = await tryPort(http.host, http.port);
  if (problem === null) return ok(what, `${place} is free`);
  if (problem.code === 'EADDRINUSE' && (await isMaxsink(http)))
    return warn(
      what,
      `${place} is taken by a maxsink that runs already`,
      'A second one on this machine needs another http.port.',
    );
  return fail(
    what,
    `cannot listen on ${place}: ${problem.message}`,
    'Another process holds http.port: choose another, or null to switch it off.',
    'http_port',
  );
}

const tryPort = (host: string, port: number): Promise<NodeJS.ErrnoException | null> =>
  new Promise((done) => {
    const server = createServer();
    server.once('error', done);
    server.listen(port, host, () => server.close(() => done(null)));
  });

const LIVE_MS = 1_000;

async function isMaxsink({ host, port }: { host: string; port: number }): Promise<boolean> {
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  try {
    const answer = await fetch(`http://${address}:${port}/metrics`, { signal: AbortSignal.timeout(LIVE_MS) });
    return (await answer.text()).includes('maxsink_');
  } catch {
    return false;
  }
}

/** Beyond this the service refuses requests; the client then takes over its time (protocol 2.8). */
const SKEW_LIMIT_MS = 15 * 60_000;
const SKEW_WARN_MS = 60_000;

function clockItem(service: Service): Item {
  const what = 'clock';
  const skewMs = service.last()?.skewMs ?? Number.NaN;
  if (Number.isNaN(skewMs)) return notChecked(what, 'the service gave no time');
  const off = Math.round(Math.abs(skewMs) / 1000) * 1000;
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  const text =
    off <= 2000 ? 'agrees with that of the service' : `${durationText(off)} ${side} that of the service`;
  if (Math.abs(skewMs) < SKEW_WARN_MS) return ok(what, text);
  const advice = `Set the clock of this machine (NTP). Beyond ${durationText(SKEW_LIMIT_MS)} each first request is refused and sent again.`;
  return warn(what, text, advice);
}
