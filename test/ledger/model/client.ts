import {
  ASSIGN,
  type Consumer,
  type ConsumerEvents,
  type Message,
  type RawPosition,
  REVOKE,
} from '../../../src/source/client/client.ts';
import type { TopicPartition } from '../../../src/source/source.ts';
import { type CommitRequest, ILLEGAL_GENERATION, type SimCluster, TOPIC, UNKNOWN_MEMBER } from './cluster.ts';
import { Reading } from './reading.ts';
import type { Process, Simulation } from './simulation.ts';

type Phase = 'out' | 'joining' | 'assigning' | 'steady' | 'revoking';

/** `socket.timeout.ms`: then the client itself gives a request up. */
const SOCKET_MS = 60_000;
const NO_ANSWER = -185;

export interface ClientOptions {
  readonly sim: Simulation;
  readonly cluster: SimCluster;
  readonly process: Process;
  readonly events: ConsumerEvents;
  /** What a commit says: for the story, and for those who look for it. */
  describe(entries: CommitRequest['entries']): Pick<CommitRequest, 'name' | 'kinds'>;
  valueOf(tp: TopicPartition, offset: number): string;
}

/**
 * What the shipped parts use of the raw Kafka client, with its ways: it joins anew only after `unassign`, a
 * commit carries the generation that it knows of, the answer comes as an event, a read is not checked
 * against the generation, a pause outlives `assign`.
 */
