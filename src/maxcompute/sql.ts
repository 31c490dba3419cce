/** SQL statements, run as instances: submitted, polled to their end, their result read (protocol 3.4 to 3.6). */
import { randomUUID } from 'node:crypto';
import type { SinkError } from '../errors.ts';
import { type Answer, type Call, requestIdOf } from './call.ts';
import type { Client } from './client.ts';
import { type Failure, failureError, localFailure, statementFailure } from './error.ts';
import { serviceQuery } from './wire.ts';
import { cdata, escapeXml, find, parseXml, type XmlElement } from './xml.ts';

export interface SqlOptions {
  /** Added to, and stronger than, the type settings and the schema hints that are always sent. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Name of the task, as the service lists it. */
  readonly task?: string;
  /** Of the names in the statement: null for those of two layers. Absent: the client's. */
  readonly schema?: string | null;
  readonly signal?: AbortSignal | undefined;
}

/** Waits between two looks at an instance, ms; the last one repeats. */
const POLL_MS = [200, 500, 1000, 2000, 5000];

/**
 * Runs one statement and returns its decoded result: CSV with a header line for a query, empty for DDL.
 * A failed statement throws `table_missing`, `maxcompute_denied`, `maxcompute_transient` or
 * `maxcompute_refused` with the service's text. Submitting is idempotent; the statement itself runs once.
 */
export async function runSql(client: Client, text: string, options: SqlOptions = {}): Promise<string> {
  const statement = /;\s*$/.test(text) ? text : `${text};`;
  const instance = await submit(client, statement, options);
  await untilTerminated(instance);
  // Terminated is not success: the task status says so, the result holds the reason.
  const task = await look(instance, 'read the task status', 'taskstatus');
  const status = find(task.root, 'Tasks', 'Task', 'Status')?.text.trim() ?? 'unknown';
  const { root, requestId } = await look(instance, 'read the result', 'result');
  const result = readResult(root);
  if (status.toLowerCase() === 'success') return result;
  throw problem(instance, status, { ...statementFailure(result), requestId });
}

/** A statement on its way. */
interface Instance {
  readonly client: Client;
  readonly id: string;
  /** For messages. */
  readonly about: string;
  /** When its time is up, ms. */
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
}

async function submit(client: Client, statement: string, options: SqlOptions): Promise<Instance> {
  const { project, clock } = client.options;
  const deadline = clock.now() + client.limits.sqlMs;
  const about = `${project}: ${shorten(statement)}`;
  const call: Call = {
    name: 'run a statement',
    about,
    to: 'service',
    method: 'POST',
    resource: `/projects/${project}/instances`,
    query: serviceQuery({ project, schema: schemaOf(client, options) }),
    headers: { 'Content-Type': 'application/xml' },
    body: jobText(client, statement, options),
    signal: options.signal,
  };
  const id = await client.ask(call, readInstanceId);
  return { client, id, about: `${about}, instance ${id}`, deadline, signal: options.signal };
}

function readInstanceId({ headers }: Answer): string {
  const id = headers.location?.split('/').at(-1)?.split('?')[0];
  if (id) return id;
  throw new Error('no Location header');
}

async function look(
  { client, id, about, signal }: Instance,
  name: string,
  query: string | null,
): Promise<{ root: XmlElement; requestId: string | null }> {
  const call: Call = {
    name,
    about,
    to: 'service',
    method: 'GET',
    resource: `/projects/${client.options.project}/instances/${id}`,
    query: { ...(query === null ? {} : { [query]: null }), ...serviceQuery(client.options) },
    signal,
  };
  return client.ask(call, (answer) => ({
    root: parseXml(answer.text.trim()),
    requestId: requestIdOf(answer),
  }));
}

async function untilTerminated(instance: Instance): Promise<void> {
  const { client, deadline, signal } = instance;
  const { clock } = client.options;
  for (let turn = 0; ; turn++) {
    const { root } = await look(instance, 'read the instance status', null);
    const status = find(root, 'Status')?.text.trim() ?? 'unknown';
    if (status.toLowerCase() === 'terminated') return;
    if (clock.now() >= deadline) {
      throw problem(instance, status, localFailure('DEADLINE', `not done after ${client.limits.sqlMs} ms`));
    }
    await clock.sleep(POLL_MS[Math.min(turn, POLL_MS.length - 1)]!, signal);
  }
}

function readResult(instance: XmlElement): string {
  const result = find(instance, 'Tasks', 'Task', 'Result');
  if (result === undefined) return '';
  const encoded = result.attributes.Transform?.toLowerCase() === 'base64';
  return encoded ? Buffer.from(result.text, 'base64').toString('utf8') : result.text;
}

function problem({ client, about }: Instance, status: string, failure: Failure): SinkError {
  return failureError(`run a statement (${about}, ${status})`, failure, client.limits.serverMessageChars);
}

function shorten(statement: string): string {
  const line = statement.replace(/\s+/g, ' ').trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

/** The job; its Guid makes a repeated submission the same instance (protocol 3.4). */
function jobText(
  client: Client,
  statement: string,
  { settings, task = 'AnonymousSQLTask', ...options }: SqlOptions,
): string {
  const id = randomUUID();
  const hints = schemaHints(schemaOf(client, options));
  const all = JSON.stringify({ ...TYPE_SETTINGS, ...hints, ...settings });
  return `<?xml version="1.0" encoding="utf-8"?>
<Instance><Job>
<Priority>9</Priority>
<Guid>${id}</Guid>
<Tasks><SQL>
<Name>${escapeXml(task)}</Name>
<Config>
<Property><Name>settings</Name><Value>${escapeXml(all)}</Value></Property>
<Property><Name>uuid</Name><Value>${id}</Value></Property>
</Config>
<Query>${cdata(statement)}</Query>
</SQL></Tasks>
<DAG><RunMode>Sequence</RunMode></DAG>
</Job></Instance>`;
}

const schemaOf = ({ options }: Client, { schema = options.schema }: SqlOptions): string | null => schema;

/** Types beyond the oldest set need these in older projects (protocol 3.3). */
const TYPE_SETTINGS = { 'odps.sql.type.system.odps2': 'true', 'odps.sql.decimal.odps2': 'true' };

/** Protocol 3.5. */
function schemaHints(schema: string | null): Record<string, string> {
  if (schema === null) return {};
  return {
    'odps.namespace.schema': 'true',
    'odps.sql.allow.namespace.schema': 'true',
    'odps.default.schema': schema,
  };
}
