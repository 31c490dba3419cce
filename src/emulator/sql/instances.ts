import { randomBytes } from 'node:crypto';
import type { Core } from '../core.ts';
import { Refusal, StatementError } from '../errors.ts';
import type { Rows } from '../store/store.ts';
import { cost } from './cost.ts';
import { execute } from './execute.ts';
import type { Job } from './job.ts';
import type { QuerySession } from './names.ts';
import type { Outcome } from './run-query.ts';
import { parseScript } from './script.ts';
import { parseError } from './tokens.ts';

/** One submitted statement. */
export interface Instance extends Pick<Job, 'guid' | 'kind' | 'taskName' | 'query' | 'source'> {
  readonly id: string;
  /** Grows with every instance of the process. */
  readonly number: number;
  /** Of a session: the ids of its queries by their numbers; undefined for what it refused. */
  readonly queries: (string | undefined)[];
  readonly startedAt: number;
  endedAt: number | undefined;
  status: 'Running' | 'Success' | 'Failed' | 'Cancelled';
  outcome: Outcome;
  /** Of a query that ended well: `given up` after many others, its CSV stays. */
  rows: Rows | 'given up' | undefined;
  /** Ends its query. */
  readonly abort: AbortController;
}

export interface Instances {
  /** Starts the statement of a submission; the same Guid gives the same instance again. */
  submit(core: Core, job: Job, schema: string | undefined): Instance;
  /** Opens an interactive session. */
  open(core: Core, job: Job): Instance;
  /** Throws NoSuchObject for an unknown id. */
  find(id: string): Instance;
  /** Those that are remembered, the oldest first. */
  list(): readonly Instance[];
  /** Resolves when an instance has ended, or after so many milliseconds. */
  ended(instance: Instance, ms: number): Promise<void>;
  /** Ends one that runs; the others stay what they are: false. */
  cancel(instance: Instance): boolean;
  /** Cancels all that run and waits until they have ended. */
  close(): Promise<void>;
}

/** The service ends what runs longer. */
const LONGEST_RUN = 24 * 60 * 60 * 1000;

/** What is remembered of ended instances: rows are tables of the store, texts are in memory. */
const LIMITS = { instances: 10_000, withRows: 500, characters: 128 * 1024 * 1024 };

export function createInstances(limits = LIMITS): Instances {
  const instances = new Map<string, Instance>();
  const byGuid = new Map<string, Instance>();
  /** Those that have ended, and those of them that still have rows, each the oldest end first. */
  const over = new Set<Instance>();
  const withRows = new Set<Instance>();
  let characters = 0;
  let submitted = 0;
  const running = new Map<Instance, Promise<void>>();

  function begun(core: Core, job: Job): Instance {
    submitted += 1;
    const instance = newInstance(job, core.now(), submitted);
    instances.set(instance.id, instance);
    return instance;
  }

  function submit(core: Core, job: Job, schema: string | undefined): Instance {
    const { guid } = job;
    const former = guid ? byGuid.get(guid) : undefined;
    if (former) return former;
    const instance = begun(core, job);
    if (guid) byGuid.set(guid, instance);
    const work = run(core, instance, job.properties, schema).then(() => remember(instance));
    running.set(instance, work);
    return instance;
  }

  function open(core: Core, job: Job): Instance {
    const instance = begun(core, job);
    const stopped = once(instance.abort.signal).then(() => {
      instance.endedAt = core.now();
      remember(instance);
    });
    running.set(instance, stopped);
    return instance;
  }

  /** The longest ended ones make room; one that runs is never forgotten. */
  function remember(instance: Instance): void {
    running.delete(instance);
    over.add(instance);
    if (instance.rows) withRows.add(instance);
    if (withRows.size > limits.withRows) giveUpRows(first(withRows));
    characters += sizeOf(instance);
    while (over.size > limits.instances || (characters > limits.characters && over.size > 1))
      forget(first(over));
  }

  function giveUpRows(instance: Instance): void {
    if (!withRows.delete(instance) || typeof instance.rows !== 'object') return;
    void instance.rows.release().catch(() => {});
    instance.rows = 'given up';
  }

  function forget(instance: Instance): void {
    giveUpRows(instance);
    over.delete(instance);
    characters -= sizeOf(instance);
    instances.delete(instance.id);
    if (instance.guid) byGuid.delete(instance.guid);
  }

  function find(id: string): Instance {
    const instance = instances.get(id);
    if (!instance) throw new Refusal(404, 'NoSuchObject', `ODPS-0410000:Instance ${id} does not exist`);
    return instance;
  }

  function cancel(instance: Instance): boolean {
    if (instance.status !== 'Running') return false;
    instance.status = 'Cancelled';
    instance.abort.abort(new Error('the instance was cancelled'));
    return true;
  }

  async function close(): Promise<void> {
    for (const instance of instances.values()) cancel(instance);
    await Promise.allSettled(running.values());
  }

  async function ended(instance: Instance, ms: number): Promise<void> {
    if (instance.status === 'Running') await firstOf(running.get(instance), instance.abort.signal, ms);
  }

  return { submit, open, find, list: () => [...instances.values()], ended, cancel, close };
}

