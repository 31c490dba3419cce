import { Refusal } from '../errors.ts';
import type { ColumnDefinition } from '../model/catalog.ts';
import type { Destination } from '../model/destination.ts';
import { specText } from '../model/spec.ts';
import { newSessionId } from './session-id.ts';
import { createSessions, type Kind, type Session, type Sessions } from './sessions.ts';

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
export interface Stream extends StreamPlan, Session {
  usedAt: number;
  /** Number of the last flush and when it was committed; 0: there was none. */
  lastBatch: number;
  lastBatchAt: number;
  rows: number;
}

export interface Streams extends Sessions<Stream> {
  readonly counts: { created: number; flushes: number; rows: number };
  create(plan: StreamPlan): Stream;
  /** The session, which is in use from now on; throws StreamSessionNotFound. */
  use(id: string): Stream;
  /** Notes a flush whose rows are in the table; answers its number. */
  note(stream: Stream, rows: number): number;
}

/** The service names no life of a session: one that nobody used for so long is forgotten (protocol 8.4). */
const IDLE_LIFE_MS = 24 * 3600_000;

/** A stream is there or gone. */
const KIND: Kind<Stream> = {
  name: 'stream',
  words: { normal: 'normal' },
  otherEnd: 'gone',
  closedText: '',
  notFound: (id) => new Refusal(404, 'StreamSessionNotFound', `There is no stream session ${id}.`),
  lifetime: ({ usedAt }) => ({ expires: Number.POSITIVE_INFINITY, forgotten: usedAt + IDLE_LIFE_MS }),
  place: ({ table, values, dynamic, rows }) => ({
    table: table.name,
    tablePartition: dynamic ? '' : specText(table, values),
    rows,
  }),
  release: () => {},
};

export function createStreams(now: () => number): Streams {
  const sessions = createSessions(KIND, now);
  const counts = { created: 0, flushes: 0, rows: 0 };

  function create(plan: StreamPlan): Stream {
    const time = now();
    const session = {
      ...plan,
      id: newSessionId(time),
      createdAt: time,
      usedAt: time,
      state: 'normal' as const,
    };
    const stream: Stream = { ...session, lastBatch: 0, lastBatchAt: 0, rows: 0 };
    sessions.add(stream);
    counts.created += 1;
    return stream;
  }

  function use(id: string): Stream {
    const stream = sessions.find(id);
    stream.usedAt = now();
    return stream;
  }

  function note(stream: Stream, rows: number): number {
    stream.lastBatch += 1;
    stream.lastBatchAt = now();
    stream.rows += rows;
    counts.flushes += 1;
    counts.rows += rows;
    return stream.lastBatch;
  }

  return { ...sessions, counts, create, use, note };
}
