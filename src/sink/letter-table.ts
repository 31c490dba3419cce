import type { DeadLetter } from '../deadletter/dead-letter.ts';
import type { Piece } from '../encode/job.ts';
import { LIMITS } from '../limits.ts';
import type { DeadLetters, LetterSession } from './ports.ts';
import { BatchUpload, type UploadOptions } from './upload.ts';

/**
 * Dead letters in a table of their own: one more upload session of each batch that has any, named in its intent and
 * committed with it. So a letter is there exactly when its record is acknowledged, whoever finishes the batch.
 */
export interface LetterTable extends DeadLetters {
  session(batch: string): LetterSession | null;
  settled(batch: string): Promise<void>;
  stop(): Promise<void>;
}

export interface LetterTableOptions {
  readonly table: string;
  readonly upload: Omit<UploadOptions, 'budget' | 'onProgress'>;
  /** Rows of an unpartitioned table. */
  encode(batch: string, letters: readonly DeadLetter[]): Iterable<Piece>;
}

interface Sending {
  readonly upload: BatchUpload;
  /** Called when a block was confirmed, or failed. */
  wake: () => void;
}

export function openLetterTable({ table, upload: options, encode }: LetterTableOptions): LetterTable {
  const batches = new Map<string, Sending>();

  function sendingOf(batch: string): Sending {
    const known = batches.get(batch);
    if (known) return known;
    const upload = new BatchUpload({ ...options, budget: NO_BUDGET, onProgress: () => sending.wake() });
    const sending: Sending = { upload, wake: () => undefined };
    batches.set(batch, sending);
    return sending;
  }

  /** What is not sent yet is not more than a block and what is on its way. */
  async function append(batch: string, letters: readonly DeadLetter[]): Promise<void> {
    const sending = sendingOf(batch);
    const { upload } = sending;
    for (const piece of encode(batch, letters)) {
      upload.add(piece);
      upload.sendFull(LIMITS.letterBlockBytes);
      while (upload.sendingBytes > 0 && !upload.failure && batches.has(batch))
        await new Promise<void>((resolve) => {
          sending.wake = resolve;
        });
      if (upload.failure) throw upload.failure;
      if (!batches.has(batch)) return;
    }
  }

  const forget = async (batch: string): Promise<void> => {
    const sending = batches.get(batch);
    batches.delete(batch);
    sending?.upload.abandon();
    sending?.wake();
  };

  return {
    append,
    seal: async (batch) => batches.get(batch)?.upload.finish(),
    session(batch) {
      const upload = batches.get(batch)?.upload;
      const [facts] = upload?.facts() ?? [];
      if (!upload || !facts) return null;
      const { tablePartition, sessionId, blocks, rowsInBlocks: rows } = facts;
      return {
        ref: { tablePartition, id: sessionId!, blocks, rows, table },
        commit: () => upload.commit(),
      };
    },
    acknowledge: async (batch) => void batches.delete(batch),
    abandon: forget,
    leave: forget,
    settled: forget,
    waitsFor() {
      const waits = [...batches.values()].map(({ upload }) => upload.waitsFor).find((text) => text !== '');
      return waits === undefined ? '' : `${waits} (dead letters, table ${table})`;
    },
    async stop() {
      for (const batch of [...batches.keys()]) await forget(batch);
    },
  };
}

/** The budget has the letters until they are appended; compressed they are few. */
const NO_BUDGET = { release: () => undefined };
