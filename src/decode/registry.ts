import { Agent } from 'node:https';
import { createRequire } from 'node:module';
import type * as api from '@kafkajs/confluent-schema-registry/dist/api/index.js';
import type { Clock } from '../clock.ts';
import { SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { retry } from '../retry.ts';
import type { SchemaText } from './schema.ts';

// Only the HTTP client of the package: what workers need is the text of a schema, and the rest would load
// three schema libraries. Required, not imported: an import of CommonJS with `exports.default` means one
// thing to Node and another to bundlers.
const { default: createClient } = createRequire(import.meta.url)(
  '@kafkajs/confluent-schema-registry/dist/api/index.js',
) as typeof api.default;
type Client = api.SchemaRegistryAPIClient;

/** The schema registry, on the main thread. */
export interface Registry {
  /**
   * A writer schema with all that it refers to; null when the registry does not know the id, which is believed
   * for {@link LIMITS.schemaMissingMs}. Callers for one id share one request.
   * While the registry is away it is asked again and again, until `signal` aborts.
   *
   * @throws SinkError `registry_unreachable` when aborted, `registry_auth` when the credentials are refused or
   *   the certificate is not trusted
   */
  schema(id: number, signal?: AbortSignal): Promise<SchemaText | null>;
  /**
   * How many subjects it lists; asked once.
   *
   * @throws SinkError `registry_unreachable` or `registry_auth`
   */
  subjects(signal: AbortSignal): Promise<number>;
}

/** `ca`: PEM text. A token beats user name and password. */
export interface RegistryOptions {
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
  readonly token: string | null;
  readonly ca: string | null;
}

export interface RegistryRetry {
  readonly schemaId: number;
  readonly attempt: number;
  readonly waitMs: number;
  /** `HTTP503`, `ECONNREFUSED`, `TIMEOUT` or `OTHER`. */
  readonly code: string;
  readonly error: string;
}

export interface RegistryContext {
  readonly clock: Clock;
  readonly onRetry?: (event: RegistryRetry) => void;
  /** Deadline of one request, ms. */
  readonly requestMs?: number;
}

/** One question to the registry, shared by all who wait for its answer. */
interface Question {
  readonly answer: Promise<SchemaText | null>;
  readonly stop: AbortController;
  waiting: number;
  lastError: string;
}

export function openRegistry(options: RegistryOptions, context: RegistryContext): Registry {
  const { clock, onRetry, requestMs = LIMITS.registryRequestMs } = context;
  const { place, api } = connect(options);
  const memory = createMemory(clock);
  const questions = new Map<number, Question>();

  function ask(id: number): Question {
    const stop = new AbortController();
    const answer = retry(() => lookUp({ api, stop: stop.signal, requestMs }, id), {
      clock,
      signal: stop.signal,
      attempts: Number.POSITIVE_INFINITY,
      baseMs: LIMITS.retryBaseMs,
      capMs: LIMITS.registryRetryCapMs,
      decide: (error) => ({ retry: !isFinal(error) }),
      onRetry(error, waitMs, attempt) {
        question.lastError = reasonOf(error);
        onRetry?.({
          ...{ schemaId: id, attempt, waitMs, code: codeOf(error) },
          error: `${place}: ${question.lastError}`,
        });
      },
    });
    const question: Question = {
      answer: answer.then((schema) => memory.remember(id, schema)),
      stop,
      waiting: 0,
      lastError: 'no answer',
    };
    questions.set(id, question);
    return question;
  }

  /** The last one who stops waiting ends the question. */
  async function waitFor(id: number, question: Question, signal?: AbortSignal): Promise<SchemaText | null> {
    question.waiting++;
    try {
      return await orAborted(question.answer, signal);
    } catch (error) {
      throw failure(`schema id ${id} from ${place}`, error, question.lastError);
    } finally {
      question.waiting--;
      if (question.waiting === 0) {
        question.stop.abort();
        if (questions.get(id) === question) questions.delete(id);
      }
    }
  }

  return {
    async schema(id, signal) {
      const known = memory.recall(id);
      return known !== undefined ? known : waitFor(id, questions.get(id) ?? ask(id), signal);
    },
    async subjects(signal) {
      try {
        const answer = await bounded(api.Subject.all({ timeout: requestMs }), { stop: signal, requestMs });
        const list = answer.data<unknown>();
        if (Array.isArray(list)) return list.length;
        throw new Error('the answer is not that of a schema registry');
      } catch (error) {
        throw failure(`the subjects of ${place}`, error, reasonOf(error));
      }
    },
  };
}

function failure(what: string, error: unknown, reason: string): SinkError {
  if (isFinal(error)) return new SinkError('registry_auth', `${what}: ${reasonOf(error)}`, error);
  return new SinkError('registry_unreachable', `${what}: ${reason}`, error);
}

/** What the registry said: a schema for ever, "unknown" for a while. */
function createMemory(clock: Clock) {
  const known = new Map<number, SchemaText>();
  const missingUntil = new Map<number, number>();
  return {
    /** Undefined: ask the registry. */
    recall(id: number): SchemaText | null | undefined {
      return known.get(id) ?? (clock.now() < (missingUntil.get(id) ?? 0) ? null : undefined);
    },
    remember(id: number, schema: SchemaText | null): SchemaText | null {
      missingUntil.delete(id);
      if (schema !== null) known.set(id, schema);
      else missingUntil.set(id, clock.now() + LIMITS.schemaMissingMs);
      if (missingUntil.size > LIMITS.schemaIds) missingUntil.delete(missingUntil.keys().next().value!);
      return schema;
    },
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
      await collect(referred);
      references.push({ name, text: textOf(referred) });
    }
  }

  await collect(answer);
  return { type: typeOf(answer), text: textOf(answer), references };
}

