import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { LIGHT_JVM } from '../support/java.ts';
import type { EmulatorChild } from '../support/process.ts';
import { fetchedPart, ROOT } from '../support/project.ts';

export const CLIENTS = ['PyODPS', 'Java'] as const;
export type ClientName = (typeof CLIENTS)[number];

export interface Answer {
  readonly ok: boolean;
  /** `works`; `refused` as it should; `impossible` in the client itself; otherwise it failed. */
  readonly outcome: 'works' | 'refused' | 'impossible' | 'failed' | 'missing';
  /** The error that it was refused with, why the client cannot do it, or what went wrong. */
  readonly detail: string;
  readonly result?: unknown;
}

/** A program of one client: takes an operation after the other, in one process as long as none hangs. */
export interface Program {
  readonly name: ClientName;
  readonly prefix: string;
  ask(operation: string, given?: object, emulator?: EmulatorChild): Promise<Answer>;
  stop(): void;
}

const FOLDER = path.join(ROOT, 'test', 'conformance');
/** A client repeats some calls for two minutes: what takes longer than this has gone wrong. */
const DEADLINE_MS = 60_000;

/** Both programs, started; the Java one is compiled into `folder` first. */
export async function startPrograms(
  emulator: EmulatorChild,
  folder: string,
): Promise<Record<ClientName, Program>> {
  const config = (prefix: string) => JSON.stringify({ ...addresses(emulator), prefix });
  const python = ['-B', path.join(FOLDER, 'python', 'client.py'), config('py')];
  const classpath = `${await compile(folder)}:${fetchedPart('clients', 'java')}/*`;
  const java = ['-Xmx512m', ...LIGHT_JVM, ...ARROW, '-cp', classpath, 'Client', config('java')];
  return {
    PyODPS: program('PyODPS', 'py', fetchedPart('clients', 'venv', 'bin', 'python'), python),
    Java: program('Java', 'java', 'java', java),
  };
}

/** Arrow reaches into the buffers of the JVM. */
const ARROW = [
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
];

async function compile(folder: string): Promise<string> {
  const sources = readdirSync(path.join(FOLDER, 'java')).map((name) => path.join(FOLDER, 'java', name));
  const classpath = `${fetchedPart('clients', 'java')}/*`;
  const javac = ['-nowarn', '-proc:none', '-encoding', 'UTF-8', '-d', folder, '-cp', classpath, ...sources];
  await promisify(execFile)('javac', javac);
  return folder;
}

function addresses({ endpoint, tunnelEndpoint, project, accessId, accessKey, securityToken }: EmulatorChild) {
  return { endpoint, tunnelEndpoint, project, accessId, accessKey, securityToken };
}

function program(name: ClientName, prefix: string, command: string, args: readonly string[]): Program {
  let running: Running | undefined;
  const ask: Program['ask'] = async (operation, given = {}, emulator) => {
    running ??= run(command, args);
    const config = emulator ? addresses(emulator) : {};
    const answer = await running.ask({ operation, arguments: given, config });
    if (answer) return answer;
    const detail = `${operation}: no answer within ${DEADLINE_MS / 1000} s\n${running.tail()}`;
    running.stop();
    running = undefined;
    return { ok: false, outcome: 'failed', detail };
  };
  return { name, prefix, ask, stop: () => running?.stop() };
}

interface Running {
  /** Null when there is none in time. */
  ask(question: object): Promise<Answer | null>;
  tail(): string;
  stop(): void;
}

function run(command: string, args: readonly string[]): Running {
  const child: ChildProcessWithoutNullStreams = spawn(command, args);
  const errors: string[] = [];
  let answered: (line: string | null) => void = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => answered(line));
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  child.on('error', (error) => errors.push(String(error)));
  child.on('close', () => answered(null));
  child.stdin.on('error', () => {});
  return {
    async ask(question) {
      if (child.exitCode !== null || child.signalCode !== null) return null;
      const line = await new Promise<string | null>((resolve) => {
        const timer = setTimeout(() => resolve(null), DEADLINE_MS);
        answered = (found) => {
          clearTimeout(timer);
          resolve(found);
        };
        child.stdin.write(`${JSON.stringify(question)}\n`);
      });
      return line === null ? null : (JSON.parse(line) as Answer);
    },
    tail: () => errors.slice(-20).join('\n'),
    // The input ends with this process, and the program with its input.
    stop: () => void child.kill('SIGKILL'),
  };
}
