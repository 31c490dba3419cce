import { asSinkError, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { OffsetRange, Position, SourceChunk, SourceListener } from '../source/source.ts';
import { absorb, type Batch, dueSeal, leftOver, type SealReason, seal } from './batch.ts';
import { type Caution, createCaution } from './caution.ts';
import { Encoding } from './encoding.ts';
import { intentOfPartFits, tablePartitionsOfPart } from './intend.ts';
import { createLine, type Line } from './line.ts';
import type { CoordinatorOptions } from './options.ts';
import type { Part } from './part.ts';
import { createRestart, type Restart } from './restart.ts';
import { sendBlocks } from './send.ts';
import { abandon, createDirtyGuard, type DirtyGuard, sealedBefore, sendLetters, startBatch } from './take.ts';

/**
 * The life of a batch, in the order of the code:
 *
 *   1. collect      chunks come back from the workers; their parts join the open batch in offset order
 *   2. send         blocks go up when they are full, or when the memory budget gets short
 *   3. seal         by age, rows, bytes, table partitions, revoke or shutdown
 *   4. upload       every block is confirmed, dead letters are durable
 *   5. intend       exactly once writes its durable note, before any session is committed
 *   6. commit       the sessions are committed: rows become visible
 *   7. acknowledge  the offsets advance
 *
 * While a batch is in 4 to 7 (line.ts) the next one fills. Offsets are acknowledged in order, and only from
 * committed batches: a failure anywhere means "read again", never "skip". Where an offset commit of
 * it was sent already, everything is forgotten and the group joined anew: what Kafka says then, an intent that
 * recovery settles or offsets that have moved, is what counts.
 */
export class Coordinator implements SourceListener {
  readonly #options: CoordinatorOptions;
  readonly #encoding: Encoding;
  readonly #caution: Caution = createCaution();
  readonly #dirty: DirtyGuard;
  /** Of the records that are welcome now; 0: none are. */
  #assignment = 0;
  /** A record ends the service: nothing behind it is welcome. */
  #halted = false;
  readonly #restart: Restart;
  /** Ranges that were abandoned and are not read again yet. */
  #again: readonly OffsetRange[] = [];
  /** Why records were abandoned that nobody has read again since. */
  #undone: string | null = null;
  #open: Batch | null = null;
  #line: Line;
  #lastTurnAt: number;
  #turning = false;
  #finished: (error: SinkError | null) => void = () => undefined;
  /** Resolves when the service must end: null after `stop`, else why. */
  readonly finished: Promise<SinkError | null>;

  constructor(options: CoordinatorOptions) {
    this.#options = options;
    this.#lastTurnAt = options.clock.now();
    this.#restart = createRestart(options.clock);
    this.#dirty = createDirtyGuard(options.dirty?.limit);
    this.#line = this.#newLine(0, []);
    this.finished = new Promise((resolve) => {
      this.#finished = resolve;
    });
    this.#encoding = new Encoding({
      encoder: options.encoder,
      schemas: options.schemas,
      caution: this.#caution,
      budget: options.budget,
      maxTablePartitions: tablePartitionsOfPart(options),
      crashes: options.dirty?.crashes,
      keepsChunks: options.deduplicates,
      fits: (part) => options.identity === null || intentOfPartFits(part, options.identity),
      recycle: (chunk) => options.source.recycle(chunk),
      onProgress: () => this.#turn(),
      onFailure: (error) => this.#onTrouble(asSinkError(error)),
    });
  }

  get lastTurnAt(): number {
    return this.#lastTurnAt;
  }

  /** Open and settling batches, oldest first. */
  get batches(): readonly Batch[] {
    return this.#open ? [...this.#line.batches, this.#open] : this.#line.batches;
  }

  /** Ranges of records that are not acknowledged yet, oldest first. */
  *unacknowledged(): Generator<OffsetRange> {
    yield* this.#again;
    for (const batch of this.batches) yield* batch.ranges.values();
    yield* this.#encoding.waiting();
  }

  onAssigned(assignment: number, positions: readonly Position[], again: boolean): void {
    this.#assignment = assignment;
    this.#again = [];
    this.#line = this.#newLine(assignment, positions);
    if (!again) this.#options.events.assigned(positions.length);
  }

  onChunk(chunk: SourceChunk): void {
    if (chunk.assignment === this.#assignment && !this.#halted) this.#encoding.submit(chunk);
    else this.#options.source.recycle(chunk);
  }

  async onRevoked(_assignment: number): Promise<void> {
    this.#options.events.revoked(false);
    await this.#drain('revoke', this.#options.clock.now() + this.#options.revokeMs);
    this.#abandonAll('revoke');
  }

  onLost(_assignment: number): void {
    this.#options.events.revoked(true);
    this.#abandonAll('lost');
  }

  onFailure(error: SinkError): void {
    // What was read before an offset was lost may be in no log any more.
    if (error.code === 'offset_lost') return void this.stop(this.#options.revokeMs, error);
    this.#abandonAll(error.code);
    this.#finished(error);
  }

  /** What is in hand was made for the table as it was: it must not meet what is made from now on. */
  onPlanChanged(): void {
    if (this.batches.length > 0 || this.#encoding.hasParts)
      this.#onTrouble(new SinkError('table_changed', 'the table has changed meanwhile'));
  }

  onTurn(): void {
    this.#lastTurnAt = this.#options.clock.now();
    this.#turn();
  }

  /** Finishes what was polled, within `ms`, and ends `finished` with `why`, or else null or `shutdown_deadline`. */
  async stop(ms: number, why: SinkError | null = null): Promise<void> {
    this.#options.source.stopReading();
    if (this.#again.length === 0) this.#undone = null;
    const whole = await this.#drain('shutdown', this.#options.clock.now() + ms);
    const left = leftOver(this.batches, this.#encoding.size, this.#options.clock.now());
    this.#abandonAll('shutdown');
    const how = whole ? `the last batch was abandoned: ${this.#undone}` : `not done within ${ms} ms: ${left}`;
    this.#finished(why ?? (this.#undone === null ? null : new SinkError('shutdown_deadline', how)));
  }

  #turn(): void {
    if (this.#turning) return;
    this.#turning = true;
    try {
      this.#collect();
      this.#checkUploads();
      if (this.#open) sendBlocks(this.#open, this.batches, this.#options);
      this.#sealWhenDue();
    } finally {
      this.#turning = false;
    }
  }

  #collect(): void {
    for (let part = this.#encoding.head(); part; part = this.#encoding.head()) {
      const batch = this.#open ?? this.#openBatch(part.polledAt);
      const reason = sealedBefore(batch, part, this.#options);
      const joins = reason === null || (reason === 'age' && !this.#maySeal(batch)) || batch.ranges.size === 0;
      if (joins) this.#take(batch, part);
      else if (!this.#seal(reason)) return;
    }
    if (this.#encoding.stopped && !this.#halted) this.#halt(this.#encoding.stopped);
  }

  #take(batch: Batch, part: Part): void {
    const copies = part.keys ? (batch.keys?.copies(part.keys) ?? []) : [];
    if (copies.length > 0) {
      this.#encoding.again(copies);
      return;
    }
    this.#encoding.shift();
    absorb(batch, part);
    sendLetters(batch, part, this.#options, (error) => this.#onBatchTrouble(batch, error));
    this.#judge(false);
  }

  /** False: too many records are dirty, and the service ends. */
  #judge(sealing: boolean): boolean {
    const error = this.#dirty.passed(this.batches, this.#options.clock.now(), sealing);
    if (error) this.onFailure(error);
    return error === null;
  }

  /** What was read before is finished. */
  #halt(error: SinkError): void {
    this.#halted = true;
    this.#encoding.clear();
    void this.stop(this.#options.revokeMs, error);
  }

  #openBatch(polledAt: number): Batch {
    this.#open = startBatch(this.#options, this.#assignment, polledAt, () => this.#turn());
    this.#options.events.state(this.#open);
    return this.#open;
  }

  #checkUploads(): void {
    const failed = this.batches.find((batch) => batch.upload.failure);
    if (failed) this.#onTrouble(failed.upload.failure!);
  }

  #sealWhenDue(): void {
    if (!this.#open) return;
    const reason = dueSeal(this.#open, this.#options.flush, this.#options.clock.now());
    if (reason) this.#seal(reason);
  }

  /** Over quota, or two batches wait for their commit: the open one goes on filling. */
  #maySeal(batch: Batch): boolean {
    return this.#line.batches.length < LIMITS.settlingBatches && !batch.upload.waitsForQuota;
  }

  #seal(reason: SealReason): boolean {
    const batch = this.#open;
    if (!batch) return true;
    if (reason !== 'shutdown' && reason !== 'revoke' && !this.#maySeal(batch)) return false;
    if (!this.#judge(true)) return false;
    this.#open = null;
    seal(batch, reason, this.#options.clock.now());
    this.#options.events.state(batch);
    this.#options.events.sealed(batch);
    this.#line.push(batch);
    return true;
  }

  #newLine(assignment: number, positions: readonly Position[]): Line {
    return createLine({
      ...this.#options,
      assignment,
      positions,
      onState: (batch) => this.#options.events.state(batch),
      onAcknowledged: (batch, ends) => this.#acknowledged(batch, ends),
      onTrouble: (batch, error) => this.#onBatchTrouble(batch, error),
    });
  }

  #acknowledged(batch: Batch, ends: readonly Position[]): void {
    this.#caution.acknowledged(ends);
    this.#restart.forget();
    this.#dirty.acknowledged(batch);
    this.#options.events.acknowledged(batch);
    this.#turn();
  }

  /** Waits until everything polled is acknowledged; false when the deadline passed first. */
  async #drain(reason: 'revoke' | 'shutdown', deadline: number): Promise<boolean> {
    const { clock } = this.#options;
    for (;;) {
      this.#turn();
      if (this.#encoding.size === 0 && this.#open) this.#seal(reason);
      if (this.#encoding.size === 0 && this.batches.length === 0) return true;
      if (clock.now() >= deadline) return false;
      await clock.sleep(10);
    }
  }

  #onBatchTrouble(batch: Batch, error: unknown): void {
    if (batch.state !== 'abandoned') this.#onTrouble(asSinkError(error));
  }

  /** What waiting cannot mend ends the service; everything else is read again from the acknowledged offsets. */
  #onTrouble(error: SinkError): void {
    if (this.#assignment === 0) return;
    if (error.action === 'stop') return void this.onFailure(error);
    const { log, source } = this.#options;
    log.warn({ error }, 'starting again from the acknowledged offsets');
    const ranges = [...this.unacknowledged()];
    const { sent, positions } = this.#line;
    this.#abandonAll(error.code);
    this.#again = ranges;
    this.#restart.plan(() => {
      if (sent || error.code === 'kafka_commit_refused') source.rejoin(error.message);
      else source.rewind(positions);
    });
  }

  /**
   * Nothing of these batches becomes visible or is acknowledged, and no record is welcome until a new
   * assignment: acknowledging what comes later would skip what is abandoned here.
   */
  #abandonAll(reason: string): void {
    this.#assignment = 0;
    this.#again = [];
    this.#restart.cancel();
    if (this.batches.length > 0 || this.#encoding.size > 0) this.#undone = reason;
    this.#encoding.clear();
    for (const batch of this.batches) abandon(batch, reason, this.#options);
    this.#open = null;
    this.#line.abandon();
  }
}
