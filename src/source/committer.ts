import type { Clock } from '../clock.ts';
import { SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { KafkaFault, RawPosition } from './client.ts';
import { topicPartitionKey } from './source.ts';

/**
 * Offset commits that count: one request outstanding, and only a success that the broker answered to
 * this process for this request resolves. (`commitCb` and the promise layer of the client report
 * success unasked, `commitSync` freezes the loop.) The answer arrives as the `offset.commit` event.
 */
export interface Committer {
  commit(positions: readonly RawPosition[]): Promise<void>;
  /** The event of the client. */
  answered(
    fault: KafkaFault | null,
    positions: readonly { topic: string; partition: number; offset: number }[],
  ): void;
  /** Fails what is outstanding and what waits behind it: the assignment is over. */
  forget(reason: string): void;
}

interface Outstanding {
  readonly offsets: ReadonlyMap<string, number>;
  resolve(): void;
  reject(error: SinkError): void;
}

export function createCommitter(
  send: (positions: RawPosition[]) => void,
  clock: Clock,
  onCommit: (result: 'confirmed' | 'refused') => void = () => undefined,
): Committer {
  let outstanding: Outstanding | null = null;
  let queue: Promise<void> = Promise.resolve();
  /** Aborted when the assignment is over: what waits for its turn is not sent any more. */
  let assignment = new AbortController();

  const refuse = (why: string, cause?: KafkaFault) =>
    outstanding?.reject(new SinkError('kafka_commit_refused', why, cause));

  async function request(positions: readonly RawPosition[]): Promise<void> {
    const timer = new AbortController();
    try {
      await new Promise<void>((resolve, reject) => {
        outstanding = {
          offsets: new Map(positions.map((p) => [topicPartitionKey(p), p.offset])),
          resolve,
          reject,
        };
        send([...positions]);
        clock.sleep(LIMITS.offsetCommitMs, timer.signal).then(
          () => refuse(`no answer from the group coordinator within ${LIMITS.offsetCommitMs / 1000} s`),
          () => undefined,
        );
      });
    } catch (error) {
      if (error instanceof SinkError) throw error;
      throw new SinkError(
        'kafka_commit_refused',
        `the client did not send the commit: ${(error as Error).message}`,
        error,
      );
    } finally {
      outstanding = null;
      timer.abort();
    }
  }

  return {
    commit(positions) {
      const { signal } = assignment;
      const turn = queue.then(() => {
        signal.throwIfAborted();
        return request(positions);
      });
      queue = turn.then(
        () => onCommit('confirmed'),
        () => onCommit('refused'),
      );
      return turn;
    },
    answered(fault, positions) {
      if (!outstanding) return;
      const wanted = outstanding.offsets;
      if (
        positions.length !== wanted.size ||
        positions.some((p) => wanted.get(topicPartitionKey(p)) !== p.offset)
      )
        return;
      if (fault) refuse(`${fault.message} (${fault.code})`, fault);
      else outstanding.resolve();
    },
    forget(reason) {
      assignment.abort(new SinkError('kafka_commit_refused', reason));
      assignment = new AbortController();
      refuse(reason);
    },
  };
}
