import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** The processes of the demo. The first one that ends unasked aborts `signal` with its last lines. */
export interface Children {
  readonly signal: AbortSignal;
  start(options: ChildOptions): Child;
  /** What is behind an error: a part that died often shows first as a failed request to it. */
  cause(error: unknown): Promise<unknown>;
  /** Ends what still runs, the youngest first. */
  stop(): Promise<void>;
}

export interface ChildOptions {
  readonly name: string;
  /** JavaScript file and its arguments. */
  readonly args: readonly string[];
  /** Its whole environment: the caller's settings do not leak into the demo. */
  readonly env?: Readonly<Record<string, string>>;
  onLine?(line: string): void;
  onMessage?(message: unknown): void;
}

export interface Child {
  send(message: object): void;
  /** SIGTERM, and SIGKILL after `graceMs`. Resolves to the exit code, null when a signal ended it. */
  stop(graceMs: number): Promise<number | null>;
  /** The last lines that it wrote. */
  lastLines(): string;
}

const LAST_LINES = 12;
const GRACE_MS = 5_000;
/** Until the end of a process is noticed. */
const CAUSE_MS = 1_000;
const END_WITH_PARENT = new URL('end-with-parent.js', import.meta.url).href;

export function createChildren(outer: AbortSignal): Children {
  const failure = new AbortController();
  const children: Child[] = [];
  const signal = AbortSignal.any([outer, failure.signal]);
  return {
    signal,
    async cause(error) {
      for (let waited = 0; waited < CAUSE_MS && !signal.aborted; waited += 50) await sleep(50);
      return signal.aborted ? signal.reason : error;
    },
    start(options) {
      const child = startChild(options, (error) => failure.abort(error));
      children.push(child);
      return child;
    },
    async stop() {
      for (const child of children.reverse()) await child.stop(GRACE_MS);
    },
  };
}

function startChild(options: ChildOptions, onFailure: (error: Error) => void): Child {
  const { name, args, env = {}, onLine, onMessage } = options;
  // A group of its own: Ctrl-C reaches the demo alone, which then ends the others in order.
  const child = spawn(process.execPath, ['--import', END_WITH_PARENT, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const last: string[] = [];
  const keep = (line: string) => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
  };
  createInterface({ input: child.stdout! }).on('line', (line) => {
    keep(line);
    onLine?.(line);
  });
  createInterface({ input: child.stderr! }).on('line', keep);
  if (onMessage) child.on('message', onMessage);

  let stopping = false;
  const ended = endOf(child);
  const lastLines = () => last.map((line) => `  ${line}`).join('\n');
  void ended.then(({ code, signal }) => {
    if (!stopping)
      onFailure(new Error(`${name} ended early (${signal ?? `exit code ${code}`})\n${lastLines()}`));
  });
  return {
    send: (message) => void (child.connected && child.send(message, () => undefined)),
    async stop(graceMs) {
      stopping = true;
      const running = child.exitCode === null && child.signalCode === null;
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      if (running) child.kill('SIGTERM');
      const { code } = await ended;
      clearTimeout(timer);
      return code;
    },
    lastLines,
  };
}

/** After `close` every line has been read, unlike after `exit`. */
const endOf = (child: ChildProcess): Promise<{ code: number | null; signal: string | null }> =>
  new Promise((resolve) => {
    child.on('error', () => resolve({ code: null, signal: 'not started' }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
