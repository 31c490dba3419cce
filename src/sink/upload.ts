import pLimit from 'p-limit';
import type { Budget } from '../budget.ts';
import type { Clock } from '../clock.ts';
import { type Block, joinPieces } from '../encode/block.ts';
import type { Piece } from '../encode/job.ts';
import { asSinkError, type SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { retry } from '../retry.ts';
import { piecesBytes } from './part.ts';
import type { Compression, Tunnel, UploadSession } from './ports.ts';

/** What the uploads of all batches share. */
export interface UploadOptions {
  readonly tunnel: Tunnel;
  readonly compression: Compression;
  readonly budget: Pick<Budget, 'release'>;
  readonly clock: Clock;
  onSession(): void;
  onBlock(bytes: number): void;
  onCommit(): void;
  /** A block was confirmed, or failed for good. */
  onProgress(): void;
}

interface Target {
  readonly tablePartition: string;
  readonly session: Promise<UploadSession>;
  /** Rows of each block sent or being sent, by block id. */
  readonly blocks: Map<number, number>;
  open: Piece[];
  openBytes: number;
  /** Of the blocks. */
  bytes: number;
  sessionId: string | null;
  rows: number;
  oldestEvent: number;
  newestEvent: number;
}

/** What became of one table partition in a batch, for status and metrics. */
export interface TargetFacts {
  readonly tablePartition: string;
  /** Null: the session is not created yet. */
  readonly sessionId: string | null;
  readonly blocks: number;
  /** Bytes of the blocks, as they were sent. */
  readonly bytes: number;
  /** Rows of the blocks: those that a commit makes visible. */
  readonly rowsInBlocks: number;
  readonly rows: number;
  /** Event times, ms; Infinity and -Infinity when there are none. */
  readonly oldestEvent: number;
  readonly newestEvent: number;
}

const blockSlots = pLimit(LIMITS.uploadsAtOnce);
const commitSlots = pLimit(LIMITS.commitsAtOnce);
/** Own slots: a commit that waits for its outcome must not hold the next batch back. */
const verifySlots = pLimit(LIMITS.commitsAtOnce);
/** Waits between attempts during an outage, ms: the rows go on soon after its end. */
const AGAIN_MS = { base: 1_000, cap: 15_000, quota: 5_000 };

/**
 * The sessions and blocks of one batch: one session per table partition, created as soon as the first
 * row for it appears, so that the creation overlaps with filling. Outages are waited out with the
 * pieces in hand; only a lost session or a refusal ends the batch.
 */
export class BatchUpload {
  readonly #options: UploadOptions;
  readonly #targets = new Map<string, Target>();
  readonly #abort = new AbortController();
  #pending = new Set<Promise<void>>();
  #heldBytes = 0;
  #sendingBytes = 0;
  /** What is under way, and what it failed with last. */
  readonly #doing = new Map<string, SinkError | null>();
  #failure: SinkError | null = null;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  get tablePartitions(): number {
    return this.#targets.size;
  }

  /** One for each table partition, in order of first use. */
  facts(): TargetFacts[] {
    return [...this.#targets.values()].map((target) => {
      const { tablePartition, sessionId, blocks, bytes, rows, oldestEvent, newestEvent } = target;
      const rowsInBlocks = [...blocks.values()].reduce((sum, n) => sum + n, 0);
      return {
        ...{ tablePartition, sessionId, blocks: blocks.size, bytes, rowsInBlocks },
        ...{ rows, oldestEvent, newestEvent },
      };
    });
  }

  /** Blocks of the session that has most. */
  get blocks(): number {
    let most = 0;
    for (const { blocks } of this.#targets.values()) most = Math.max(most, blocks.size);
    return most;
  }

  /** Bytes that are on their way; the server frees them, no further block is needed for that. */
  get sendingBytes(): number {
    return this.#sendingBytes;
  }

  /** The service asks to slow down: the batch stays open longer, for larger blocks and fewer sessions. */
  get waitsForQuota(): boolean {
    for (const error of this.#doing.values()) if (error?.code === 'maxcompute_over_quota') return true;
    return false;
  }

  /** What is waited for, in words: what fails first, with its last failure; empty: nothing. */
  get waitsFor(): string {
    const doing = [...this.#doing];
    const [what, error] = doing.find(([, failed]) => failed) ?? doing[0] ?? ['', null];
    const more = doing.length > 1 ? ` and ${doing.length - 1} more` : '';
    return what + more + (error ? `: ${error.message}` : '');
  }

  has(tablePartition: string): boolean {
    return this.#targets.has(tablePartition);
  }

  add(piece: Piece): void {
    const target = this.#target(piece.tablePartition);
    target.rows += piece.rows;
    target.oldestEvent = Math.min(target.oldestEvent, piece.oldestEvent);
    target.newestEvent = Math.max(target.newestEvent, piece.newestEvent);
    target.open.push(piece);
    target.openBytes += piece.bytes.byteLength;
    this.#heldBytes += piece.bytes.byteLength;
  }

  /** Sends every block that has reached `blockBytes`. */
  sendFull(blockBytes: number): void {
    for (const target of this.#targets.values()) if (target.openBytes >= blockBytes) this.#send(target);
  }

  /** Sends the largest open block whatever its size; false when there is none. */
  sendLargest(): boolean {
    let largest: Target | null = null;
    for (const target of this.#targets.values()) {
      if (target.openBytes > (largest?.openBytes ?? 0)) largest = target;
    }
    if (largest) this.#send(largest);
    return largest !== null;
  }

  /** Sends what is left and resolves when the server has confirmed every block, and its lists are ours. */
  async finish(): Promise<void> {
    while (this.sendLargest());
    while (this.#pending.size > 0) await Promise.all(this.#pending);
    await Promise.all([...this.#targets.values()].map((target) => target.session));
    if (this.#failure) throw this.#failure;
    await Promise.all([...this.#targets.values()].map((target) => verifySlots(() => this.#verify(target))));
  }

  async #verify({ session: created, blocks }: Target): Promise<void> {
    const session = await created;
    await this.#persist(`blocks of session ${session.id}`, () => session.verify(blocks, this.#abort.signal));
  }

  /**
   * Commits every session; nothing may be in flight. The first one is the witness of the batch and comes last:
   * where it is committed all are, whatever has become of the intent.
   */
  async commit(): Promise<void> {
    const [witness, ...others] = this.#targets.values();
    await Promise.all(others.map((target) => this.#commit(target)));
    if (witness) await this.#commit(witness);
  }

  #commit({ session: created, blocks }: Target): Promise<void> {
    const { signal } = this.#abort;
    return commitSlots(async () => {
      const session = await created;
      await this.#persist(`commit of session ${session.id}`, () => session.commit(blocks, signal));
      this.#options.onCommit();
    });
  }

  /** Sessions are left to expire; nothing of them becomes visible. */
  abandon(): void {
    this.#abort.abort();
    this.#options.budget.release(this.#heldBytes);
    this.#heldBytes = 0;
  }

  #target(tablePartition: string): Target {
    const known = this.#targets.get(tablePartition);
    if (known) return known;
    const session = this.#createSession(tablePartition);
    const target: Target = {
      ...{ tablePartition, session, sessionId: null, blocks: new Map(), open: [], openBytes: 0 },
      ...{ bytes: 0, rows: 0 },
      ...{ oldestEvent: Number.POSITIVE_INFINITY, newestEvent: Number.NEGATIVE_INFINITY },
    };
    session.then(
      ({ id }) => {
        target.sessionId = id;
      },
      (error) => this.#fail(error),
    );
    this.#targets.set(tablePartition, target);
    return target;
  }

  async #createSession(tablePartition: string): Promise<UploadSession> {
    const { signal } = this.#abort;
    const doing = `session for ${tablePartition || 'the table'}`;
    const session = await this.#persist(doing, () => this.#options.tunnel.create(tablePartition, signal));
    this.#options.onSession();
    return session;
  }

  #send(target: Target): void {
    const block = joinPieces(target.open, this.#options.compression);
    const bytes = piecesBytes(target.open);
    const id = target.blocks.size;
    target.blocks.set(id, block.rows);
    target.bytes += block.bytes;
    target.open = [];
    target.openBytes = 0;
    this.#sendingBytes += bytes;
    // A block that waits for its session takes no slot from those that could go.
    const sent = target.session
      .then((session) => blockSlots(() => this.#put(session, id, block)))
      .then(
        () => this.#confirmed(bytes),
        (error) => this.#fail(error),
      );
    this.#pending.add(sent);
    void sent.then(() => this.#pending.delete(sent));
  }

  async #put(session: UploadSession, id: number, block: Block): Promise<void> {
    const { signal } = this.#abort;
    const doing = `block ${id} of session ${session.id}`;
    await this.#persist(doing, () => session.putBlock(id, block.body, block.encoding, signal));
    this.#options.onBlock(block.bytes);
  }

  #confirmed(bytes: number): void {
    this.#sendingBytes -= bytes;
    if (this.#abort.signal.aborted) return;
    this.#heldBytes -= bytes;
    this.#options.budget.release(bytes);
    this.#options.onProgress();
  }

  #fail(error: unknown): void {
    if (this.#abort.signal.aborted) return;
    this.#failure ??= asSinkError(error);
    this.#options.onProgress();
  }

  /** The first failure that no waiting mends; null while all is well. */
  get failure(): SinkError | null {
    return this.#failure;
  }

  /** Outages and quota answers are waited out: the rows are in hand and the group stays alive. */
  async #persist<T>(doing: string, call: () => Promise<T>): Promise<T> {
    this.#doing.set(doing, null);
    const value = await retry(call, {
      clock: this.#options.clock,
      signal: this.#abort.signal,
      attempts: Number.POSITIVE_INFINITY,
      baseMs: AGAIN_MS.base,
      capMs: AGAIN_MS.cap,
      decide: (error) => {
        const { code } = asSinkError(error);
        return {
          retry: WAITED_OUT.has(code),
          floorMs: code === 'maxcompute_over_quota' ? AGAIN_MS.quota : 0,
        };
      },
      // Kept until the call succeeds: while the next attempt runs, the batch must not look ready to be sealed.
      onRetry: (error) => this.#doing.set(doing, asSinkError(error)),
    });
    this.#doing.delete(doing);
    return value;
  }
}

const WAITED_OUT: ReadonlySet<string> = new Set([
  'maxcompute_over_quota',
  'maxcompute_unreachable',
  'maxcompute_transient',
]);
