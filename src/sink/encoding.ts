import type { Budget } from '../budget.ts';
import {
  type EncodeJob,
  type EncodeResult,
  NOT_BEGUN,
  type Rejection,
  type WriterSchema,
} from '../encode/job.ts';
import { asSinkError, SinkError } from '../errors.ts';
import type { OffsetRange, Position, SourceChunk } from '../source/source.ts';
import { type Caution, dangerOf } from './caution.ts';
import { dirtyRecord, dirtyText } from './left-out.ts';
import { emptyPart, type Part, partBytes, toPart } from './part.ts';
import type { Encoder, SchemaSource } from './ports.ts';

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
  /** What happens to a record that workers die on; absent: it becomes a dead letter. */
  readonly crashes?: 'dead_letter' | 'skip' | 'stop' | undefined;
  /** Parts may have to be made again: chunks are kept until they are taken. */
  readonly keepsChunks?: boolean | undefined;
  /** Whether a batch can consist of this part alone. */
  fits(part: Part): boolean;
  recycle(chunk: SourceChunk): void;
  /** A part is ready, or the line got shorter. */
  onProgress(): void;
  onFailure(error: unknown): void;
}

/** Records [from, to) of a chunk. */
type Span = Pick<EncodeJob, 'from' | 'to' | 'maxTablePartitions' | 'drop'>;

interface Lane {
  readonly chunk: SourceChunk;
  readonly parts: Part[];
  done: boolean;
  /** Records of the part that was made last. */
  made: { readonly from: number; readonly upTo: number };
  /** Ends the wait for that part to be taken. */
  onTaken: () => void;
  /** Behind its parts stands the record that ends the service. */
  stopped: SinkError | null;
  /** Its head is with a worker once more, and so are the bytes of the chunk; null: they are here. */
  again: Promise<void> | null;
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

  get hasParts(): boolean {
    return this.#lanes.some((lane) => lane.parts.length > 0);
  }

  submit(chunk: SourceChunk): void {
    const lane: Lane = {
      ...{ chunk, parts: [], done: false, stopped: null, again: null },
      ...{ made: { from: 0, upTo: 0 }, onTaken: () => undefined },
    };
    this.#lanes.push(lane);
    const { signal } = this.#abort;
    const made = this.#run(lane, signal).finally(() => lane.again);
    made.then(
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
      if (lane.again) return null;
      if (lane.parts.length > 0) return lane.parts[0]!;
      if (!lane.done || lane.stopped) return null;
      this.#lanes.shift();
    }
    return null;
  }

  /** Everything before the record that ends the service has been taken; null: no such record is next. */
  get stopped(): SinkError | null {
    const next = this.#lanes[0];
    return next && !next.again && next.parts.length === 0 ? next.stopped : null;
  }

  shift(): void {
    const lane = this.#lanes[0];
    lane?.parts.shift();
    if (lane?.parts.length === 0) lane.onTaken();
  }

  /** The head is made once more, without these rows (numbers of its keys). Needs `keepsChunks`. */
  again(drop: readonly number[]): void {
    const lane = this.#lanes[0]!;
    const { signal } = this.#abort;
    const part = lane.parts.shift()!;
    this.#options.budget.release(partBytes(part));
    const { from, upTo } = lane.made;
    const span = { from, to: upTo, maxTablePartitions: this.#options.maxTablePartitions, drop };
    lane.again = this.#result(lane.chunk, span, signal).then(
      (result) => {
        if (signal.aborted || !result) return;
        lane.again = null;
        this.#ready(lane, { ...toPart(lane.chunk, from, result), ranges: part.ranges }, true);
        this.#options.onProgress();
      },
      (error) => {
        if (!signal.aborted) this.#options.onFailure(error);
      },
    );
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
    for (const lane of this.#lanes) lane.onTaken();
    this.#lanes = [];
  }

  async #run(lane: Lane, signal: AbortSignal): Promise<void> {
    const { chunk } = lane;
    let from = 0;
    let most = chunk.records;
    let { maxTablePartitions } = this.#options;
    while (from < chunk.records && !signal.aborted && !lane.stopped) {
      const to = Math.min(this.#options.caution.end(chunk, from), from + most);
      const span = { from, to, maxTablePartitions, drop: [] };
      const upTo = to === from ? this.#condemn(lane, from) : await this.#encode(lane, span, signal);
      if (upTo === from) {
        // The rows of one record stay together: with fewer table partitions allowed it becomes a dead letter.
        if (to - from === 1) maxTablePartitions = Math.ceil(maxTablePartitions / 2);
        most = Math.ceil((to - from) / 2);
      } else {
        maxTablePartitions = this.#options.maxTablePartitions;
        if (!signal.aborted) this.#options.onProgress();
      }
      if (this.#options.keepsChunks) await this.#taken(lane, signal);
      from = upTo;
    }
    if (chunk.records === 0) this.#ready(lane, emptyPart(chunk.ranges, chunk.polledAt));
  }

  /** The parts that were made may be asked for once more. */
  async #taken(lane: Lane, signal: AbortSignal): Promise<void> {
    if ((lane.parts.length === 0 && !lane.again) || signal.aborted) return;
    await new Promise<void>((resolve) => {
      lane.onTaken = resolve;
    });
  }

  /** Up to which record there is a part now; `from`: no batch can take so many, nothing was done. */
  async #encode(lane: Lane, span: Span, signal: AbortSignal): Promise<number> {
    const { chunk } = lane;
    const { from } = span;
    const result = await this.#result(chunk, span, signal);
    if (signal.aborted || !result) return chunk.records;
    const { upTo, stopped } = result;
    const parts = upTo === from && stopped ? [] : this.#split(toPart(chunk, from, result));
    if (parts === null) return from;
    lane.made = { from, upTo };
    for (const part of parts) this.#ready(lane, part);
    if (stopped) lane.stopped = stoppedBy(chunk, stopped);
    return lane.stopped ? chunk.records : upTo;
  }

