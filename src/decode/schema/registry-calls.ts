import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import type * as api from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import type { SchemaText } from './schema.ts';

// Only the HTTP client of the package: what workers need is the text of a schema, and the rest would load
// three schema libraries. Required, not imported: an import of CommonJS with `exports.default` means one
// thing to Node and another to bundlers.
const { default: createClient } = createRequire(import.meta.url)(
  '@kafkajs/confluent-schema-registry/dist/api/index.js',
) as typeof api.default;
type Client = api.SchemaRegistryAPIClient;

/** `ca`: PEM text. A token beats user name and password. */
export interface RegistryOptions {
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
  readonly ca: string | null;
}

/** What can be asked of a registry, one request or a few in a row, once. */
export interface RegistryCalls {
  /** Its address, without credentials. */
  readonly place: string;
  /** Null: it does not know the id. */
  schema(id: number, stop: AbortSignal): Promise<SchemaText | null>;
  /** How many it lists. */
  subjects(stop: AbortSignal): Promise<number>;
}

/** `requestMs`: deadline of one request. What the calls throw: {@link isFinal} and {@link reasonOf} know it. */
export function connectCalls(options: RegistryOptions, requestMs: number): RegistryCalls {
  const { place, api } = connect(options);
  return {
    place,
    schema: (id, stop) => lookUp({ api, stop, requestMs }, id),
    subjects: (stop) => countSubjects({ api, stop, requestMs }),
  };
}

/** Credentials in the address are moved out of it, so that it can be shown. */
function connect(options: RegistryOptions): { place: string; api: Client } {
  const url = new URL(options.url);
  const username = options.username ?? decodeURIComponent(url.username);
  const password = options.password ?? decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  const place = url.href.replace(/\/$/, '');
  const api = createClient({
    host: place,
    clientId: 'maxsink',
    retry: { retries: 0 },
    ...(options.ca === null ? {} : { agent: new Agent({ ca: options.ca }) }),
    ...(options.token === null && username !== '' ? { auth: { username, password } } : {}),
    ...(options.token === null ? {} : { middlewares: [bearer(options.token)] }),
  });
  return { place, api };
}

type Middleware = NonNullable<Parameters<typeof createClient>[0]['middlewares']>[number];

function bearer(token: string): Middleware {
  return () => ({ request: (request) => request.enhance({ headers: { Authorization: `Bearer ${token}` } }) });
}

interface Answer {
  readonly schema?: unknown;
  readonly schemaType?: unknown;
  readonly references?: readonly {
    readonly name: string;
    readonly subject: string;
    readonly version: number;
  }[];
}

interface Asking {
  readonly api: Client;
  readonly stop: AbortSignal;
  readonly requestMs: number;
}

/** Null: unknown. 404 means that only when the address is right, which the list of subjects tells. */
async function lookUp(asking: Asking, id: number): Promise<SchemaText | null> {
  const { api, requestMs: timeout } = asking;
  try {
    const found = await bounded(api.Schema.find({ timeout, id }), asking);
    return await withReferences(asking, found.data<Answer>());
  } catch (error) {
    if (statusOf(error) !== 404) throw error;
  }
  try {
    await bounded(api.Subject.all({ timeout }), asking);
  } catch (error) {
    if (statusOf(error) === 404)
      throw new Error('there is no schema registry at this address (404)', { cause: error });
    if (!isRefused(error)) throw error;
  }
  return null;
}

async function countSubjects(asking: Asking): Promise<number> {
  const answer = await bounded(asking.api.Subject.all({ timeout: asking.requestMs }), asking);
  const list = answer.data<unknown>();
  if (Array.isArray(list)) return list.length;
  throw new Error('the answer is not that of a schema registry');
}

/** References, direct and indirect, in the order in which they can be read. */
async function withReferences(asking: Asking, answer: Answer): Promise<SchemaText> {
  const references: { name: string; text: string }[] = [];
  const seen = new Set<string>();

  async function collect(of: Answer): Promise<void> {
    for (const { name, subject, version } of of.references ?? []) {
      if (seen.has(name)) continue;
      seen.add(name);
      // Deleted versions too: records written with them are still there.
      const request = { timeout: asking.requestMs, subject, version, deleted: true };
      const found = await bounded(asking.api.Subject.version(request), asking);
      const referred = found.data<Answer>();
      const text = textOf(referred);
      await collect(referred);
      references.push({ name, text });
    }
  }

  const text = textOf(answer);
  await collect(answer);
  return { type: typeOf(answer), text, references };
}

/** The client's own time-out is for silence only; this one also ends an answer that was cut off. */
function bounded<T>(response: Promise<T>, { stop, requestMs }: Asking): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no full answer within ${requestMs} ms`)), requestMs);
  const answer = orAborted(orAborted(response, stop), late.signal);
  return answer.finally(() => clearTimeout(timer));
}

/** Registries leave the type of Avro schemas out. One that no decoder reads is for the decoder to refuse: asking again would not change it. */
function typeOf({ schemaType }: Answer): SchemaText['type'] {
  return String(schemaType ?? 'AVRO') as SchemaText['type'];
}

function textOf(answer: Answer): string {
  if (typeof answer?.schema === 'string') return answer.schema;
  throw new Error('the answer is not that of a schema registry');
}

/** The promise, or the reason of the abort when that comes first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function statusOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
}

function isRefused(error: unknown): boolean {
  return statusOf(error) === 401 || statusOf(error) === 403;
}

/** For metrics and logs: the system's own code first: a refused connection has the client's "status 400". */
export function codeOf(error: unknown): string {
  const system = /\bE[A-Z]{4,}\b/.exec(reasonOf(error))?.[0];
  if (system) return system;
  if (/no full answer|timed? ?out/i.test(reasonOf(error))) return 'TIMEOUT';
  const status = statusOf(error);
  return typeof status === 'number' ? `HTTP${status}` : 'OTHER';
}

/** Asking again does not help. */
export const isFinal = (error: unknown): boolean => isRefused(error) || isUntrusted(error);

/** The client keeps the text of a TLS error, not its code. */
const isUntrusted = (error: unknown): boolean =>
  /^(?:self-signed certificate|unable to (?:verify|get)\b.*certificate|certificate has expired|certificate is not yet|Hostname\/IP does not match|.*:SSL routines:)/.test(
    reasonOf(error),
  );

/** Without what the client puts before every message; a refused connection is its "status 400". */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^maxsink - /, '').replace(/^Error, status 400: (?=\w)/, '');
}
