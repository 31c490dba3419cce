import type { Clock } from '../../clock.ts';
import { asSinkError, SinkError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Log } from '../../log.ts';
import { ASSIGN, assignmentLost, type Consumer, type RawPosition, REVOKE } from '../client/client.ts';
import type { FaultAction } from '../client/faults.ts';
import {
  type OffsetCommit,
  type Position,
  type Recover,
  type SourceListener,
  type SourceSnapshot,
  type TopicPartition,
  topicPartitionKey,
} from '../source.ts';
import type { KnownTopics } from '../topics/topics.ts';
import { type Inquiry, proofs, type Start, startCommits } from './assignment.ts';
import type { Committer } from './committer.ts';
import { assertFits, commitNote } from './note.ts';
import { askKafka, openAssignment } from './opening.ts';
import { type Owned, ownedFrom } from './owned.ts';

export interface MembershipOptions extends Omit<Inquiry, 'topicsAtStart'> {
  readonly consumer: Consumer;
  readonly committer: Committer;
  readonly exactlyOnce: boolean;
  readonly settleMs: number;
  readonly recover: Recover;
  /** What a failed question to the brokers means. */
  faultAction(error: unknown): FaultAction;
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
 *   assign callback   find the starts (`opening.ts`), then `assign` between two consume calls, then read
 *   revoke callback   hand over what is packed, let the listener finish, then `unassign`
 *
 * librdkafka does not rejoin before `unassign`, so a commit sent while the listener finishes still
 * carries the old generation; after it nothing of this assignment is committed any more. Nor does it rejoin
 * while a commit is on its way.
 *
 * Where nothing was committed yet, and after a refused commit, reading begins only when the group has taken
 * a commit: rows whose offsets nobody takes would be written again and again.
 */
export class Membership {
  readonly #options: MembershipOptions;
  #assignment = 0;
  #owned = new Map<string, Owned>();
  #list: readonly Owned[] = [];
  /** Aborted when the assignment whose starts are looked for is over. */
  #opening: AbortController | null = null;
  #topicsAtStart: Promise<KnownTopics> = Promise.resolve(new Map());
  #member = false;
  #rejoining = false;
  #leaving = false;
  /** However many assignments come and go: until one is read. */
  #openingSince: number | null = null;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  get state(): Pick<SourceSnapshot, 'member' | 'refusal' | 'openingSince'> {
    const idle = this.#list.length === 0 && !this.#opening && !this.#rejoining;
    const refusal = idle ? null : this.#options.committer.refusal;
    return { member: this.#member, refusal, openingSince: this.#openingSince };
  }

  /** The same list as long as nothing changes: it is asked for at every turn. */
  get owned(): readonly Owned[] {
    return this.#list;
  }

  find(topic: string, partition: number): Owned | undefined {
    return this.#owned.get(topicPartitionKey({ topic, partition }));
  }

  /** What is there when the service starts. */
  knownTopics(topics: Promise<KnownTopics>): void {
    this.#topicsAtStart = topics;
  }

  onRebalance(code: number, list: readonly TopicPartition[]): void {
    if (code === ASSIGN) this.#onAssign(list);
    else if (code === REVOKE) this.#onRevoke(assignmentLost(this.#options.consumer));
    else
      this.#options.listener().onFailure(new SinkError('unexpected', `rebalance failed with code ${code}`));
  }

  async commit(assignment: number, commits: readonly OffsetCommit[]): Promise<void> {
    const owned = assignment === this.#assignment ? commits.map((p) => this.find(p.topic, p.partition)) : [];
    if (owned.length === 0 || owned.some((tp) => !tp)) {
      throw new SinkError('kafka_commit_refused', 'the topic partitions have been given up meanwhile');
    }
    const raw = commits.map(({ topic, partition, offset, intent }, i) => {
      return { topic, partition, offset, metadata: commitNote(owned[i]!.census, false, intent) };
    });
    // An intent needs all its members: there the note names the topic that is gone.
    await this.#commit(raw.filter((_, i) => this.#options.exactlyOnce || !owned[i]!.replaced));
    commits.forEach((p, i) => {
      owned[i]!.acknowledged = p.offset;
    });
  }

