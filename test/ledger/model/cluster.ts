import { topicPartitionKey as keyOf, type TopicPartition } from '../../../src/source/source.ts';
import type { SimClient } from './client.ts';
import type { Simulation } from './simulation.ts';

export const TOPIC = 't';
export const TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAABg';
/** `offsets.commit.timeout.ms`: an append has landed or failed after this time. */
const APPEND_MS = 5_000;
const SESSION_MS = 10_000;
const REBALANCE_MS = 40_000;

export interface Committed {
  readonly offset: number;
  readonly metadata: string;
}

/** What an entry of a commit does: a batch begins, or is honoured, or is done; or nothing of these. */
export type CommitKind = 'intent' | 'confirm' | 'advance' | 'start';

/** An offset commit on its way. */
export interface CommitRequest {
  readonly client: SimClient;
  readonly memberId: string | null;
  readonly generation: number;
  readonly entries: readonly (TopicPartition & Committed)[];
  readonly name: string;
  readonly kinds: readonly CommitKind[];
  /** Its sender waits for it. */
  awaited: boolean;
  /** It was held back on its way. */
  late: boolean;
  /** Of a second copy: the request. */
  readonly source?: CommitRequest;
}

interface Append extends CommitRequest {
  readonly deadline: number;
  /** The entries that the coordinator took. */
  readonly taken: readonly (TopicPartition & Committed)[];
  readonly source: CommitRequest;
  /** How it is answered when not all were taken. */
  readonly partly: number | null;
}

export const ILLEGAL_GENERATION = 22;
export const UNKNOWN_MEMBER = 25;
const TIMED_OUT = 7;
const LOADING = 14;
const NOT_AVAILABLE = 15;

/**
 * One group's coordinator and its log of offsets. A commit is checked for membership and generation when it
 * arrives, never for ownership; then it is appended, and seen only when the append has landed.
 */
export class SimCluster {
  readonly #sim: Simulation;
  readonly topicPartitions: readonly TopicPartition[];
  readonly records: number;
  generation = 0;
  /** Of the generation, in the order in which they joined. */
  members: SimClient[] = [];
  rebalancing = false;
  readonly visible = new Map<string, Committed>();
  pending: Append[] = [];
  /** Appended, timed out, in the log: a failover shows them. */
  readonly ghosts = new Map<string, TopicPartition & Committed>();
  #joined: SimClient[] = [];
  #ids = 0;
  #deadline: ReturnType<Simulation['timer']> | null = null;
  /** Whom the topic partitions of the next generation go to, by number; round robin unless told. */
  deal: number[] = [];
  onVisible: (changed: readonly TopicPartition[]) => void = () => undefined;

  constructor(sim: Simulation, topicPartitions: number, records: number) {
    this.#sim = sim;
    this.records = records;
    this.topicPartitions = Array.from({ length: topicPartitions }, (_, i) => ({
      topic: TOPIC,
      partition: i,
    }));
  }

  /** A request without an answer is one that the client gave up. */
  commit(request: CommitRequest): void {
    this.#sim.tell(`${request.client.process.name} sends ${request.name}`);
    this.#sim.step(`${request.name} arrives`, null, () => this.arrive(request), request);
  }

  arrive(request: CommitRequest, refused: number | null = null): void {
    const refusal = this.#refusal(request);
    if (refusal !== null) {
      this.answer(request, refusal);
      return;
    }
    const taken = request.entries.filter((entry) => entry.partition !== refused);
    const partly = taken.length < request.entries.length ? 3 : null;
    this.pending.push({
      ...request,
      taken,
      partly,
      deadline: this.#sim.now + APPEND_MS,
      source: request.source ?? request,
    });
    this.#sim.timer(null, APPEND_MS, () => undefined);
    this.#sim.step('the next append lands', null, () => this.land(), 'land');
  }

  /** What the coordinator says before it appends anything. */
  turnAway(request: CommitRequest): void {
    this.answer(request, LOADING);
  }

  land(): void {
    const append = this.pending.shift();
    if (!append) return;
    this.#show(append.taken);
    for (const entry of append.taken) this.ghosts.delete(keyOf(entry));
    this.#sim.tell(`${append.name} is in Kafka${append.partly === null ? '' : ', in part'}`);
    this.answer(append, append.partly);
    this.onVisible(append.taken);
  }

  /** A failover loses the append. */
  fail(): void {
    const append = this.pending.shift();
    if (!append) return;
    this.#sim.tell(`${append.name} is lost in a failover`);
    this.answer(append, NOT_AVAILABLE);
  }

  /** The append times out, but stays in the log. */
  vanish(): void {
    const append = this.pending.shift();
    if (!append) return;
    for (const entry of append.taken) this.ghosts.set(keyOf(entry), entry);
    this.#sim.tell(`${append.name} times out, and stays in the log unseen`);
    this.answer(append, TIMED_OUT);
  }

  surface(): void {
    const shown = [...this.ghosts.values()];
    this.ghosts.clear();
    this.#show(shown);
    this.#sim.tell(`a failover shows ${shown.map((e) => `${e.partition}@${e.offset}`).join(' ')}`);
    this.onVisible(shown);
  }

