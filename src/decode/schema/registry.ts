import type { Clock } from '../../clock.ts';
import { SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { retry } from '../../retry.ts';
import {
  codeOf,
  connectCalls,
  isFinal,
  orAborted,
  type RegistryOptions,
  reasonOf,
} from './registry-calls.ts';
import type { SchemaText } from './schema.ts';

export type { RegistryOptions } from './registry-calls.ts';

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

/** Ids are signed on the wire: registries have no other ones, and some answer a question for one with an error. */
const ID_MAX = 0x7fff_ffff;

/** One question to the registry, shared by all who wait for its answer. */
interface Question {
  readonly answer: Promise<SchemaText | null>;
  readonly stop: AbortController;
  waiting: number;
  lastError: string;
}

export function openRegistry(options: RegistryOptions, context: RegistryContext): Registry {
  const { clock, onRetry, requestMs = LIMITS.registryRequestMs } = context;
  const calls = connectCalls(options, requestMs);
  const { place } = calls;
  const memory = createMemory(clock);
  const questions = new Map<number, Question>();

  function ask(id: number): Question {
    const stop = new AbortController();
    const answer = retry(() => calls.schema(id, stop.signal), {
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
      if (id > ID_MAX) return null;
      const known = memory.recall(id);
      return known !== undefined ? known : waitFor(id, questions.get(id) ?? ask(id), signal);
    },
    async subjects(signal) {
      try {
        return await calls.subjects(signal);
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
      for (const ids of [known, missingUntil])
        if (ids.size > LIMITS.schemaIds) ids.delete(ids.keys().next().value!);
      return schema;
    },
  };
}
