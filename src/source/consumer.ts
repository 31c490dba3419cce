import type { Budget } from '../budget.ts';
import type { Clock } from '../clock.ts';
import { asSinkError, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Log } from '../log.ts';
import {
  type Consumer,
  connect,
  consume,
  createConsumer,
  type KafkaFault,
  type Message,
  topicSizes,
} from './client.ts';
import { createCommitter } from './committer.ts';
import { faultAction } from './faults.ts';
import { createLogEnds } from './lag.ts';
import { Membership, type Owned } from './membership.ts';
import { createPacker, type Packer } from './packer.ts';
import { chunkBytesFor, clientProperties, type KafkaSettings } from './settings.ts';
import type {
  Position,
  Source,
  SourceChunk,
  SourceListener,
  SourceSnapshot,
  TopicPartition,
} from './source.ts';
import type { StartAt } from './start-at.ts';

export interface ConsumerOptions {
  readonly kafka: KafkaSettings;
  readonly startAt: StartAt;
  readonly memoryBytes: number;
  /** Chunks that may be away at one time. */
  readonly chunks: number;
  readonly budget: Budget;
  readonly clock: Clock;
  readonly log: Log;
  onPause(paused: boolean): void;
  onCommit(result: 'confirmed' | 'refused'): void;
  onRead(tp: TopicPartition, records: number, bytes: number): void;
}

const CONNECT_MS = 15_000;
const LAG_REFRESH_MS = 5_000;
const LEAVE_MS = 5_000;

/**
 * The consumer group through the raw KafkaConsumer. One poll loop does everything that must not overlap
 * with a consume call. It never waits for encoding or uploading: when no chunk can be had, the topic
 * partitions are paused and polling goes on, so that the group stays alive.
 */
