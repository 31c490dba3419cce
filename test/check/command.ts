import { execFile } from 'node:child_process';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect } from 'vitest';
import type { Item, Step } from '../../src/check/report.ts';
import { type EmulatorChild, maxcomputeSection, type TempDir } from '../support/process.ts';
import { CLI } from '../support/project.ts';

/** Runs `maxsink check` as operators do. */
export interface CheckRun {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function check(file: string, ...args: string[]): Promise<CheckRun> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, 'check', '-c', file, ...args], (error, stdout, stderr) => {
      const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      for (const secret of SECRETS) expect(stdout + stderr).not.toContain(secret);
      resolve({ exit, stdout, stderr });
    });
  });
}

/** What stands in the configurations and must never be printed. */
export const SECRETS = [
  'test-key',
  'wr0ng-key',
  'sink-secret',
  'nogroup-secret',
  'notopic-secret',
  'nothing-secret',
];

export interface JsonReport {
  readonly result: string;
  readonly exitCode: number;
  readonly counts: Record<string, number>;
  readonly sections: readonly {
    readonly step: Step;
    readonly items: readonly Item[];
    readonly facts: Record<string, unknown>;
  }[];
}

export interface Checked extends CheckRun {
  readonly report: JsonReport;
  readonly facts: (step: Step) => Record<string, unknown>;
  readonly item: (what: string) => Item;
  /** `ok`, `fail kafka_denied`. */
  readonly status: (what: string) => string;
}

/** The same with `--json`, read. */
export async function checked(file: string, ...args: string[]): Promise<Checked> {
  const run = await check(file, '--json', ...args);
  const report = JSON.parse(run.stdout) as JsonReport;
  expect(report.exitCode).toBe(run.exit);
  const items = report.sections.flatMap((section) => section.items);
  const item = (what: string): Item => {
    const found = items.find((one) => one.what === what);
    if (!found) throw new Error(`no item ${what} among ${items.map((one) => one.what).join(', ')}`);
    return found;
  };
  const status = (what: string) => {
    const { status: word, code } = item(what);
    return code === null ? word : `${word} ${code}`;
  };
  const facts = (step: Step) => report.sections.find((section) => section.step === step)!.facts;
  return { ...run, report, facts, item, status };
}

export interface CheckedPipeline {
  readonly folder: TempDir;
  readonly emulator: EmulatorChild;
  readonly brokers: string;
  readonly topic: string;
  readonly group: string;
  readonly table: string;
  readonly security?: object;
  readonly http?: number;
}

const MAPPING = `  columns: {id: {from: id, type: BIGINT}, name: {from: name, type: STRING}}`;
export const TABLE_PARTITIONS = '  partitions: {hr: {time: event_time, format: HH, zone: UTC}}';

let files = 0;

/** A configuration file; `mapping` are lines below `table:`. */
export function configFile(pipeline: CheckedPipeline, mapping = `${MAPPING}\n${TABLE_PARTITIONS}`): string {
  const { folder, emulator, brokers, topic, group, table, security = {}, http } = pipeline;
  const kafka = { brokers, topics: [topic], groupId: group, security };
  return folder.write(
    `check-${files++}.yaml`,
    `name: ${table}
kafka: ${JSON.stringify(kafka)}
${maxcomputeSection(emulator)}
table:
  name: ${table}
${mapping}
deadLetters: {file: ${folder.path}/dead-letters}
http: ${http === undefined ? 'null' : `{host: 127.0.0.1, port: ${http}}`}
`,
  );
}

export const UNPARTITIONED = MAPPING;

export interface EmulatorStats {
  readonly tables: Record<string, { rows: number; tablePartitions?: Record<string, number> }>;
  readonly sessions: { created: number; committed: number };
  readonly rows: number;
}

export const statsOf = async ({ tunnelEndpoint }: EmulatorChild): Promise<EmulatorStats> =>
  (await (await fetch(`${tunnelEndpoint}/_stats`)).json()) as EmulatorStats;

/** Takes connections and never says a word. */
export async function startSilentServer(): Promise<{ port: number; stop(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: (server.address() as AddressInfo).port,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
