import type { Clock } from '../../clock.ts';
import { SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { KafkaFault, RawPosition } from '../client/client.ts';
import { topicPartitionKey } from '../source.ts';
import { type Copies, createCopies } from './copies.ts';

/**
 * Offset commits that count: one request outstanding, and only a success that the broker answered to
 * this process for this request resolves. (`commitCb` and the promise layer of the client report
 * success unasked, `commitSync` freezes the loop.) The answer arrives as the `offset.commit` event: one for
 * each request, with an error when a single topic partition was refused.
 *
 * After one that failed none is sent until the generation is another: its first copy, or that of the client, may
 * still arrive. A request that was given up is outstanding until its event comes: the next one waits for it, so that no
 * event is taken for the answer to another request. A success counts when the request was sent once: it came
 * sooner than the client sends a second copy, or the client's statistics say so (`copies.ts`).
 */
export interface Committer {
  /** A request is outstanding, be it given up or not, or one of this generation has failed. */
  readonly undecided: boolean;
  /** Why the last commit failed, until one succeeds. */
  readonly refusal: string | null;
  /** Failures in a row. */
  readonly refusals: number;
  /** Rejects with `kafka_commit_refused`; its cause is the fault that the client tells. */
  commit(positions: readonly RawPosition[]): Promise<void>;
  /** The event of the client. */
  answered(
    fault: KafkaFault | null,
    positions: readonly { topic: string; partition: number; offset: number }[],
  ): void;
  /** The statistics of the client, as {@link Copies.counted}. */
  counted: Copies['counted'];
  /** Fails what is outstanding and what waits behind it: the assignment is over. */
  forget(reason: string): void;
  /** A new generation: what failed in the one before can do no harm any more. */
  renew(): void;
}

interface Outstanding {
  readonly offsets: ReadonlyMap<string, number>;
  readonly sentAt: number;
  settle(error: SinkError | null): void;
  /** The event has come. */
  over(): void;
}

/** Surely before a second copy is sent. */
const SURE_MS = LIMITS.resendMs * 0.75;
const SECONDS = LIMITS.offsetCommitMs / 1000;
const SENT_AGAIN =
  'the connection was lost and the client sent the commit again: the first copy may be on its way';
const refused = (why: string, cause?: unknown) => new SinkError('kafka_commit_refused', why, cause);

export function createCommitter(
  send: (positions: RawPosition[]) => void,
  clock: Clock,
  onCommit: (result: 'confirmed' | 'refused') => void = () => undefined,
  monotonicMs: () => number = () => performance.now(),
): Committer {
  let outstanding: Outstanding | null = null;
  /** Nothing is outstanding. */
  let vacant: Promise<void> = Promise.resolve();
  let queue: Promise<void> = Promise.resolve();
  /** Aborted when the assignment is over: what waits for its turn is not sent any more. */
  let assignment = new AbortController();
  const copies = createCopies();
  let failed = false;
  let refusal: string | null = null;
  let refusals = 0;

  /** What was forgotten in between says nothing about the group. */
  function note(error: Error | null, signal: AbortSignal): void {
    onCommit(error ? 'refused' : 'confirmed');
    if (error && signal.aborted) return;
    failed = error !== null;
    refusal = error?.message ?? null;
    refusals = error ? refusals + 1 : 0;
  }

  function dispatch(positions: readonly RawPosition[], settle: Outstanding['settle']): void {
    const offsets = new Map(positions.map((p) => [topicPartitionKey(p), p.offset]));
    let over = (): void => undefined;
    vacant = new Promise((resolve) => {
      over = () => {
        outstanding = null;
        resolve();
      };
    });
    outstanding = { offsets, sentAt: monotonicMs(), settle, over };
    try {
      send([...positions]);
      copies.sent();
    } catch (error) {
      over();
      settle(refused(`the client did not send the commit: ${(error as Error).message}`, error));
    }
  }

  async function request(positions: readonly RawPosition[], signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const settled = new Promise<void>((resolve, reject) => {
      const settle = (error: SinkError | null) => {
        done.abort();
        if (error) reject(error);
        else resolve();
      };
      signal.addEventListener('abort', () => settle(signal.reason), { once: true, signal: done.signal });
      clock.sleep(LIMITS.offsetCommitMs, done.signal).then(
        () => settle(refused(`no answer from the group coordinator within ${SECONDS} s`)),
        () => undefined,
      );
      void vacant.then(() => done.signal.aborted || dispatch(positions, settle));
    });
    return settled;
  }

  return {
    get undecided() {
      return failed || outstanding !== null;
    },
    get refusal() {
      return refusal;
    },
    get refusals() {
      return refusals;
    },
    commit(positions) {
      const { signal } = assignment;
      const turn = queue.then(() => {
        signal.throwIfAborted();
        if (failed) throw refused(`not sent after one that failed: ${refusal}`);
        return request(positions, signal);
      });
      queue = turn.then(
        () => note(null, signal),
        (error) => note(error, signal),
      );
      return turn;
    },
    answered(fault, positions) {
      if (!outstanding) return;
      const { offsets, sentAt, settle, over } = outstanding;
      const same = positions.every((p) => offsets.get(topicPartitionKey(p)) === p.offset);
      if (positions.length !== offsets.size || !same) return;
      const now = monotonicMs();
      copies.answered(now, !fault);
      over();
      if (fault) settle(refused(`${fault.message} (${fault.code})`, fault));
      else if (now - sentAt < SURE_MS) settle(null);
      else void copies.once().then((once) => settle(once ? null : refused(SENT_AGAIN)));
    },
    counted: copies.counted,
    forget(reason) {
      assignment.abort(refused(reason));
      assignment = new AbortController();
    },
    renew() {
      failed = false;
    },
  };
}