  /** Of records [from, to), with the chunk back in its place; null: nobody waits for it any more. */
  async #result(chunk: SourceChunk, span: Span, signal: AbortSignal): Promise<EncodeResult | null> {
    const { caution } = this.#options;
    const { capacity, topicPartitions, polledAt } = chunk;
    const danger = dangerOf(chunk, span.from, span.to);
    const base = { ...span, capacity, topicPartitions, polledAt };
    let schemas: WriterSchema[] = [];
    for (;;) {
      const progress = new Int32Array(new SharedArrayBuffer(4)).fill(NOT_BEGUN);
      const job: EncodeJob = { ...base, chunk: chunk.buffer, progress, schemas };
      const result = await this.#options.encoder.run(job).catch((error) => {
        const [record = NOT_BEGUN] = progress;
        const suspect = record >= 0 ? danger.positionOf(record) : null;
        if (asSinkError(error).code !== 'worker_failed') throw error;
        caution.died(danger, suspect);
        throw suspect ? diedAt(suspect, asSinkError(error)) : error;
      });
      chunk.buffer = result.chunk;
      if (signal.aborted) return null;
      if (result.unknownSchemas.length === 0) return result;
      schemas = await this.#schemas(result.unknownSchemas, signal);
      if (signal.aborted) return null;
    }
  }

  #schemas(ids: readonly number[], signal: AbortSignal): Promise<WriterSchema[]> {
    const { schemas } = this.#options;
    return Promise.all(ids.map(async (id) => ({ id, schema: await schemas.schema(id, signal) })));
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
    return tail.length === 0 ? [part] : [alone, emptyPart(tail, part.polledAt)];
  }

  #ready(lane: Lane, part: Part, first = false): void {
    this.#options.budget.charge(partBytes(part));
    if (first) lane.parts.unshift(part);
    else lane.parts.push(part);
  }

  /** The record is not looked at again. */
  #condemn(lane: Lane, record: number): number {
    const { chunk } = lane;
    const { crashes = 'dead_letter' } = this.#options;
    const crash: Rejection = {
      record,
      stage: 'decode',
      code: 'worker_crash',
      column: null,
      message: CRASHED,
    };
    if (crashes === 'stop') {
      lane.stopped = stoppedBy(chunk, crash);
      return chunk.records;
    }
    const skips = crashes === 'skip';
    const none = {
      pieces: [],
      unknownSchemas: [],
      unmappedFields: [],
      extraRows: 0,
      filtered: 0,
      cpuMicros: 0,
    };
    const outcome = {
      rejections: skips ? [] : [crash],
      skipped: skips ? { worker_crash: 1 } : {},
      lastSkipped: skips ? crash : null,
    };
    const upTo = record + 1;
    lane.made = { from: record, upTo };
    this.#ready(lane, toPart(chunk, record, { ...none, ...outcome, chunk: chunk.buffer, upTo }));
    return upTo;
  }
}

const CRASHED = 'a worker thread died or hung on this record twice';

/** A fault names its record itself, a death does not. */
function diedAt({ topic, partition, offset }: Position, error: SinkError): SinkError {
  const at = `${topic}[${partition}] offset ${offset}`;
  return error.message.includes(at) ? error : new SinkError(error.code, `${error.message}, at ${at}`, error);
}

const stoppedBy = (chunk: SourceChunk, rejection: Rejection): SinkError =>
  new SinkError(
    'dirty_limit',
    `${rejection.code === 'unknown_field' ? 'table.unknownFields or ' : ''}dirty.classes says stop for this record: ${dirtyText(dirtyRecord(chunk, rejection))}`,
  );