export class SimClient {
  readonly #options: ClientOptions;
  readonly process: Process;
  /** What the coordinator calls it; what it believes to be called. */
  knownAs: string | null = null;
  memberId: string | null = null;
  generation = -1;
  #phase: Phase = 'out';
  #subscribed = false;
  #lost = false;
  #revokeWanted = false;
  #assignment: readonly TopicPartition[] = [];
  readonly #reading: Reading;
  #outstanding: CommitRequest[] = [];
  /** Offset commits in the client's statistics, its own second copies among them. */
  counted = 0;
  #joinsThen = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.process = options.process;
    this.#reading = new Reading(options.cluster.records, options.valueOf);
  }

  /** As the shipped code sees it. */
  get consumer(): Consumer {
    return this as unknown as Consumer;
  }

  subscribe(_topics: readonly string[]): void {
    this.#subscribed = true;
    if (this.#phase === 'out') this.#join();
  }

  unsubscribe(): void {
    this.#subscribed = false;
    if (this.#phase === 'joining') this.#leave();
    else this.#wantRevoke(false);
  }

  assign(list: readonly (TopicPartition & { offset: number })[]): void {
    this.#reading.assign(list);
    this.#answered();
    this.process.woken();
  }

  unassign(): void {
    this.#reading.assign([]);
    if (this.#phase === 'revoking') {
      if (this.#lost) this.memberId = null;
      if (this.#subscribed) this.#join();
      else this.#leave();
    } else this.#answered();
  }

  pause(list: readonly TopicPartition[]): void {
    this.#reading.pause(list, true);
  }

  resume(list: readonly TopicPartition[]): void {
    this.#reading.pause(list, false);
    this.process.woken();
  }

  commit(list: readonly RawPosition[]): void {
    if (!this.process.alive) return;
    const { sim, cluster, process, describe } = this.#options;
    const entries = list.map(({ topic, partition, offset, metadata }) => ({
      ...{ topic, partition, offset, metadata: metadata ?? '' },
    }));
    const { memberId, generation } = this;
    const request = {
      client: this,
      memberId,
      generation,
      entries,
      awaited: true,
      late: false,
      ...describe(entries),
    };
    this.#outstanding.push(request);
    this.counted += 1;
    cluster.commit(request);
    sim.timer(process, SOCKET_MS, () => {
      if (request.awaited) this.answered(request, NO_ANSWER);
    });
  }

  committed(
    list: readonly TopicPartition[],
    _timeoutMs: number,
    done: (error: unknown, positions: unknown) => void,
  ): void {
    const { sim, cluster, process } = this.#options;
    sim.step(
      `${process.name}'s question for offsets arrives`,
      null,
      () => {
        const found = cluster.committed(list);
        sim.step(`${process.name} reads the offsets`, process, () => done(null, found), 'read');
      },
      'ask',
    );
  }

  queryWatermarkOffsets(
    _topic: string,
    _number: number,
    _timeoutMs: number,
    done: (error: unknown, log: { lowOffset: number; highOffset: number }) => void,
  ): void {
    this.#soon(() => done(null, { lowOffset: 0, highOffset: this.#options.cluster.records }));
  }

  getMetadata(_options: object, done: (error: unknown, metadata: unknown) => void): void {
    const partitions = this.#options.cluster.topicPartitions.map(({ partition: id }) => ({ id }));
    this.#soon(() => done(null, { topics: [{ name: TOPIC, partitions }] }));
  }

  assignmentLost(): boolean {
    return this.#lost;
  }

  /** A second copy of a request; the answer to either is its answer. */
  sendAgain(request: CommitRequest): void {
    const { sim, cluster } = this.#options;
    if (!request.awaited || this.generation !== request.generation) return;
    sim.tell(`${request.name} is sent again`);
    sim.step(
      `the second copy of ${request.name} arrives`,
      null,
      () => cluster.arrive({ ...request, source: request, late: false }),
      request,
    );
  }

  /** The commit that was sent last. */
  get last(): CommitRequest | undefined {
    return this.#outstanding.at(-1);
  }

  // --- called by the poll loop

  consume(most: number): Message[] {
    return this.#reading.take(most);
  }

  get hasRecords(): boolean {
    return this.#reading.hasRecords;
  }

  // --- called by the cluster

  /** The client tells the outcome of each request once, and joins only when none is open. */
  answered(request: CommitRequest, code: number | null): void {
    request.awaited = false;
    this.#outstanding = this.#outstanding.filter((other) => other !== request);
    if (code === UNKNOWN_MEMBER || code === ILLEGAL_GENERATION) this.#fenced();
    const fault = code === null ? null : { code, message: `Broker: ${code}` };
    const list = request.entries.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    this.#options.events.onOffsetCommit(fault, list);
    this.process.woken();
    if (this.#joinsThen && this.#outstanding.length === 0) this.#join();
  }

  /** By a heartbeat. */
  hears(what: 'rebalance' | 'unknown'): void {
    const { sim, process } = this.#options;
    const { knownAs } = this;
    sim.step(
      `${process.name} hears: ${what === 'rebalance' ? 'rebalance' : 'unknown member'}`,
      process,
      () => {
        if (what === 'unknown') return this.knownAs === null ? this.#fenced() : undefined;
        if (this.knownAs === knownAs && knownAs !== null) this.#wantRevoke(false);
      },
      'news',
    );
  }

  joined(generation: number, list: readonly TopicPartition[]): void {
    const { sim, process } = this.#options;
    sim.step(`${process.name} is told its topic partitions`, process, () => {
      if (this.#phase !== 'joining') return;
      this.generation = generation;
      this.#lost = false;
      this.#phase = 'assigning';
      this.#assignment = list;
      sim.step(`${process.name}: assign callback`, process, () => {
        this.#options.events.onRebalance(ASSIGN, [...list]);
        process.woken();
      });
    });
  }

  /** The process ends in order: closing the client leaves the group. */
  close(): void {
    this.#reading.assign([]);
    this.#subscribed = false;
    this.#leave();
  }

  #soon(run: () => void): void {
    void Promise.resolve().then(() => this.process.alive && run());
  }

  #join(): void {
    this.#phase = 'joining';
    this.#revokeWanted = false;
    this.generation = -1;
    this.#joinsThen = this.#outstanding.length > 0;
    if (this.#joinsThen) return;
    const { sim, cluster, process } = this.#options;
    sim.step(`${process.name} joins`, null, () => {
      if (this.#phase === 'joining' && process.alive) cluster.join(this);
    });
  }

  #leave(): void {
    this.#phase = 'out';
    this.#revokeWanted = false;
    this.memberId = null;
    this.generation = -1;
    this.#joinsThen = false;
    const { sim, cluster, process } = this.#options;
    const { knownAs } = this;
    sim.step(`${process.name} leaves`, null, () => {
      if (this.knownAs === knownAs) cluster.leave(this);
    });
  }

  #fenced(): void {
    if (this.#phase === 'out' || this.#phase === 'joining') {
      this.memberId = null;
      if (this.#phase === 'joining') this.#join();
      return;
    }
    this.memberId = null;
    this.generation = -1;
    this.#lost = true;
    this.#wantRevoke(true);
  }

  /** A rebalance that comes while one is under way waits for its end. */
  #wantRevoke(lost: boolean): void {
    if (lost) this.#lost = true;
    if (this.#phase === 'assigning') this.#revokeWanted = true;
    if (this.#phase !== 'steady') return;
    this.#phase = 'revoking';
    const { sim, process } = this.#options;
    sim.step(`${process.name}: revoke callback`, process, () => {
      this.#options.events.onRebalance(REVOKE, [...this.#assignment]);
      process.woken();
    });
  }

  /** The assign callback was answered, by `assign` or `unassign`. */
  #answered(): void {
    if (this.#phase !== 'assigning') return;
    this.#phase = 'steady';
    if (!this.#revokeWanted) return;
    this.#revokeWanted = false;
    this.#wantRevoke(false);
  }
}
