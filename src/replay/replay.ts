import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { deadLetterId } from '../deadletter/dead-letter.ts';
import type { StoredLetter } from '../deadletter/stored.ts';
import type { TableName } from '../ledger/intent.ts';
import { LIMITS } from '../limits.ts';
import { BatchUpload, type UploadOptions } from '../sink/upload.ts';
import { type EncodedLetters, type EncodeOptions, encodeLetters, type RejectedAgain } from './encode.ts';
import type { Journal } from './journal.ts';
import type { LetterIds } from './letter-ids.ts';

/** What a replay did, or would do. */
export interface Replayed {
  /** Letters that were meant, each once. */
  letters: number;
  /** Of these: in the table by an earlier replay. */
  earlier: number;
  /** Taken by the present mapping. */
  taken: number;
  rows: number;
  /** Rows by table partition. */
  readonly tablePartitions: Map<string, number>;
  readonly rejected: RejectedAgain[];
  /** Without their own bytes, or sealed for a key that was not given. */
  readonly closed: { readonly id: string; readonly why: string }[];
}

export interface ReplayOptions extends EncodeOptions {
  readonly replayed: LetterIds;
  /** The letter with its own bytes; throws an Error that says why it cannot be had. */
  open(letter: StoredLetter): StoredLetter;
  /** Null: nothing is written. */
  readonly into: ReplayTarget | null;
}

export interface ReplayTarget {
  readonly journal: Journal;
  readonly to: TableName;
  readonly upload: Omit<UploadOptions, 'budget' | 'onProgress'>;
  readonly clock: Clock;
}

/**
 * Sends letters through the present mapping into the table, in batches of one session per table partition, each
 * letter at most once. What the mapping rejects again stays what it is: a dead letter.
 */
export async function replayLetters(
  letters: AsyncIterable<StoredLetter>,
  options: ReplayOptions,
): Promise<Replayed> {
  const done: Replayed = {
    ...{ letters: 0, earlier: 0, taken: 0, rows: 0, tablePartitions: new Map() },
    ...{ rejected: [], closed: [] },
  };
  let batch: LetterBatch | null = null;
  for await (const slice of slices(opened(letters, options, done)))
    for await (const part of encodeLetters(slice, options)) {
      account(done, part);
      if (options.into === null || part.taken.length === 0) continue;
      if (batch?.isFull(part, options.maxTablePartitions)) {
        await batch.commit();
        batch = null;
      }
      batch ??= openLetterBatch(options.into);
      await batch.add(part);
    }
  await batch?.commit();
  return done;
}

async function* opened(
  letters: AsyncIterable<StoredLetter>,
  { replayed, open }: ReplayOptions,
  done: Replayed,
): AsyncGenerator<StoredLetter> {
  for await (const letter of letters) {
    done.letters += 1;
    if (replayed.has(letter)) {
      done.earlier += 1;
      continue;
    }
    try {
      yield open(letter);
    } catch (error) {
      done.closed.push({ id: deadLetterId(letter), why: (error as Error).message });
    }
  }
}

async function* slices(letters: AsyncIterable<StoredLetter>): AsyncGenerator<StoredLetter[]> {
  let slice: StoredLetter[] = [];
  let bytes = 0;
  for await (const letter of letters) {
    slice.push(letter);
    bytes += (letter.value?.length ?? 0) + (letter.key?.length ?? 0);
    if (slice.length < LIMITS.replaySliceLetters && bytes < LIMITS.replaySliceBytes) continue;
    yield slice;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield slice;
}

function account(done: Replayed, { taken, pieces, rejected }: EncodedLetters): void {
  done.taken += taken.length;
  for (const one of rejected) done.rejected.push(one);
  for (const { tablePartition, rows } of pieces) {
    done.rows += rows;
    done.tablePartitions.set(tablePartition, (done.tablePartitions.get(tablePartition) ?? 0) + rows);
  }
}

/** Letters that are committed together. */
interface LetterBatch {
  /** It has letters enough, or the part would bring it more table partitions than it may have. */
  isFull(part: EncodedLetters, maxTablePartitions: number): boolean;
  /** Waits while much is on its way. Failures are told by `commit`. */
  add(part: EncodedLetters): Promise<void>;
  /** Uploaded, then in the journal, then committed, then done in the journal. */
  commit(): Promise<void>;
}

/** What waits is bounded by slices and blocks. */
const NO_BUDGET = { release: () => undefined };

function openLetterBatch({ journal, to, upload: options, clock }: ReplayTarget): LetterBatch {
  const id = randomUUID();
  const ids: string[] = [];
  let wake = (): void => undefined;
  const upload = new BatchUpload({ ...options, budget: NO_BUDGET, onProgress: () => wake() });
  return {
    isFull({ pieces }, maxTablePartitions) {
      const added = pieces.filter(({ tablePartition }) => !upload.has(tablePartition)).length;
      return ids.length >= LIMITS.replayBatchLetters || upload.tablePartitions + added > maxTablePartitions;
    },
    async add({ taken, pieces }) {
      for (const one of taken) ids.push(one);
      for (const piece of pieces) upload.add(piece);
      upload.sendFull(LIMITS.replayBlockBytes);
      while (upload.sendingBytes > LIMITS.replayBytesInFlight && !upload.failure)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    async commit() {
      await upload.finish();
      const sessions = upload.facts().map(({ tablePartition, sessionId, blocks, rowsInBlocks: rows }) => ({
        ...{ tablePartition, id: sessionId!, blocks, rows },
      }));
      await journal.intend({ batch: id, at: clock.now(), to, sessions }, ids);
      await upload.commit();
      await journal.done(id);
    },
  };
}
