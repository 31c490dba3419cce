import { asSinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { seldom } from '../seldom.ts';
import { createIntake, type Intake } from './chunk/intake.ts';
import { createPacker, type Packer } from './chunk/packer.ts';
import { type Consumer, connect, consume, createConsumer, topicIdReader } from './client/client.ts';
import { faultAction } from './client/faults.ts';
import { createLeave, type Leave } from './client/leave.ts';
import { chunkBytesFor, clientProperties, connectMs } from './client/settings.ts';
import { watchClient } from './client/watch.ts';
import { createLogEnds, type LogEnds } from './lag/lag.ts';
import { createLogWatch, type LogWatch } from './lag/watch.ts';
import { readCommitted } from './membership/assignment.ts';
import { createCommitter } from './membership/committer.ts';
import { readCounts } from './membership/copies.ts';
import { Membership } from './membership/membership.ts';
import { committedEntry } from './membership/opening.ts';
import type { Owned } from './membership/owned.ts';
import type { ConsumerOptions } from './options.ts';
import type {
  OffsetCommit,
  Position,
  Source,
  SourceChunk,
  SourceListener,
  SourceSnapshot,
  TopicPartition,
} from './source.ts';
import { createTopicIds, type TopicIds } from './topics/topic-ids.ts';
import { findTopics, knownTopics } from './topics/topics.ts';

const NO_IDS = 'no topic ids: a topic that is created again cannot be told from the one before';

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
  readonly #intake: Intake;
  readonly #leave: Leave;
  readonly #ends: LogEnds;
  readonly #watch: LogWatch;
  readonly #topicIds: TopicIds;
  #listener!: SourceListener;
  /** What the loop does before its next consume call. */
  #actions: (() => void)[] = [];
  #paused = false;
  #reading = true;
  #leaving = false;
  #running = false;
  #stuckSince: number | null = null;
  #lastTurnAt = 0;
  /** The client is no older than this, ms, monotonic. */
  #createdAt = 0;
  readonly #isDue: (key: string) => boolean;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    const { kafka, memoryBytes, clock, log, startAt } = options;
    this.#options = options;
    this.#isDue = seldom(clock);
    this.#consumer = createConsumer(clientProperties(kafka, memoryBytes), {
      onRebalance: (code, list) =>
        this.#leave.closing ? this.#leave.answerLate() : this.#membership.onRebalance(code, list),
      onOffsetCommit: (fault, positions) => committer.answered(fault, positions),
    });
    const isIdle = () => this.#actions.length === 0 && this.#membership.owned.length === 0;
    this.#leave = createLeave(this.#consumer, isIdle);
    this.#ends = createLogEnds(this.#consumer);
    this.#topicIds = createTopicIds(topicIdReader(this.#consumer), (error) => log.info({ error }, NO_IDS));
    const asked = { consumer: this.#consumer, topicIds: this.#topicIds, groupId: kafka.groupId, clock, log };
    this.#watch = createLogWatch({
      ...asked,
      reading: () => this.#reading && !this.#paused,
      onHigh: (tp, high) => this.#ends.onHigh(tp, high, clock.now()),
      onReplaced: (topics) => this.#membership.renew(topics),
      onLost: (error) => this.#listener.onFailure(error),
    });
    this.#consumer.on('partition.eof', (end: Position) => this.#intake.addEnd(end));
    watchClient(this.#consumer, {
      log,
      clock,
      silentMs: LIMITS.brokerSilenceMs + Number(kafka.options['fetch.wait.max.ms'] ?? 500),
      onStatistics: (json) => {
        const { ageMs, total } = readCounts(json);
        committer.counted(this.#createdAt + ageMs, total);
        this.#ends.onStatistics(json);
      },
      onRefused: (error) => this.#listener.onFailure(error),
    });
    const committer = createCommitter(
      (list) => this.#consumer.commit(list as never),
      clock,
      options.onCommit,
    );
    this.#membership = new Membership({
      ...asked,
      committer,
      startAt,
      faultAction: (error) => faultAction(error, kafka),
      ...{ pipeline: options.pipeline, table: options.table, exactlyOnce: options.exactlyOnce },
      ...{ settleMs: options.settleMs, recover: options.recover },
      listener: () => this.#listener,
      schedule: (action) => this.#schedule(action),
      subscribe: () => this.#subscribe(),
      onOwned: (assignment, owned) => this.#onOwned(assignment, owned),
      onRevoking: () => this.#halt(),
      onUnassigned: () => {
        this.#reading = !this.#leaving;
      },
    });
    this.#packer = createPacker({
      chunkBytes: chunkBytesFor(memoryBytes),
      chunks: options.chunks,
      budget: options.budget,
      onChunk: (chunk) => this.#listener.onChunk(chunk),
    });
    this.#intake = createIntake({
      packer: this.#packer,
      find: (topic, partition) => (this.#reading ? this.#membership.find(topic, partition) : undefined),
      onRead: options.onRead,
    });
  }

  async start(listener: SourceListener): Promise<void> {
    this.#listener = listener;
    this.#createdAt = performance.now();
    const { kafka } = this.#options;
    await connect(this.#consumer, connectMs(kafka));
    const topics = await findTopics(this.#consumer, kafka, connectMs(kafka));
    this.#membership.knownTopics(knownTopics(topics, this.#topicIds, kafka));
    this.#consumer.setDefaultConsumeTimeout(LIMITS.pollWaitMs);
    this.#subscribe();
    this.#running = true;
    this.#loop = this.#poll();
  }

  recycle(chunk: SourceChunk): void {
    this.#packer.recycle(chunk);
  }

  commit(assignment: number, commits: readonly OffsetCommit[]): Promise<void> {
    return this.#membership.commit(assignment, commits);
  }

  /** What the group has committed; those without an offset are left out. Throws `ledger_unreadable`. */
  async read(list: readonly TopicPartition[]): Promise<OffsetCommit[]> {
    return (await readCommitted(this.#consumer, list)).map(committedEntry);
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
    if (this.#leave.closing) return;
    if (this.#running) {
      this.stopReading();
      // Closing does not leave as a static member: its topic partitions wait for its restart.
      if (this.#options.kafka.instanceId === null) {
        this.#actions.push(() => this.#leave.unsubscribe());
        await this.#leave.left();
      }
      this.#running = false;
      await this.#loop;
    }
    for (const action of this.#actions.splice(0)) action();
    await this.#topicIds.stop();
    await this.#leave.close();
  }

  snapshot(): SourceSnapshot {
    return {
      ...this.#membership.state,
      paused: this.#paused,
      lastTurnAt: this.#lastTurnAt,
      topicPartitions: this.#membership.owned.map((tp) => this.#ends.lag(tp)),
    };
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
        await this.#leave.turn(() => this.#turn());
      } catch (error) {
        this.#onConsumeError(error);
        await this.#options.clock.sleep(LIMITS.pollWaitMs);
      }
    }
  }

  async #turn(): Promise<void> {
    for (let next = this.#actions.shift(); next; next = this.#actions.shift()) next();
    this.#watch.refresh(this.#membership.owned, this.#options.clock.now());
    if (!this.#pack()) return this.#pressure();
    this.#stuckSince = null;
    this.#resumeWhenThereIsRoom();
    this.#intake.add(await consume(this.#consumer, LIMITS.pollRecords));
    if (this.#pack() && this.#lingered()) this.#packer.flush();
  }

  #pack(): boolean {
    return this.#intake.pack(this.#options.clock.now());
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
    this.#intake.add(await consume(this.#consumer, LIMITS.pollRecords));
  }

  #pause(): void {
    if (this.#paused || this.#membership.owned.length === 0) return;
    this.#consumer.pause([...this.#membership.owned]);
    this.#paused = true;
    if (!this.#leaving) this.#options.onPause(true);
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
    this.#intake.clear();
    if (this.#paused && !this.#leaving) this.#options.onPause(false);
    this.#paused = false;
  }

  /** Without the loop nothing can overlap. */
  #schedule(action: () => void): void {
    if (this.#running) this.#actions.push(action);
    else if (!this.#leave.closing) action();
  }

  #halt(): void {
    this.#reading = false;
    this.#intake.clear();
    this.#packer.flush();
  }

  #onConsumeError(error: unknown): void {
    const action = faultAction(error, this.#options.kafka);
    if (action.do === 'stop' && action.error.code === 'offset_lost') this.#watch.suspect(action.error);
    else if (action.do === 'stop') this.#listener.onFailure(action.error);
    else if (action.do === 'unexpected') this.#listener.onFailure(asSinkError(error));
    else if (this.#isDue(action.why.replace(/\d+/g, '#')))
      this.#options.log.warn({ error }, `kafka: ${action.why}`);
  }
}
