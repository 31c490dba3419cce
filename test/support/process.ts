import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './net.ts';
import { CLI } from './project.ts';
import { HUNG_MS, until } from './until.ts';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
}

type Match = string | RegExp | ((line: string) => boolean);

/** A child process with its output. It dies with this process, even when that is killed (Linux). */
export interface Child {
  readonly pid: number;
  /** Lines of stdout and stderr, in the order of arrival. */
  readonly lines: readonly string[];
  readonly exited: Promise<Exit>;
  readonly running: () => boolean;
  /** The first line from number `from` on that matches; fails at once when the process ends. */
  readonly waitFor: (match: Match, options?: { deadlineMs?: number; from?: number }) => Promise<string>;
  /** Sends the signal; for SIGKILL wait for `exited` besides. */
  readonly kill: (signal: NodeJS.Signals) => void;
  /** SIGTERM, and SIGKILL when the process is still there after the deadline. */
  readonly stop: (deadlineMs?: number) => Promise<Exit>;
  /** The end of the output, for error messages. */
  readonly tail: () => string;
}

/** Linux ends the child when its parent is gone; a killed test run leaves no broker behind. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));
const mortal = (command: string, args: readonly string[]): [string, string[]] =>
  SETPRIV ? [SETPRIV, ['--pdeathsig', 'KILL', command, ...args]] : [command, [...args]];

export function startChild(command: string, args: readonly string[], options: StartOptions = {}): Child {
  const env = { ...process.env, ...options.env };
  const cwd = options.cwd === undefined ? {} : { cwd: options.cwd };
  const child = spawn(...mortal(command, args), { stdio: ['ignore', 'pipe', 'pipe'], env, ...cwd });
  const lines = collect(child);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      lines.push(String(error));
      resolve({ code: -1, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { ...control(child, exited), ...reading(child, lines, command), exited, lines };
}

function collect(child: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  return lines;
}

const ended = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null || child.pid === undefined;

function control(child: ChildProcess, exited: Promise<Exit>) {
  const stop = async (deadlineMs = HUNG_MS): Promise<Exit> => {
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
    return exited.finally(() => clearTimeout(timer));
  };
  const kill = (signal: NodeJS.Signals): void => void child.kill(signal);
  return { pid: child.pid ?? -1, running: () => !ended(child), kill, stop };
}

function reading(child: ChildProcess, lines: string[], command: string) {
  const tail = (): string => lines.slice(-40).join('\n');
  const waitFor: Child['waitFor'] = async (match, { deadlineMs = HUNG_MS, from = 0 } = {}) => {
    const find = () => lines.slice(from).find((line) => matches(match, line));
    const what = `${command}: ${match}`;
    await until(() => find() !== undefined || ended(child), { what, deadlineMs, everyMs: 20 }).catch(
      (error) => {
        throw new Error(`${error.message}\n${tail()}`);
      },
    );
    const line = find() ?? (await flushed(child, find));
    if (line === undefined)
      throw new Error(`${command} ended (${child.exitCode ?? child.signalCode}) before: ${match}\n${tail()}`);
    return line;
  };
  return { waitFor, tail };
}

const matches = (match: Match, line: string): boolean => {
  if (typeof match === 'string') return line.includes(match);
  return match instanceof RegExp ? match.test(line) : match(line);
};

/** The last lines may arrive after the exit code. */
async function flushed<T>(child: ChildProcess, find: () => T): Promise<T> {
  if (child.pid !== undefined && !child.stdout?.closed)
    await new Promise((resolve) => child.once('close', resolve));
  return find();
}

const services: Child[] = [];

/** The built command, e.g. `startMaxsink(['run', '-c', file])`. */
export function startMaxsink(args: readonly string[], options?: StartOptions): Child {
  const child = startChild(process.execPath, [CLI, ...args], options);
  // The local MaxCompute shows its keys: they are there to be used.
  if (args[0] !== 'emulator') services.push(child);
  return child;
}

/** Whatever the commands of this test file have printed so far. */
export const everythingPrinted = (): string => services.flatMap(({ lines }) => lines).join('\n');

export interface EmulatorChild extends Child {
  /** `http://127.0.0.1:PORT/api`. */
  readonly endpoint: string;
  /** `http://127.0.0.1:PORT`: tunnel calls, `/_control`, `/_stats`. */
  readonly tunnelEndpoint: string;
  readonly project: string;
  readonly accessId: string;
  readonly accessKey: string;
  /** What `--sts-token` among the arguments says. */
  readonly securityToken: string | null;
}

/** The section `maxcompute` of a configuration file. */
export const maxcomputeSection = ({
  endpoint,
  project,
  accessId,
  accessKey,
}: Pick<EmulatorChild, 'endpoint' | 'project' | 'accessId' | 'accessKey'>): string => `maxcompute:
  endpoint: ${endpoint}
  project: ${project}
  credentials: {accessKeyId: ${accessId}, accessKeySecret: ${accessKey}}`;

/** `maxsink emulator` as a process; `extra` are more arguments: `--count-only`, `--data DIR`, `--quotas real`. */
export async function startEmulatorChild(
  extra: readonly string[] = [],
  port?: number,
): Promise<EmulatorChild> {
  const identity = { project: 'demo', accessId: 'test-id', accessKey: 'test-key' };
  const { project, accessId, accessKey } = identity;
  const at = port ?? (await freePort());
  const names = ['--port', `${at}`, '--project', project, '--access-id', accessId, '--access-key', accessKey];
  const child = startMaxsink(['emulator', ...names, ...extra]);
  const ready = await child.waitFor('emulator ready');
  const field = (name: string) => new RegExp(`${name}=(\\S+)`).exec(ready)?.[1] ?? '';
  const securityToken = extra.includes('--sts-token') ? extra[extra.indexOf('--sts-token') + 1]! : null;
  return {
    ...child,
    ...identity,
    securityToken,
    endpoint: field('endpoint'),
    tunnelEndpoint: field('tunnel'),
  };
}

export interface TempDir {
  readonly path: string;
  /** Writes a file into the folder and returns its path. */
  readonly write: (name: string, text: string) => string;
  readonly remove: () => void;
}

export function tempDir(prefix = 'maxsink-test-'): TempDir {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  const write = (name: string, text: string): string => {
    writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };
  return { path: folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
