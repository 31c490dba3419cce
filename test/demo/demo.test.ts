import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Child, startMaxsink, type TempDir, tempDir } from '../support/process.ts';
import { until } from '../support/until.ts';

/** The built command with the built-in Kafka, as `make demo` runs it. */
const DEADLINE = 120_000;
const SLOW = { deadlineMs: 90_000 };

let demo: Child;
/** Its temporary folders are made in here: other demos may run on this machine. */
let place: TempDir;
beforeEach(() => {
  place = tempDir();
});
afterEach(async () => {
  await demo.stop();
  place.remove();
});

const start = (...args: string[]): Child => {
  demo = startMaxsink(['demo', ...args], { env: { TMPDIR: place.path } });
  return demo;
};

interface Process {
  readonly pid: number;
  readonly args: string;
}

/** The demo's processes, by their parent. */
function childrenOf(pid: number): Process[] {
  // Lines of any length: a COLUMNS of the terminal would cut them.
  const lines = execFileSync('ps', ['-ww', '-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.flatMap((line) => {
    const [, child, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return Number(parent) === pid && !args.startsWith('ps ') ? [{ pid: Number(child), args }] : [];
  });
}

const alive = ({ pid }: Process): boolean => existsSync(`/proc/${pid}`) && !isZombie(pid);
const isZombie = (pid: number): boolean => {
  try {
    return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z');
  } catch {
    return true;
  }
};

const folders = (): string[] => readdirSync(place.path).filter((name) => name.startsWith('maxsink-demo-'));

async function running(): Promise<Process[]> {
  await demo.waitFor(/ s {2}produced [1-9]/, SLOW);
  const processes = childrenOf(demo.pid);
  expect(processes).toHaveLength(4);
  return processes;
}

it('moves every record and says so', { timeout: DEADLINE }, async () => {
  const { code } = await start('--seconds', '1').exited;
  const text = demo.lines.join('\n');
  expect(text).toMatch(/3,000 records = 2,9\d\d rows \+ \d\d dead letters: nothing lost, nothing twice/);
  expect(text).toContain('paced by the demo');
  expect(text).toMatch(/dt=\d{8} {2}hr=\d\d {2}/);
  for (const reason of ['tombstone', 'invalid_json', 'no_event_time', 'wrong_type'])
    expect(text).toContain(reason);
  expect(text).not.toContain('\u001b');
  expect(code).toBe(0);
});

it('ends its processes and removes its folder on Ctrl-C', { timeout: DEADLINE }, async () => {
  start('--seconds', '60');
  const processes = await running();
  demo.kill('SIGINT');
  expect((await demo.exited).code).toBe(130);
  expect(processes.filter(alive)).toEqual([]);
  expect(folders()).toEqual([]);
});

it('leaves nobody behind when it is killed', { timeout: DEADLINE }, async () => {
  start('--seconds', '60');
  const processes = await running();
  demo.kill('SIGKILL');
  await until(() => !processes.some(alive), { what: 'the processes end' });
});

it('says which part died and shows its last lines', { timeout: DEADLINE }, async () => {
  start('--seconds', '60');
  const service = (await running()).find(({ args }) => args.includes('cli.js run'))!;
  process.kill(service.pid, 'SIGKILL');
  expect((await demo.exited).code).toBe(1);
  const text = demo.lines.join('\n');
  expect(text).toContain('maxsink demo: maxsink ended early (SIGKILL)');
  expect(text).toContain('"msg":"http listening"');
});
