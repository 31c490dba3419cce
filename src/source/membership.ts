import type { Clock } from '../clock.ts';
import { SinkError } from '../errors.ts';
import type { Log } from '../log.ts';
import { findStarts, type Start, startCommits } from './assignment.ts';
import { ASSIGN, assignmentLost, type Consumer, type RawPosition, REVOKE } from './client.ts';
import type { Committer } from './committer.ts';
import { type Position, type SourceListener, type TopicPartition, topicPartitionKey } from './source.ts';
import { commitNote, type StartAt } from './start-at.ts';

/** A topic partition that is ours. */
export interface Owned extends TopicPartition {
  readonly index: number;
  readonly topicSize: number;
  /** Next offset to read. */
  position: number;
  acknowledged: number;
}

export interface MembershipOptions {
  readonly consumer: Consumer;
  readonly committer: Committer;
  readonly startAt: StartAt;
  readonly clock: Clock;
  readonly log: Log;
  listener(): SourceListener;
  /** Runs between two consume calls. */
  schedule(action: () => void): void;
  subscribe(): void;
  /** What is ours has changed; nothing when the topic partitions were given up. */
  onOwned(assignment: number, owned: readonly Owned[]): void;
  /** They will be given up: hand over what is packed, read nothing more. */
  onRevoking(): void;
  onUnassigned(): void;
}

/**
 * Who owns what. Rebalance callbacks only note what is to be done next:
 *
 *   assign callback   find the starts, then `assign` between two consume calls
 *   revoke callback   hand over what is packed, let the listener finish, then `unassign`
 *
 * librdkafka does not rejoin before `unassign`, so a commit sent while the listener finishes still
 * carries the old generation; after it nothing of this assignment is committed any more.
 */