  rewind(positions: readonly Position[]): void {
    if (this.#owned.size === 0) return; // given up meanwhile
    if (this.#options.committer.undecided)
      return void this.rejoin('the outcome of an offset commit is not known');
    const owned = positions.flatMap((p) => {
      const known = this.find(p.topic, p.partition);
      return known ? [{ ...known, position: p.offset, acknowledged: p.offset }] : [];
    });
    this.#forget('the records are read again');
    const number = this.#assignment;
    this.#options.schedule(() => this.#assign(owned, [], number, true));
  }

  rejoin(reason: string): void {
    // Nothing is ours: a new generation is on its way already, and `unsubscribe` would find nothing to revoke.
    if (this.#owned.size === 0 && !this.#opening) return;
    this.#options.log.warn({ reason }, 'rejoining the group');
    this.#forget(reason);
    this.#resubscribe();
  }

  /** Deleted and created again: what was read is finished, then the new topics are read from their beginning. */
  renew(topics: ReadonlyMap<string, string>): void {
    const stale = this.#list.filter((tp) => topics.has(tp.topic) && !tp.replaced);
    if (stale.length === 0 || this.#rejoining || this.#leaving) return;
    for (const tp of stale) tp.replaced = true;
    const changes = [...topics].map(([topic, now]) => ({ topic, id: now }));
    this.#options.log.warn(
      { topics: changes },
      'topic deleted and created again: reading it from its beginning',
    );
    this.#resubscribe();
  }

  /** From now on whatever is assigned is given back at once. */
  leave(): void {
    this.#leaving = true;
    if (!this.#opening) return;
    this.#forget('the service ends');
    // Not held yet: librdkafka waits for an answer before it can leave.
    this.#options.schedule(() => this.#member || this.#unassign());
  }

  #resubscribe(): void {
    this.#rejoining = true;
    this.#options.schedule(() => void this.#options.consumer.unsubscribe());
  }

  #onAssign(list: readonly TopicPartition[]): void {
    const { schedule, listener } = this.#options;
    if (this.#leaving) return void schedule(() => this.#unassign());
    const number = ++this.#assignment;
    const opening = new AbortController();
    this.#opening = opening;
    if (list.length > 0) this.#openingSince ??= this.#options.clock.now();
    this.#options.committer.renew();
    schedule(() => number === this.#assignment && this.#hold());
    const commit = (commits: readonly RawPosition[]) => this.#commit(commits);
    const questions = askKafka({ ...this.#options, topicsAtStart: this.#topicsAtStart });
    openAssignment({ ...this.#options, questions, commit }, list, opening.signal).then(
      (starts) => schedule(() => this.#assign(ownedFrom(starts), starts, number, false)),
      (thrown) => {
        if (number !== this.#assignment) return;
        const error = asSinkError(thrown);
        if (error.code === 'kafka_commit_refused') void this.#rejoinSoon(error);
        else listener().onFailure(error);
      },
    );
  }

  /** Without an answer librdkafka would not revoke: it is told that nothing is read, until the starts are found. */
  #hold(): void {
    this.#options.consumer.assign([]);
    this.#member = true;
  }

  /** `number`: the assignment for which `owned` was found; a revoke meanwhile makes it stale. */
  #assign(owned: readonly Owned[], starts: readonly Start[], number: number, again: boolean): void {
    if (number !== this.#assignment) return;
    if (this.#leaving) return void this.#unassign();
    const { consumer } = this.#options;
    this.#own(owned);
    const positions = owned.map(({ topic, partition, position }) => ({ topic, partition, offset: position }));
    consumer.assign(positions);
    this.#member = true;
    this.#tellStarts(starts);
    const first = this.#options.committer.refusal === null ? startCommits(starts) : proofs(starts);
    if (first.length === 0) return void this.#begin(positions, again);
    consumer.pause(positions);
    void this.#proveCommits(first, () => this.#begin(positions, again));
  }

  #begin(positions: readonly Position[], again: boolean): void {
    this.#openingSince = null;
    this.#options.consumer.resume([...positions]); // the client keeps a pause over assignments
    this.#options.listener().onAssigned(this.#assignment, positions, again);
  }

  #tellStarts(starts: readonly Start[]): void {
    const fresh = starts.filter((start) => start.fresh);
    if (fresh.length === 0) return;
    const offsets = fresh.map((start) => `${topicPartitionKey(start)}:${start.offset}`).join(' ');
    this.#options.log.info({ offsets }, 'nothing committed yet: reading starts here');
  }

  /** The first commit of a start tells later members that the group has begun: without it `latest` would skip records. */
  async #proveCommits(commits: readonly RawPosition[], begin: () => void): Promise<void> {
    const number = this.#assignment;
    const { schedule, listener } = this.#options;
    try {
      await this.#commit(commits);
      schedule(() => number === this.#assignment && begin());
    } catch (error) {
      if (number !== this.#assignment) return;
      if ((error as SinkError).code === 'kafka_commit_refused') return this.#rejoinSoon(error);
      listener().onFailure(error as SinkError);
    }
  }

  /** A refused commit is asked for again in a new generation, for an unanswered one may still arrive. */
  async #rejoinSoon(error: unknown): Promise<void> {
    const number = this.#assignment;
    const { log, clock, committer } = this.#options;
    const waitMs = Math.min(LIMITS.commitProofCapMs, 500 * 2 ** committer.refusals);
    log.warn({ error, waitMs }, 'the group takes no offset commit: nothing is read until it does');
    await clock.sleep(waitMs);
    if (number === this.#assignment) this.rejoin('the offset commit was refused');
  }

  async #commit(commits: readonly RawPosition[]): Promise<void> {
    if (commits.length === 0) return;
    assertFits(commits);
    try {
      await this.#options.committer.commit(commits);
    } catch (error) {
      const fault = this.#options.faultAction((error as SinkError).cause);
      throw fault.do === 'stop' ? fault.error : error;
    }
  }

  #onRevoke(lost: boolean): void {
    const { listener, onRevoking, schedule } = this.#options;
    const give = (reason: string) => {
      this.#forget(reason);
      schedule(() => this.#unassign());
    };
    if (lost) listener().onLost(this.#assignment);
    if (lost || this.#owned.size === 0) return void give('the topic partitions were lost');
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
    this.#opening?.abort(new SinkError('kafka_commit_refused', 'the topic partitions have been given up'));
    this.#opening = null;
    this.#list = owned;
    this.#owned = new Map(owned.map((tp) => [topicPartitionKey(tp), tp]));
    this.#options.onOwned(this.#assignment, owned);
  }

  #unassign(): void {
    this.#options.consumer.unassign();
    this.#member = false;
    this.#options.onUnassigned();
    if (!this.#rejoining || this.#leaving) return;
    this.#rejoining = false;
    this.#options.subscribe();
  }
}