/** The client's own time-out is for silence only; this one also ends an answer that was cut off. */
function bounded<T>(
  response: Promise<T>,
  { stop, requestMs }: Pick<Asking, 'stop' | 'requestMs'>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`no full answer within ${requestMs} ms`)), requestMs);
  const answer = orAborted(orAborted(response, stop), late.signal);
  return answer.finally(() => clearTimeout(timer));
}

/** Registries leave the type of Avro schemas out. */
function typeOf({ schemaType }: Answer): SchemaText['type'] {
  if (schemaType === undefined || schemaType === null || schemaType === 'AVRO') return 'AVRO';
  if (schemaType === 'PROTOBUF' || schemaType === 'JSON') return schemaType;
  throw new Error(`a schema of type ${JSON.stringify(schemaType)} is not supported`);
}

function textOf(answer: Answer): string {
  if (typeof answer?.schema === 'string') return answer.schema;
  throw new Error('the answer is not that of a schema registry');
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
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

/** The system's own code first: a refused connection has the client's "status 400". */
function codeOf(error: unknown): string {
  const system = /\bE[A-Z]{4,}\b/.exec(reasonOf(error))?.[0];
  if (system) return system;
  if (/no full answer|timed? ?out/i.test(reasonOf(error))) return 'TIMEOUT';
  const status = statusOf(error);
  return typeof status === 'number' ? `HTTP${status}` : 'OTHER';
}

/** Asking again does not help. */
const isFinal = (error: unknown): boolean => isRefused(error) || isUntrusted(error);

/** The client keeps the text of a TLS error, not its code. */
const isUntrusted = (error: unknown): boolean =>
  /^(?:self-signed certificate|unable to (?:verify|get)\b.*certificate|certificate has expired|certificate is not yet|Hostname\/IP does not match|.*:SSL routines:)/.test(
    reasonOf(error),
  );

/** Without what the client puts before every message; a refused connection is its "status 400". */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/^maxsink - /, '').replace(/^Error, status 400: (?=\w)/, '');
}