export class KafkaSource implements Source {
  readonly #options: ConsumerOptions;
  readonly #consumer: Consumer;
  readonly #membership: Membership;
  readonly #packer: Packer;
  readonly #ends = createLogEnds();
  #listener!: SourceListener;
  /** What the loop does before its next consume call. */
  #actions: (() => void)[] = [];
  /** Polled, but not packed for want of a chunk. */
  #backlog: Message[] = [];
  #eofs: Position[] = [];
  #paused = false;
  #reading = true;
  #leaving = false;
  #running = false;
  #stuckSince: number | null = null;
  #lagAt = 0;
  #lastTurnAt = 0;
  #unassigned: () => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    const { kafka, memoryBytes, clock, log, startAt } = options;
    this.#options = options;
    this.#consumer = createConsumer(clientProperties(kafka, memoryBytes), {
      onRebalance: (code, list) => this.#membership.onRebalance(code, list),
      onOffsetCommit: (fault, positions) => committer.answered(fault, positions),
    });
    const committer = createCommitter(
      (list) => this.#consumer.commit(list as never),
      clock,
      options.onCommit,
    );
    this.#membership = new Membership({
      consumer: this.#consumer,
      committer,
      startAt,
      clock,
      log,
      listener: () => this.#listener,
      schedule: (action) => this.#schedule(action),
      subscribe: () => this.#subscribe(),
      onOwned: (assignment, owned) => this.#onOwned(assignment, owned),
      onRevoking: () => this.#halt(),
      onUnassigned: () => this.#onUnassigned(),
    });
    this.#packer = createPacker({
      chunkBytes: chunkBytesFor(memoryBytes),
      chunks: options.chunks,
      budget: options.budget,
      onChunk: (chunk) => this.#listener.onChunk(chunk),
    });
  }

  async start(listener: SourceListener): Promise<void> {
    this.#listener = listener;
    this.#listen();
    await connect(this.#consumer, CONNECT_MS);
    await this.#checkTopics();
    this.#consumer.setDefaultConsumeTimeout(LIMITS.pollWaitMs);
    this.#subscribe();
    this.#running = true;
    this.#loop = this.#poll();
  }

  recycle(chunk: SourceChunk): void {
    this.#packer.recycle(chunk);
  }

  acknowledge(assignment: number, positions: readonly Position[]): Promise<void> {
    return this.#membership.acknowledge(assignment, positions);
  }

  rewind(positions: readonly Position[]): void {
    this.#membership.rewind(positions);
  }

  rejoin(reason: string): void {
    this.#membership.rejoin(reason);
  }

  stopReading(): void {
    this.#leaving = true;
    this.#membership.leave();
    this.#halt();
    this.#actions.push(() => this.#pause());
  }

  async stop(): Promise<void> {
    if (this.#running) {
      const unassigned = new Promise<void>((resolve) => {
        this.#unassigned = resolve;
      });
      this.stopReading();
      this.#actions.push(() => void this.#consumer.unsubscribe());
      if (this.#membership.owned.length > 0) await within(LEAVE_MS, unassigned);
      this.#running = false;
      await this.#loop;
    }
    await within(LEAVE_MS, new Promise<void>((resolve) => void this.#consumer.disconnect(() => resolve())));
  }

  snapshot(): SourceSnapshot {
    return {
      member: this.#membership.member,
      paused: this.#paused,
      lastTurnAt: this.#lastTurnAt,
      topicPartitions: this.#membership.owned.map((tp) => ({
        topic: tp.topic,
        partition: tp.partition,
        acknowledged: tp.acknowledged,
        stableEnd: this.#ends.stableEnd(tp),
      })),
    };
  }

  #listen(): void {
    const { log } = this.#options;
    this.#consumer.on('event.stats', (stats: { message: string }) => this.#ends.onStatistics(stats.message));
    this.#consumer.on('partition.eof', (eof: Position) => this.#eofs.push(eof));
    this.#consumer.on('event.error', (error: KafkaFault) =>
      log.warn({ code: error.code }, `kafka: ${error.message}`),
    );
  }

  async #checkTopics(): Promise<void> {
    const { topics, topicPattern } = this.#options.kafka;
    const found = await topicSizes(this.#consumer, null, CONNECT_MS);
    this.#membership.knownTopics(new Set(found.keys()));
    const missing = topicPattern === null ? (topics ?? []).filter((topic) => !found.has(topic)) : [];
    if (missing.length === 0) return;
    throw new SinkError('topic_missing', `the brokers do not have: ${missing.join(', ')}`);
  }

  #subscribe(): void {
    const { topics, topicPattern } = this.#options.kafka;
    const names = topicPattern === null ? [...(topics ?? [])] : [`^${topicPattern.replace(/^\^/, '')}`];
    this.#consumer.subscribe(names);
  }

  async #poll(): Promise<void> {
    while (this.#running) {
      this.#lastTurnAt = this.#options.clock.now();
      this.#listener.onTurn();
      try {
        await this.#turn();
      } catch (error) {
        this.#onConsumeError(error);
        await this.#options.clock.sleep(LIMITS.pollWaitMs);
      }
    }
  }

  async #turn(): Promise<void> {
    for (let next = this.#actions.shift(); next; next = this.#actions.shift()) next();
    this.#refreshLag();
    if (!this.#pack()) return this.#pressure();
    this.#stuckSince = null;
    this.#resumeWhenThereIsRoom();
    this.#backlog = await consume(this.#consumer, LIMITS.pollRecords);
    if (!this.#pack()) return;
    this.#markEnds();
    if (this.#lingered()) this.#packer.flush();
  }

  /** Packs the polled records; false when a chunk could not be had for all of them. */
  #pack(): boolean {
    const messages = this.#backlog;
    let i = 0;
    while (i < messages.length) {
      const packed = this.#packRun(messages, i);
      if (packed === i) break;
      i = packed;
    }
    this.#backlog = i === messages.length ? [] : messages.slice(i);
    return this.#backlog.length === 0;
  }

  /** Packs the records from `i` on that are of one topic partition; returns the first that was not packed. */
  #packRun(messages: readonly Message[], i: number): number {
    const { topic, partition } = messages[i]!;
    const tp = this.#reading ? this.#membership.find(topic, partition) : undefined;
    const now = this.#options.clock.now();
    let bytes = 0;
    let records = 0;
    let at = i;
    for (; at < messages.length; at++) {
      const message = messages[at]!;
      if (message.partition !== partition || message.topic !== topic) break;
      if (!tp || message.offset < tp.position) continue; // not ours any more
      if (!this.#packer.add(message, tp.index, now)) break;
      tp.position = message.offset + 1;
      records += 1;
      bytes += message.size;
    }
    if (records > 0) this.#options.onRead({ topic, partition }, records, bytes);
    return at;
  }

  /** At the end of a log the position lies past control records that no record tells of. */
  #markEnds(): void {
    const eofs = this.#eofs;
    this.#eofs = [];
    for (const eof of eofs) {
      const tp = this.#reading ? this.#membership.find(eof.topic, eof.partition) : undefined;
      if (!tp || eof.offset <= tp.position) continue;
      tp.position = eof.offset;
      this.#packer.mark(tp.index, eof.offset, this.#options.clock.now());
    }
  }

  #lingered(): boolean {
    const openedAt = this.#packer.openedAt;
    return openedAt !== null && this.#options.clock.now() - openedAt >= LIMITS.chunkLingerMs;
  }

  /** No room for what was polled: wait a moment; then pause, and poll on so that the group stays alive. */
  async #pressure(): Promise<void> {
    const now = this.#options.clock.now();
    this.#stuckSince ??= now;
    if (!this.#paused && now - this.#stuckSince < LIMITS.pressureGraceMs) {
      return this.#options.budget.released(50);
    }
    this.#pause();
    this.#backlog.push(...(await consume(this.#consumer, LIMITS.pollRecords)));
  }

  #pause(): void {
    const { owned } = this.#membership;
    if (this.#paused || owned.length === 0) return;
    this.#consumer.pause([...owned]);
    this.#paused = true;
    this.#options.onPause(true);
  }

  #resumeWhenThereIsRoom(): void {
    const { budget } = this.#options;
    if (!this.#paused || !this.#reading || budget.usedBytes > budget.limitBytes * LIMITS.resumeShare) return;
    this.#consumer.resume([...this.#membership.owned]);
    this.#paused = false;
    this.#options.onPause(false);
  }

  #onOwned(assignment: number, owned: readonly Owned[]): void {
    const list = owned.map(({ topic, partition }) => ({ topic, partition }));
    this.#packer.reset(assignment, list);
    this.#backlog = [];
    this.#eofs = [];
    this.#paused = false;
    this.#lagAt = 0;
    this.#options.onPause(false);
  }

  /** Without the loop nothing can overlap: closing the client still asks for `unassign`. */
  #schedule(action: () => void): void {
    if (this.#running) this.#actions.push(action);
    else action();
  }

  #halt(): void {
    this.#reading = false;
    this.#backlog = [];
    this.#packer.flush();
  }

  #onUnassigned(): void {
    this.#reading = !this.#leaving;
    this.#unassigned();
  }

  #refreshLag(): void {
    const now = this.#options.clock.now();
    const { owned } = this.#membership;
    if (now - this.#lagAt < LAG_REFRESH_MS || owned.length === 0) return;
    this.#lagAt = now;
    const read = owned.map((tp) => tp.position);
    this.#ends.refresh(this.#consumer, owned).then(
      () => this.#checkLow(owned.filter((tp, i) => tp.position === read[i])),
      () => undefined, // an outage shows in the client's own errors; the last known ends stay
    );
  }

  /** The client may swallow "offset out of range" behind good records: look for ourselves where nothing moves. */
  #checkLow(still: readonly Owned[]): void {
    for (const tp of this.#paused ? [] : still) {
      const low = this.#ends.low(tp);
      if (low === null || low <= tp.position || this.#membership.find(tp.topic, tp.partition) !== tp)
        continue;
      const why = `offset ${tp.position} was deleted before it was read; the log starts at ${low}`;
      this.#listener.onFailure(new SinkError('offset_lost', `${tp.topic}-${tp.partition}: ${why}`));
    }
  }

  #onConsumeError(error: unknown): void {
    const action = faultAction(error, this.#options.kafka.groupId);
    if (action.do === 'stop') this.#listener.onFailure(action.error);
    else if (action.do === 'unexpected') this.#listener.onFailure(asSinkError(error));
    else this.#options.log.warn({ error }, `kafka: ${action.why}`);
  }
}

/** Waits for `done`, at most `ms`. */
function within(ms: number, done: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void done.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
