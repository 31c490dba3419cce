import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Service, startService } from '../route/service.ts';
import type { TempDir } from '../support/process.ts';
import { within } from '../support/within.ts';

/** Where members come from: everything that a service needs but its name. */
export interface MemberOptions extends Omit<Parameters<typeof startService>[0], 'env'> {
  readonly folder: TempDir;
  /** Every process leaves its whole log here when it ends. */
  readonly logs: string;
  /** Told when a process ends that was not asked to. */
  readonly onFailure: (what: string) => void;
}

export interface Members {
  /** Of those that run, by name. */
  readonly running: ReadonlyMap<string, Service>;
  /** Returns when the new process has joined the group. */
  start(name: string): Promise<Service>;
  kill(name: string): Promise<void>;
  /** SIGTERM; anything but a clean end is a failure. */
  stop(name: string): Promise<void>;
  /** SIGKILL to all that is left. */
  end(): Promise<void>;
}

const JOIN_MS = 90_000;
const STOP_MS = 45_000;

export function createMembers(options: MemberOptions): Members {
  const { logs, onFailure, ...service } = options;
  const running = new Map<string, Service>();
  /** Those that end because we say so. */
  const ending = new Set<Service>();
  let processes = 0;

  const onExit = (name: string, log: string, member: Service) => {
    writeFileSync(log, `${member.lines.join('\n')}\n`);
    if (ending.has(member)) return;
    running.delete(name);
    onFailure(`member ${name} ended by itself, see ${log}:\n${member.lines.slice(-5).join('\n')}`);
  };
  const take = (name: string): Service => {
    const member = running.get(name);
    if (!member) throw new Error(`no member ${name}`);
    running.delete(name);
    ending.add(member);
    return member;
  };

  return {
    running,
    async start(name) {
      const member = await startService(service);
      running.set(name, member);
      const log = path.join(logs, `member-${name}-${++processes}.log`);
      void member.exited.then(() => onExit(name, log, member));
      await member.waitFor('topic partitions assigned', { deadlineMs: JOIN_MS });
      return member;
    },
    async kill(name) {
      const member = take(name);
      member.kill('SIGKILL');
      await within(STOP_MS, member.exited, `member ${name} killed`);
    },
    async stop(name) {
      const member = take(name);
      const { code, signal } = await member.stop(STOP_MS);
      if (code !== 0) onFailure(`member ${name} ended with ${code ?? signal} on SIGTERM:\n${member.tail()}`);
    },
    async end() {
      const left = [...running.keys()].map(take);
      for (const member of left) member.kill('SIGKILL');
      await Promise.all(left.map((member) => member.exited));
    },
  };
}