const once = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

/** Resolves with the work, with the signal or after a time, whichever comes first. */
function firstOf(work: Promise<void> | undefined, signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(late);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const late = setTimeout(done, ms);
    signal.addEventListener('abort', done);
    if (work) void work.then(done);
    else done();
  });
}

const first = (instances: ReadonlySet<Instance>): Instance => instances.values().next().value!;

const sizeOf = ({ outcome, query, source }: Instance): number =>
  outcome.text.length + query.length + source.length;

function newInstance({ guid, kind, taskName, query, source }: Job, now: number, number: number): Instance {
  const stamp = new Date(now).toISOString().replace(/\D/g, '').slice(0, 17);
  return {
    // The letter is the service's: Java's parser takes digits before an e or a d for a number.
    id: `${stamp}g${randomBytes(5).toString('hex')}`,
    number,
    guid,
    kind,
    taskName,
    query,
    source,
    queries: [],
    startedAt: now,
    endedAt: undefined,
    status: 'Running',
    outcome: { format: 'text', text: '' },
    rows: undefined,
    abort: new AbortController(),
  };
}

async function run(
  core: Core,
  instance: Instance,
  given: ReadonlyMap<string, string>,
  schema: string | undefined,
): Promise<void> {
  const tooLong = new StatementError(
    'ODPS-0010000:System internal error - the instance ran longer than 24 hours',
  );
  const deadline = setTimeout(() => instance.abort.abort(tooLong), LONGEST_RUN).unref();
  try {
    checkLength(instance.query);
    const script = parseScript(instance.query);
    const settings = new Map([...parseSettings(given.get('settings')), ...script.settings]);
    const session = { ...sessionOf(core, settings, schema), signal: instance.abort.signal };
    const isCost = instance.kind === 'SQLCost';
    const outcome = isCost ? cost(core, script, session) : await execute(core, script, session);
    finish(instance, 'Success', outcome, core.now());
  } catch (error) {
    finish(instance, 'Failed', { format: 'text', text: failureText(error) }, core.now());
  } finally {
    clearTimeout(deadline);
  }
}

/** Bytes of a text (the service's limits of SQL). */
const LONGEST_TEXT = 2 * 1024 * 1024;

function checkLength(text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes <= LONGEST_TEXT) return;
  throw parseError(text, 0, `the statement has ${bytes} bytes, it may have ${LONGEST_TEXT}`);
}

function finish(instance: Instance, status: 'Success' | 'Failed', outcome: Outcome, now: number): void {
  instance.endedAt = now;
  if (instance.status === 'Cancelled') {
    void outcome.rows?.release().catch(() => {});
    return;
  }
  instance.status = status;
  instance.outcome = outcome;
  instance.rows = outcome.rows;
}

function failureText(error: unknown): string {
  if (error instanceof StatementError) return error.message;
  // The parsers go as deep as the statement does.
  if (error instanceof RangeError && error.message.includes('call stack'))
    return 'ODPS-0130161:[1,1] Parse exception - the statement is nested too deeply, or a text in it is too long';
  return `ODPS-0010000:System internal error - ${error instanceof Error ? error.message : String(error)}`;
}

function sessionOf(
  core: Core,
  settings: ReadonlyMap<string, string>,
  schema: string | undefined,
): QuerySession {
  return {
    schema: (settings.get('odps.default.schema') ?? schema ?? 'default').toLowerCase(),
    timeZone: settings.get('odps.sql.timezone') ?? core.timeZone,
    settings,
  };
}

/** The `settings` property: JSON of texts; anything else is taken for none. */
function parseSettings(json: string | undefined): Map<string, string> {
  try {
    const parsed: unknown = JSON.parse(json ?? '{}');
    if (typeof parsed !== 'object' || parsed === null) return new Map();
    return new Map(Object.entries(parsed).map(([key, value]) => [key, String(value)]));
  } catch {
    return new Map();
  }
}
