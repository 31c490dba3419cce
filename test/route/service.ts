import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { type DeadLetter, parseDeadLetter } from '../../src/deadletter/dead-letter.ts';
import { openMaxCompute } from '../../src/maxcompute/maxcompute.ts';
import {
  type Child,
  type EmulatorChild,
  type Exit,
  maxcomputeSection,
  startMaxsink,
  type TempDir,
} from '../support/process.ts';
import { HUNG_MS, until } from '../support/until.ts';
import { within } from '../support/within.ts';

/** Starts the service as users do: a process with a YAML file. */
export interface ServiceOptions {
  readonly folder: TempDir;
  readonly bootstrap: string;
  readonly topic: string;
  readonly group: string;
  readonly emulator: EmulatorChild;
  readonly table: string;
  /** Lines below `table:`, indented by two. */
  readonly mapping: string;
  /** The value of `deadLetters`; a folder below `folder` unless told. */
  readonly deadLetters?: string;
  /** Further top-level sections. */
  readonly more?: string;
  readonly kafkaOptions?: Record<string, string | number>;
  readonly env?: Record<string, string>;
}

export interface Service extends Child {
  /** Its configuration. */
  readonly file: string;
  /** One metric's value, labels summed up; 0 when it is not there yet. */
  metric(name: string): Promise<number>;
  /** HTTP status of `/live` or `/ready`. */
  probe(name: 'live' | 'ready'): Promise<number>;
  /** What is there for `/metrics`, `/ready` ...; empty when there is nothing. */
  page(name: string): Promise<string>;
  /** Parsed log lines with this message. */
  logged(message: string): Record<string, unknown>[];
}

/** How it ended by itself; its output when it does not. */
export const exitOf = ({ exited, tail }: Service): Promise<Exit> =>
  within(HUNG_MS, exited, 'the service ends').catch((error) => {
    throw new Error(`${error.message}\n${tail()}`);
  });

let started = 0;

export async function startService(options: ServiceOptions): Promise<Service> {
  const file = options.folder.write(`service-${started++}.yaml`, yaml(options));
  const child = startMaxsink(['run', '-c', file], options.env ? { env: options.env } : {});
  // Any port: one that was free a moment ago may be somebody's by the time it is listened at.
  const get = async (name: string) => {
    const { port } = JSON.parse(await child.waitFor('"msg":"http listening"')) as { port: number };
    // A connection that is kept open may just be closed by the service when it is used again.
    return fetch(`http://127.0.0.1:${port}/${name}`, { headers: { connection: 'close' } });
  };
  return {
    ...child,
    file,
    async metric(name) {
      const text = await get('metrics').then((r) => r.text());
      const lines = text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
      return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
    },
    probe: (name) => get(name).then((r) => r.status),
    page: (name) => get(name).then((r) => (r.status === 404 ? '' : r.text())),
    logged: (message) =>
      child.lines
        .filter((l) => l.startsWith('{'))
        .map((l) => JSON.parse(l))
        .filter((l) => l.msg === message),
  };
}

/** A single broker appends at once: there is no older generation's commit to wait for. */
const ONE_BROKER = 'ledger: {settle: 200ms}';

function yaml(options: ServiceOptions): string {
  const { bootstrap, topic, group, emulator, table, mapping, folder, more = '' } = options;
  const kafkaOptions = JSON.stringify({
    'session.timeout.ms': 6000,
    // Brokers on a machine that starts many things at a time may not answer within the ten seconds of a start.
    'socket.connection.setup.timeout.ms': 60_000,
    'heartbeat.interval.ms': 500,
    ...options.kafkaOptions,
  });
  return `name: ${table}
kafka: {brokers: "${bootstrap}", topics: [${topic}], groupId: ${group}, options: ${kafkaOptions}}
${maxcomputeSection(emulator)}
table:
  name: ${table}
${mapping}
deadLetters: ${options.deadLetters ?? `{file: ${path.join(folder.path, 'dead-letters')}}`}
http: {host: 127.0.0.1, port: 0}
${/^ledger:/m.test(more) ? '' : ONE_BROKER}
${more}
`;
}

export type Account = Pick<EmulatorChild, 'endpoint' | 'project' | 'accessId' | 'accessKey'> &
  Partial<Pick<EmulatorChild, 'securityToken'>>;

/** Asks the emulator through the client; the rows of the CSV answer as text, numbers as numbers. */
export async function query(emulator: Account, sql: string): Promise<(string | number | null)[][]> {
  const client = openMaxCompute({
    endpoint: emulator.endpoint,
    tunnelEndpoint: null,
    project: emulator.project,
    schema: null,
    quota: null,
    region: null,
    credentials: async () => ({
      accessKeyId: emulator.accessId,
      accessKeySecret: emulator.accessKey,
      securityToken: emulator.securityToken ?? null,
    }),
    proxy: null,
    ca: null,
    clock: systemClock,
    userAgent: 'maxsink-test/1',
  });
  try {
    const [, ...lines] = (await client.runSql(sql)).trimEnd().split('\n');
    return lines.map((line) => line.split(',').map(cell));
  } finally {
    await client.close();
  }
}

const cell = (text: string): string | number | null => {
  if (text === '\\N') return null;
  return text.startsWith('"') ? text.slice(1, -1) : Number(text);
};

/** Every dead letter of the folder once, by id, as readers merge them; `.open` files of dead processes included. */
export function deadLetters(folder: string): Map<string, DeadLetter> {
  const found = new Map<string, DeadLetter>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl'))) {
    for (const line of readFileSync(path.join(folder, name), 'utf8').split('\n').filter(Boolean)) {
      const letter = parseDeadLetter(line);
      found.set(`${letter.topic}-${letter.partition}-${letter.offset}`, letter);
    }
  }
  return found;
}

/** Waits until the group has acknowledged everything up to `ends`. */
export const untilAcknowledged = (
  ask: () => Promise<ReadonlyMap<number, { offset: number }>>,
  ends: ReadonlyMap<number, number>,
): Promise<unknown> =>
  until(
    async () => {
      const committed = await ask();
      return [...ends].every(([tp, end]) => (committed.get(tp)?.offset ?? 0) >= end);
    },
    { what: 'every offset is acknowledged', everyMs: 500 },
  );
