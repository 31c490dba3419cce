import type { Consumer } from './client.ts';
import { within } from './within.ts';

/**
 * How a client leaves its group and is closed. Nobody may ask the client anything once it is closed (the process
 * would crash), and a client that closes waits for the answer to some rebalances and not to others, without a word
 * about which. So what the group had begun is answered before, while the poll loop still runs.
 */
export interface Leave {
  /** The client is being closed, or was: rebalances go to `answerLate`. */
  readonly closing: boolean;
  /** Between two consume calls: the last rebalance that can come is in the client's queue after it. */
  unsubscribe(): void;
  /** One turn of the poll loop. */
  turn(poll: () => Promise<void>): Promise<void>;
  /** Every rebalance was told and answered, or the time is up. */
  left(): Promise<void>;
  /** Without the poll loop. */
  close(): Promise<void>;
  /** A rebalance that is told while the client closes. */
  answerLate(): void;
}

const LEAVE_MS = 5_000;
/** A client that does not wait for the answer is closed by then, as a rule. */
const LATE_MS = 100;

/** `isIdle`: nothing is owned, and nothing is to be done before the next consume call. */
export function createLeave(
  consumer: Pick<Consumer, 'unsubscribe' | 'unassign' | 'disconnect'>,
  isIdle: () => boolean,
): Leave {
  let unsubscribed = false;
  let closing = false;
  let closed = false;
  let onLeft = (): void => undefined;
  const left = new Promise<void>((resolve) => {
    onLeft = resolve;
  });

  function unassign(): void {
    try {
      consumer.unassign();
    } catch {
      // It never was connected, or is not any more.
    }
  }

  return {
    get closing() {
      return closing;
    },
    unsubscribe() {
      consumer.unsubscribe();
      unsubscribed = true;
    },
    async turn(poll) {
      const isLast = unsubscribed;
      await poll();
      if (!isLast) return;
      // The consume call has served what was in the queue; this lets it be told.
      await new Promise(setImmediate);
      if (isIdle()) onLeft();
    },
    left: () => within(LEAVE_MS, left),
    async close() {
      // The answer to a revoke that its listener has not finished: closing would wait for it.
      unassign();
      closing = true;
      await within(LEAVE_MS, new Promise<void>((resolve) => void consumer.disconnect(() => resolve())));
      closed = true;
    },
    answerLate() {
      setTimeout(() => closed || unassign(), LATE_MS);
    },
  };
}
