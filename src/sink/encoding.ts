import type { Budget } from '../budget.ts';
import type { DeadLetter } from '../deadletter/dead-letter.ts';
import type { EncodeJob, EncodeResult, Piece, WriterSchema } from '../encode/job.ts';
import { asSinkError } from '../errors.ts';
import type { OffsetRange, SourceChunk } from '../source/source.ts';
import { type Caution, type Danger, dangerOf } from './caution.ts';
import { lettersBytes, toDeadLetter } from './letters.ts';
import type { Encoder, SchemaSource } from './ports.ts';
import { rangesBetween } from './ranges.ts';

/** What became of some consecutive records of one chunk. Its bytes are charged to the budget until they are uploaded. */
export interface Part {
  readonly ranges: readonly OffsetRange[];
  readonly pieces: readonly Piece[];
  readonly letters: readonly DeadLetter[];
  readonly records: number;
  /** Rows beyond the first of their record. */
  readonly extraRows: number;
  readonly polledAt: number;
}

/**
 * Sends chunks to the workers and gives their parts back in the order in which the chunks came: a batch
 * is a run of offsets, so its end is decided on records in order, however many workers are busy.
 */
export interface EncodingOptions {
  readonly encoder: Encoder;
  readonly schemas: SchemaSource;
  readonly caution: Caution;
  readonly budget: Budget;
  readonly maxTablePartitions: number;
  /** Whether a batch can consist of this part alone. */
  fits(part: Part): boolean;
  recycle(chunk: SourceChunk): void;
  /** A part is ready, or the line got shorter. */
  onProgress(): void;
  onFailure(error: unknown): void;
}

/** Records [from, to) of a chunk. */
type Span = Pick<EncodeJob, 'from' | 'to' | 'maxTablePartitions'>;

interface Lane {
  readonly chunk: SourceChunk;
  readonly parts: Part[];
  done: boolean;
}

export class Encoding {
  readonly #options: EncodingOptions;
  #lanes: Lane[] = [];
  #abort = new AbortController();

  constructor(options: EncodingOptions) {
    this.#options = options;
  }

  /** Chunks that are not wholly taken yet. */
  get size(): number {
    return this.#lanes.length;
  }

