import { Refusal } from '../errors.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import type { Destination } from '../model/destination.ts';
import { newSessionId } from './session-id.ts';

/** What a stream is asked for. */
export interface StreamPlan extends Destination {
  /** True: each flush names its table partition, `values` is empty (protocol 3.7). */
  readonly dynamic: boolean;
  readonly slots: number;
  /** The version of the schema that its records are written for, and the columns of it. */
  readonly schemaVersion: number;
  readonly columns: readonly ColumnDefinition[];
  readonly quotaName: string;
}

/** One stream upload session (protocol 8): every flush is committed on its own. */
export interface StreamSession extends StreamPlan {
  readonly id: string;
  readonly createdAt: number;
  usedAt: number;
  /** Number of the last flush and when it was committed; 0: there was none. */
  lastBatch: number;
  lastBatchAt: number;
  rows: number;
}

export interface Streams {
  readonly counts: { created: number; flushes: number; rows: number };
  create(plan: StreamPlan): StreamSession;
  /** The session; throws StreamSessionNotFound. */
  find(id: string): StreamSession;
  get(id: string): StreamSession | undefined;
  /** Notes a flush whose rows are in the table; answers its number. */
  note(session: StreamSession, rows: number): number;
  remove(id: string): boolean;
  list(): readonly StreamSession[];
}

/** The service names no life of a session: one that nobody used for so long is forgotten (protocol 8.4). */
const IDLE_LIFE_MS = 24 * 3600_000;

export function createStreams(now: () => number): Streams {
  const streams = new Map<string, StreamSession>();
  const counts = { created: 0, flushes: 0, rows: 0 };

  function forgetIdle(): void {
    for (const { id, usedAt } of streams.values()) if (now() - usedAt >= IDLE_LIFE_MS) streams.delete(id);
  }

  function create(plan: StreamPlan): StreamSession {
    forgetIdle();
    const time = now();
    const session = { ...plan, id: newSessionId(time), createdAt: time, usedAt: time };
    const stream: StreamSession = { ...session, lastBatch: 0, lastBatchAt: 0, rows: 0 };
    streams.set(stream.id, stream);
    counts.created += 1;
    return stream;
  }

  function find(id: string): StreamSession {
    forgetIdle();
    const stream = streams.get(id);
    if (!stream) throw new Refusal(404, 'StreamSessionNotFound', `There is no stream session ${id}.`);
    stream.usedAt = now();
    return stream;
  }

  function note(stream: StreamSession, rows: number): number {
    stream.lastBatch += 1;
    stream.lastBatchAt = now();
    stream.rows += rows;
    counts.flushes += 1;
    counts.rows += rows;
    return stream.lastBatch;
  }

  const get = (id: string) => streams.get(id);
  const remove = (id: string) => streams.delete(id);
  const list = () => [...streams.values()];
  return { counts, create, find, get, note, remove, list };
}