export class Membership {
  readonly #options: MembershipOptions;
  #assignment = 0;
  #owned = new Map<string, Owned>();
  #list: readonly Owned[] = [];
  #topicsAtStart: ReadonlySet<string> = new Set();
  #member = false;
  #rejoining = false;
  #leaving = false;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get member(): boolean {
    return this.#member;
  }

  /** The same list as long as nothing changes: it is asked for at every turn. */
  get owned(): readonly Owned[] {
    return this.#list;
  }

  find(topic: string, partition: number): Owned | undefined {
    return this.#owned.get(topicPartitionKey({ topic, partition }));
  }

  knownTopics(topics: ReadonlySet<string>): void {
    this.#topicsAtStart = topics;
  }

  onRebalance(code: number, list: readonly TopicPartition[]): void {
    if (code === ASSIGN) this.#onAssign(list);
    else if (code === REVOKE) this.#onRevoke(assignmentLost(this.#options.consumer));
    else
      this.#options.listener().onFailure(new SinkError('unexpected', `rebalance failed with code ${code}`));
  }

  async acknowledge(assignment: number, positions: readonly Position[]): Promise<void> {
    const owned =
      assignment === this.#assignment ? positions.map((p) => this.find(p.topic, p.partition)) : [];
    if (owned.length === 0 || owned.some((tp) => !tp)) {
      throw new SinkError('kafka_commit_refused', 'the topic partitions have been given up meanwhile');
    }
    await this.#options.committer.commit(positions.map((p, i) => rawPosition(p, owned[i]!.topicSize)));
    positions.forEach((p, i) => {
      owned[i]!.acknowledged = p.offset;
    });
  }

  rewind(positions: readonly Position[]): void {
    const starts = positions.map((p) => {
      return { ...p, fresh: false, topicSize: this.find(p.topic, p.partition)?.topicSize ?? p.partition + 1 };
    });
    this.#forget('the records are read again');
    const number = this.#assignment;
    this.#options.schedule(() => this.#assign(starts, number, true));
  }

  rejoin(reason: string): void {
    // Nothing is ours: a new generation is on its way already, and `unsubscribe` would find nothing to revoke.
    if (this.#owned.size === 0) return;
    this.#options.log.warn({ reason }, 'rejoining the group');
    this.#forget(reason);
    this.#rejoining = true;
    this.#options.schedule(() => void this.#options.consumer.unsubscribe());
  }

  /** From now on whatever is assigned is given back at once. */
  leave(): void {
    this.#leaving = true;
  }

  #onAssign(list: readonly TopicPartition[]): void {
    const { consumer, startAt, schedule } = this.#options;
    if (this.#leaving) {
      schedule(() => this.#unassign());
      return;
    }
    const number = ++this.#assignment;
    findStarts(consumer, list, startAt, this.#topicsAtStart).then(
      (starts) => schedule(() => this.#assign(starts, number, false)),
      (error) => number === this.#assignment && this.#onStartError(error, list),
    );
  }

  /** The answers of the brokers may be late; only a lost offset is final. */
  #onStartError(error: unknown, list: readonly TopicPartition[]): void {
    const { listener, log, clock } = this.#options;
    if (error instanceof SinkError) {
      listener().onFailure(error);
      return;
    }
    log.warn({ error }, 'the start offsets could not be read; asking again');
    const again = this.#assignment;
    void clock.sleep(1000).then(() => again === this.#assignment && this.#onAssign(list));
  }

  /** `number`: the assignment for which the starts were found; a revoke meanwhile makes them stale. */
  #assign(starts: readonly Start[], number: number, again: boolean): void {
    if (number !== this.#assignment) return;
    if (this.#leaving) {
      this.#unassign();
      return;
    }
    const { consumer, listener } = this.#options;
    const owned = starts.map(({ topic, partition, offset, topicSize }, index) => {
      return { topic, partition, index, topicSize, position: offset, acknowledged: offset };
    });
    this.#own(owned);
    const positions = starts.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    consumer.assign(positions);
    consumer.resume(positions); // the client keeps a pause over assignments
    this.#member = true;
    const fresh = startCommits(starts);
    if (fresh.length > 0) void this.#commitStarts(fresh);
    listener().onAssigned(this.#assignment, positions, again);
  }

  /** Without them a later start would not know that the group has begun, and `latest` would skip records. */
  async #commitStarts(starts: readonly RawPosition[]): Promise<void> {
    const number = this.#assignment;
    try {
      await this.#options.committer.commit(starts);
    } catch (error) {
      this.#options.log.warn({ error }, 'the start offsets were not committed');
      if (number !== this.#assignment) return;
      this.#options.listener().onLost(number);
      this.rejoin('the start offsets were not committed');
    }
  }

  #onRevoke(lost: boolean): void {
    const { listener, onRevoking, schedule } = this.#options;
    const give = (reason: string) => {
      this.#forget(reason);
      schedule(() => this.#unassign());
    };
    if (lost || this.#owned.size === 0) {
      listener().onLost(this.#assignment);
      give('the topic partitions were lost');
      return;
    }
    onRevoking();
    void listener()
      .onRevoked(this.#assignment)
      .then(() => give('the topic partitions were revoked'));
  }

  /** All state of the assignment goes before `unassign` is called. */
  #forget(reason: string): void {
    this.#own([]);
    this.#options.committer.forget(reason);
  }

  #own(owned: readonly Owned[]): void {
    this.#assignment += 1;
    this.#list = owned;
    this.#owned = new Map(owned.map((tp) => [topicPartitionKey(tp), tp]));
    this.#options.onOwned(this.#assignment, owned);
  }

  #unassign(): void {
    this.#options.consumer.unassign();
    this.#member = false;
    this.#options.onUnassigned();
    if (!this.#rejoining) return;
    this.#rejoining = false;
    this.#options.subscribe();
  }
}

const rawPosition = ({ topic, partition, offset }: Position, topicSize: number): RawPosition => ({
  topic,
  partition,
  offset,
  metadata: commitNote(topicSize, false),
});