  submit(chunk: SourceChunk): void {
    const lane: Lane = { chunk, parts: [], done: false };
    this.#lanes.push(lane);
    const { signal } = this.#abort;
    this.#run(lane, signal).then(
      () => {
        this.#options.recycle(chunk);
        lane.done = true;
        if (!signal.aborted) this.#options.onProgress();
      },
      (error) => {
        this.#options.recycle(chunk);
        if (!signal.aborted) this.#options.onFailure(error);
      },
    );
  }

  /** The next part in order; null when it is not ready. */
  head(): Part | null {
    for (let lane = this.#lanes[0]; lane; lane = this.#lanes[0]) {
      if (lane.parts.length > 0) return lane.parts[0]!;
      if (!lane.done) return null;
      this.#lanes.shift();
    }
    return null;
  }

  shift(): void {
    this.#lanes[0]?.parts.shift();
  }

  /** Ranges that are at the workers or wait to be taken, oldest first. */
  *waiting(): Generator<OffsetRange> {
    for (const lane of this.#lanes) yield* lane.chunk.ranges;
  }

  /** Forgets everything; what the workers still return is thrown away. */
  clear(): void {
    for (const part of this.#lanes.flatMap((lane) => lane.parts))
      this.#options.budget.release(partBytes(part));
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#lanes = [];
  }

  async #run(lane: Lane, signal: AbortSignal): Promise<void> {
    const { chunk } = lane;
    let from = 0;
    let most = chunk.records;
    let tablePartitions = this.#options.maxTablePartitions;
    while (from < chunk.records && !signal.aborted) {
      const to = Math.min(this.#options.caution.end(chunk, from), from + most);
      const span = { from, to, maxTablePartitions: tablePartitions };
      const upTo = to === from ? this.#condemn(lane, from) : await this.#encode(lane, span, signal);
      if (upTo === from) {
        // The rows of one record stay together: with fewer table partitions allowed it becomes a dead letter.
        if (to - from === 1) tablePartitions = Math.ceil(tablePartitions / 2);
        most = Math.ceil((to - from) / 2);
      } else {
        tablePartitions = this.#options.maxTablePartitions;
        if (!signal.aborted) this.#options.onProgress();
      }
      from = upTo;
    }
    if (chunk.records === 0)
      this.#ready(lane, { ...NOTHING, ranges: chunk.ranges, polledAt: chunk.polledAt });
  }

  /** Up to which record there is a part now; `from`: no batch can take so many, nothing was done. */
  async #encode(lane: Lane, span: Span, signal: AbortSignal): Promise<number> {
    const { chunk } = lane;
    const { from, to } = span;
    const danger = dangerOf(chunk, from, to);
    let schemas: WriterSchema[] = [];
    for (;;) {
      const result = await this.#send(chunk, span, schemas, danger);
      chunk.buffer = result.chunk;
      if (signal.aborted) return chunk.records;
      if (result.unknownSchemas.length === 0) {
        const parts = this.#split(toPart(chunk, from, result));
        if (parts === null) return from;
        for (const part of parts) this.#ready(lane, part);
        return result.upTo;
      }
      schemas = await Promise.all(
        result.unknownSchemas.map(async (id) => ({
          id,
          schema: await this.#options.schemas.schema(id, signal),
        })),
      );
    }
  }

  /** Null: its records, or the table partitions of its only one, are too many; what lies behind the last ones can go alone. */
  #split(part: Part): Part[] | null {
    if (this.#options.fits(part)) return [part];
    const [own, tail] = [
      part.ranges.filter((r) => r.records > 0),
      part.ranges.filter((r) => r.records === 0),
    ];
    const alone = { ...part, ranges: own };
    if ((part.records > 1 || part.pieces.length > 1) && !this.#options.fits(alone)) return null;
    return tail.length === 0 ? [part] : [alone, { ...NOTHING, ranges: tail, polledAt: part.polledAt }];
  }

  async #send(
    chunk: SourceChunk,
    span: Span,
    schemas: readonly WriterSchema[],
    danger: Danger,
  ): Promise<EncodeResult> {
    const { buffer, capacity, topicPartitions, polledAt } = chunk;
    try {
      const job = { chunk: buffer, capacity, ...span, topicPartitions, polledAt, schemas };
      return await this.#options.encoder.run(job);
    } catch (error) {
      if (asSinkError(error).code === 'worker_failed') this.#options.caution.died(danger);
      throw error;
    }
  }

  #ready(lane: Lane, part: Part): void {
    this.#options.budget.charge(partBytes(part));
    lane.parts.push(part);
  }

  #condemn(lane: Lane, record: number): number {
    const { chunk } = lane;
    const message = 'a worker thread died or hung on this record twice';
    const letter = toDeadLetter(chunk, {
      record,
      stage: 'decode',
      code: 'worker_crash',
      column: null,
      message,
    });
    const upTo = record + 1;
    const ranges = rangesBetween(chunk, record, upTo);
    this.#ready(lane, { ...NOTHING, ranges, letters: [letter], records: 1, polledAt: chunk.polledAt });
    return upTo;
  }
}

export const piecesBytes = (pieces: readonly Piece[]): number =>
  pieces.reduce((bytes, piece) => bytes + piece.bytes.byteLength, 0);

const partBytes = (part: Part): number => lettersBytes(part.letters) + piecesBytes(part.pieces);

const NOTHING = { pieces: [], letters: [], records: 0, extraRows: 0 } as const;

function toPart(chunk: SourceChunk, from: number, result: EncodeResult): Part {
  return {
    ranges: rangesBetween(chunk, from, result.upTo),
    pieces: result.pieces,
    letters: result.rejections.map((rejection) => toDeadLetter(chunk, rejection)),
    records: result.upTo - from,
    extraRows: result.extraRows,
    polledAt: chunk.polledAt,
  };
}
