import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Child, startChild, type TempDir } from '../support/process.ts';
import { ROOT } from '../support/project.ts';
import { HUNG_MS, sleep, until } from '../support/until.ts';
import { ARM_FILE, type Arm, armText, metLine } from './points.ts';

/** The processes of one group. One that ends is started again at once, as an orchestrator would. */
export interface Crew {
  /** The configuration of every member. */
  readonly file: string;
  /** Returns when every member has topic partitions. */
  start(members: number): Promise<void>;
  /** One more member, or one fewer by SIGTERM. */
  add(): void;
  stopOne(): Promise<void>;
  /**
   * Arms the members; returns the one that met the arm, or null when none came there in time. A killed one has
   * ended then (and another takes its place), a stalled or held one waits for SIGCONT or SIGUSR2.
   */
  strike(arm: Arm, deadlineMs?: number): Promise<Child | null>;
  running(): readonly Child[];
  /** Returns when one more batch is acknowledged, whoever does it: false when none is in time. */
  progress(): Promise<boolean>;
  /** Exit codes other than those of kills, with the error that the log names. */
  readonly exits: readonly Exit[];
  /** Parsed log lines of all processes so far. */
  logged(): Record<string, unknown>[];
  /** SIGKILL to all, and nobody is started again until `start`. */
  halt(): Promise<void>;
  /** Exit codes of an orderly end of all. */
  stop(): Promise<(number | null)[]>;
  /** SIGKILL to all that is left. */
  end(): Promise<void>;
}

export interface Exit {
  readonly code: number | null;
  readonly error: string;
}

export interface CrewOptions {
  readonly folder: TempDir;
  /** The configuration of every member. */
  readonly yaml: string;
  /** Every process leaves its output here. */
  readonly logs: string;
  readonly name: string;
  /** Each place in the crew has an instance id, whichever process takes it. */
  readonly staticMembers: boolean;
}

/** `npm run build:harness` makes it. */
const ENTRY = path.join(ROOT, '.cache', 'harness', 'test', 'chaos', 'entry.js');
const ASSIGNED = 'topic partitions assigned';
const ACKNOWLEDGED = 'batch acknowledged';
/** An orchestrator waits before it starts a process again that ended by itself. */
const RESTART_MS = 500;
let lastArm = 0;

export function createCrew({ folder, yaml, logs, name, staticMembers }: CrewOptions): Crew {
  const file = folder.write('crew.yaml', yaml);
  const armFile = path.join(folder.path, 'arm');
  const all: Child[] = [];
  /** With their places. */
  const running = new Map<Child, number>();
  let places = 0;
  const exits: Exit[] = [];
  let ending = false;

  const spawn = (place = places++): Child => {
    const instance = staticMembers ? { MAXSINK_KAFKA_INSTANCE_ID: `member-${place}` } : {};
    const child = startChild(process.execPath, [ENTRY, file], { env: { [ARM_FILE]: armFile, ...instance } });
    all.push(child);
    running.set(child, place);
    void child.exited.then(({ code, signal }) => onExit(child, code, signal));
    return child;
  };
  const onExit = async (child: Child, code: number | null, signal: string | null) => {
    writeFileSync(path.join(logs, `${name}-${child.pid}.log`), `${child.lines.join('\n')}\n`);
    const place = running.get(child);
    if (!running.delete(child) || ending) return;
    if (signal !== 'SIGKILL') {
      exits.push({ code, error: lastError(child) });
      await sleep(RESTART_MS);
    }
    if (!ending) spawn(place);
  };
  const metBy = (id: number) => all.find((child) => child.lines.some((line) => line.startsWith(metLine(id))));

  const halt = async () => {
    ending = true;
    for (const child of all) child.kill('SIGKILL');
    await Promise.all(all.map((child) => child.exited));
  };

  return {
    ...{ file, exits, halt, end: halt },
    running: () => [...running.keys()],
    async start(members) {
      ending = false;
      const crew = Array.from({ length: members }, () => spawn());
      await Promise.all(crew.map((child) => child.waitFor(ASSIGNED)));
    },
    add: () => void spawn(),
    async stopOne() {
      const [child] = running.keys();
      if (!child) return;
      running.delete(child);
      const code = await stopped(child);
      if (code !== 0) exits.push({ code, error: lastError(child) });
    },
    async strike(arm, deadlineMs = HUNG_MS) {
      const id = ++lastArm;
      const text = folder.write(`arm-${id}`, armText(id, arm));
      renameSync(text, armFile);
      const met = until(() => !existsSync(armFile), { what: arm.point, deadlineMs, everyMs: 20 });
      const reached = await met.catch(() => !withdrawn(armFile));
      if (!reached) return null;
      const child = await until(() => metBy(id), { what: `who met ${arm.point}`, everyMs: 20 });
      if (arm.action === 'kill') await child.exited;
      return child;
    },
    async progress() {
      const before = count(all, ACKNOWLEDGED);
      const more = until(() => count(all, ACKNOWLEDGED) > before, { what: 'progress' });
      return more.then(
        () => true,
        () => false,
      );
    },
    logged: () => all.flatMap(({ lines }) => lines.flatMap(parsed)),
    async stop() {
      ending = true;
      const left = [...running.keys()];
      return Promise.all(left.map(stopped));
    },
  };
}

const count = (children: readonly Child[], message: string): number =>
  children.reduce((sum, { lines }) => sum + lines.filter((line) => line.includes(message)).length, 0);

/** Before its first line a process dies of SIGTERM. */
async function stopped(child: Child): Promise<number | null> {
  await child.waitFor('"msg":"starting"');
  return (await child.stop()).code;
}

/** True when nobody had met the arm. */
function withdrawn(armFile: string): boolean {
  try {
    rmSync(armFile);
    return true;
  } catch {
    return false;
  }
}

function parsed(line: string): Record<string, unknown>[] {
  try {
    return line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : [];
  } catch {
    return []; // cut off by a kill
  }
}

function lastError(child: Child): string {
  const line = child.lines.flatMap(parsed).findLast(({ level }) => level === 'error');
  return line ? `${String(line.code)}: ${String(line.msg)}` : child.lines.slice(-3).join('\n');
}
