import type { Clock } from '../clock.ts';
import { SinkError } from '../errors.ts';
import { type Position, type Source, topicPartitionKey } from '../source/source.ts';
import { type Batch, type BatchState, endPositions, enter } from './batch.ts';
import { type Identity, intentOf } from './intend.ts';
import type { DeadLetters } from './ports.ts';

/**
 * The way of sealed batches to their acknowledgement. They upload at the same time and commit one after
 * another:
 *
 *   uploaded      every block is confirmed, the server holds exactly these, dead letters are durable
 *   intended      the intent stands in Kafka, at the unchanged offsets
 *   committed     the sessions are committed, the dead letters count
 *   acknowledged  the offsets advance, and with them comes the intent of the next batch when that is uploaded
 *
 * So the steady state costs one offset commit per batch. Without sessions there is nothing to commit and no
 * intent; with `at_least_once` there is none either.
 */
export interface Line {
  /** Oldest first. */
  readonly batches: readonly Batch[];
  /** A commit may count though nobody says so, of an intent or of offsets: only what Kafka says then is true. */
  readonly sent: boolean;
  /** Acknowledged positions of all topic partitions. */
  readonly positions: readonly Position[];
  push(batch: Batch): void;
  /** Forgets everything at once; what is under way is left to itself. */
  abandon(): void;
}

export interface LineOptions {
  readonly assignment: number;
  readonly positions: readonly Position[];
  /** Null: `at_least_once`. */
  readonly identity: Identity | null;
  readonly source: Pick<Source, 'commit'>;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  onState(batch: Batch): void;
  onAcknowledged(batch: Batch, positions: readonly Position[]): void;
  onTrouble(batch: Batch, error: unknown): void;
}

export function createLine(options: LineOptions): Line {
  const { assignment, identity, source, deadLetters, clock } = options;
  const positions = new Map(options.positions.map((p) => [topicPartitionKey(p), p]));
  let queue: Batch[] = [];
  let committing = false;
  let abandoned = false;

  const become = (batch: Batch, state: BatchState) => {
    enter(batch, state, clock.now());
    options.onState(batch);
  };
  const hasSessions = ({ upload, letterSession }: Batch) =>
    upload.tablePartitions > 0 || letterSession !== null;
  const carriesIntent = (batch: Batch) => identity !== null && hasSessions(batch);
  const assertOurs = () => {
    if (abandoned) throw new SinkError('session_lost', 'the batch was abandoned');
  };

  async function upload(batch: Batch): Promise<void> {
    await batch.upload.finish();
    await batch.letters;
    assertOurs();
    if (batch.rejected > 0) {
      await deadLetters.seal(batch.id);
      batch.letterSession = deadLetters.session?.(batch.id) ?? null;
    }
    assertOurs();
    become(batch, 'uploaded');
  }

  /** The batches that are ready, one after the other. */
  async function commitAll(): Promise<void> {
    if (committing) return;
    committing = true;
    for (let batch = queue[0]; batch && !abandoned && isReady(batch); batch = queue[0]) {
      try {
        await settle(batch);
      } catch (error) {
        if (!abandoned) options.onTrouble(batch, error);
        return;
      }
    }
    committing = false;
  }

  const isReady = ({ state }: Batch): boolean => state === 'uploaded' || state === 'intended';

  async function settle(batch: Batch): Promise<void> {
    if (batch.state === 'uploaded' && carriesIntent(batch)) await commit(null, batch);
    // The witness is a session of the rows, if there are any, and comes last.
    await batch.letterSession?.commit();
    assertOurs();
    await batch.upload.commit();
    assertOurs();
    // Before the offsets: whoever recovers the batch does the same, and letters that come twice merge by id.
    if (hasSessions(batch)) await countLetters(batch);
    become(batch, 'committed');
    const next = queue[1];
    await commit(batch, next?.state === 'uploaded' && carriesIntent(next) ? next : null);
  }

  /** One offset commit: advances over `done`, and intends `next` at offsets that are unchanged otherwise. */
  async function commit(done: Batch | null, next: Batch | null): Promise<void> {
    const ends = done === null ? [] : endPositions(done);
    const after = new Map([...positions, ...ends.map((p) => [topicPartitionKey(p), p] as const)]);
    const at = clock.now();
    const intent = next === null || identity === null ? null : intentOf(next, after, identity, at);
    const touched = new Set([...ends.map(topicPartitionKey), ...(intent?.keys() ?? [])]);
    const commits = [...touched].map((key) => {
      const position = after.get(key);
      if (!position) throw new SinkError('unexpected', `${key} is in a batch and not assigned`);
      return { ...position, intent: intent?.get(key) ?? null };
    });
    if (next) next.intentAt = at;
    for (const batch of [done, next]) if (batch) batch.sent = true;
    await source.commit(assignment, commits);
    assertOurs();
    for (const position of ends) positions.set(topicPartitionKey(position), position);
    // After the offsets: no intent holds these together, and a record may be accepted when it is read again.
    if (done && !hasSessions(done)) await countLetters(done);
    if (done) acknowledged(done, ends);
    if (next) become(next, 'intended');
  }

  async function countLetters(batch: Batch): Promise<void> {
    if (batch.rejected > 0) await deadLetters.acknowledge(batch.id);
    assertOurs();
  }

  function acknowledged(batch: Batch, ends: readonly Position[]): void {
    queue = queue.filter((other) => other !== batch);
    become(batch, 'acknowledged');
    options.onAcknowledged(batch, ends);
  }

  return {
    get batches() {
      return queue;
    },
    get sent() {
      return queue.some((batch) => batch.sent);
    },
    get positions() {
      return [...positions.values()];
    },
    push(batch) {
      queue.push(batch);
      upload(batch).then(commitAll, (error) => {
        if (!abandoned) options.onTrouble(batch, error);
      });
    },
    abandon() {
      abandoned = true;
      queue = [];
    },
  };
}