  /** Every append that is due has landed. */
  landDue(upTo: number): void {
    while (this.pending[0] && this.pending[0].deadline <= upTo) this.land();
  }

  answer(request: CommitRequest, code: number | null): void {
    const origin = request.source ?? request;
    const { client, name } = request;
    this.#sim.step(
      `${client.process.name} learns that ${name} ${code === null ? 'is in' : `failed (${code})`}`,
      client.process,
      () => {
        if (origin.awaited) client.answered(origin, code);
      },
      origin,
    );
  }

  offsetOf(partition: number): number {
    return this.visible.get(keyOf({ topic: TOPIC, partition }))?.offset ?? 0;
  }

  /** Whether an intent stands there. */
  intentAt(partition: number): boolean {
    return /;i=/.test(this.visible.get(keyOf({ topic: TOPIC, partition }))?.metadata ?? '');
  }

  /** Somebody has joined: the generation could begin without those who have not. */
  get canHurry(): boolean {
    return this.rebalancing && this.#joined.length > 0;
  }

  committed(list: readonly TopicPartition[]): (TopicPartition & Partial<Committed>)[] {
    return list.map(({ topic, partition }) => ({
      topic,
      partition,
      ...this.visible.get(keyOf({ topic, partition })),
    }));
  }

  // --- the group

  join(client: SimClient): void {
    client.memberId ??= `m${++this.#ids}`;
    if (this.members.includes(client) && client.memberId !== client.knownAs) this.#remove(client);
    if (!this.#joined.includes(client)) this.#joined.push(client);
    client.knownAs = client.memberId;
    this.rebalance();
  }

  leave(client: SimClient): void {
    this.#joined = this.#joined.filter((other) => other !== client);
    if (!this.members.includes(client)) return;
    this.#remove(client);
    if (this.members.length + this.#joined.length > 0) this.rebalance();
  }

  /** The session is over: the coordinator has not heard of it for too long. */
  expel(client: SimClient): void {
    if (!this.members.includes(client) && !this.#joined.includes(client)) return;
    this.#joined = this.#joined.filter((other) => other !== client);
    this.#sim.tell(`the group forgets ${client.process.name}`);
    this.#remove(client);
    client.knownAs = null;
    client.hears('unknown');
    this.rebalance();
  }

  /** Its process is gone or stands still. */
  silent(client: SimClient): void {
    this.#sim.timer(null, SESSION_MS, () => {
      if (!client.process.alive || client.process.paused) this.expel(client);
    });
  }

  rebalance(): void {
    if (this.rebalancing) this.#tryComplete();
    if (this.rebalancing || this.members.length + this.#joined.length === 0) return;
    this.rebalancing = true;
    this.#sim.tell('the group rebalances');
    for (const client of this.members) if (!this.#joined.includes(client)) client.hears('rebalance');
    this.#deadline = this.#sim.timer(null, REBALANCE_MS, () => this.complete());
    this.#tryComplete();
  }

  #tryComplete(): void {
    const whole = this.members.every((client) => this.#joined.includes(client));
    if (!this.rebalancing || !whole || this.#joined.length === 0) return;
    const generation = this.generation;
    this.#sim.step('the rebalance ends', null, () => {
      const still = this.members.every((client) => this.#joined.includes(client));
      if (generation === this.generation && this.rebalancing && still && this.#joined.length > 0)
        this.complete();
    });
  }

  /** Whoever has not joined is out of the group and does not know it. */
  complete(): void {
    if (this.#deadline) this.#sim.cancel(this.#deadline);
    this.rebalancing = false;
    for (const client of this.members.filter((c) => !this.#joined.includes(c))) {
      this.#sim.tell(`${client.process.name} did not join in time`);
      client.knownAs = null;
      client.hears('unknown');
    }
    this.members = this.#joined;
    this.#joined = [];
    if (this.members.length === 0) return;
    this.generation += 1;
    const owners = this.topicPartitions.map((_, i) => this.members[this.#owner(i)]!);
    for (const client of this.members) {
      const own = this.topicPartitions.filter((_, i) => owners[i] === client);
      client.joined(this.generation, own);
    }
    const dealt = this.members.map((c) => `${c.process.name}: ${this.#ownedText(owners, c)}`).join(', ');
    this.#sim.tell(`generation ${this.generation} (${dealt})`);
  }

  #ownedText(owners: readonly SimClient[], client: SimClient): string {
    return owners.flatMap((owner, i) => (owner === client ? [i] : [])).join('+') || 'nothing';
  }

  #owner(number: number): number {
    const told = this.deal.length === 0 ? number : this.deal[(number + this.generation) % this.deal.length]!;
    return (told + this.generation) % this.members.length;
  }

  #remove(client: SimClient): void {
    this.members = this.members.filter((other) => other !== client);
  }

  #refusal({ client, memberId, generation }: CommitRequest): number | null {
    if (memberId === null || !this.members.includes(client) || client.knownAs !== memberId)
      return UNKNOWN_MEMBER;
    return generation === this.generation ? null : ILLEGAL_GENERATION;
  }

  #show(entries: readonly (TopicPartition & Committed)[]): void {
    for (const { offset, metadata, ...tp } of entries) this.visible.set(keyOf(tp), { offset, metadata });
  }
}
