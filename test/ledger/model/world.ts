import type { SinkError } from '../../../src/errors.ts';
import type { IntentList, Pointer } from '../../../src/ledger/intent.ts';
import { decodePointer } from '../../../src/ledger/pointer.ts';
import type { Provenance } from '../../../src/ledger/ports.ts';
import type { Log } from '../../../src/log.ts';
import { topicPartitionKey as keyOf } from '../../../src/source/source.ts';
import { Checker } from './checker.ts';
import { type CommitKind, type CommitRequest, SimCluster } from './cluster.ts';
import { SimLetters } from './letters.ts';
import { Member, quietLog } from './member.ts';
import { NOW_AND_THEN, REJECTED } from './records.ts';
import { type Process, quiet, Simulation, type Step } from './simulation.ts';
import { type Row, SimTunnel } from './tunnel.ts';
import { AS_THEY_ARE, type Wrap } from './wrap.ts';

/** What a history plays with. */
export interface Shape {
  readonly members: number;
  readonly topicPartitions: number;
  readonly tablePartitions: number;
  /** Of each topic partition. */
  readonly records: number;
  readonly recordsPerChunk: number;
  readonly rowsPerBatch: number;
  /** What each record is, in turn: a table partition, or rejected. */
  readonly kinds: readonly number[];
  /** Whom topic partitions go to at a rebalance. */
  readonly deal: readonly number[];
  readonly provenance: boolean;
  /** Dead letters have a table of their own, as rows that are committed with the others. */
  readonly lettersInTable?: boolean;
}

/** A commit of offsets or of a session, in the network. */
const isMessage = (about: unknown): boolean =>
  typeof about === 'object' && about !== null && ('entries' in about || 'commitOf' in about);

/** What a commit's metadata says of a batch; null: nothing. */
export function intentIn(metadata: string): Pointer | null {
  const text = /;i=([^;]*);/.exec(metadata)?.[1];
  return text === undefined ? null : decodePointer(text);
}

const RESTART_MS = 4_000;
const NAMES = ['A', 'B', 'C', 'D'];

/** Kafka, the table, the dead letters and the processes of one history. */
export class World {
  readonly sim = new Simulation();
  readonly cluster: SimCluster;
  readonly tunnel: SimTunnel;
  readonly letters: SimLetters;
  readonly checker: Checker;
  readonly shape: Shape;
  readonly wrap: Wrap;
  readonly exactlyOnce: boolean;
  readonly members: Member[] = [];
  /** How often each record was looked at whose fate changes. */
  readonly looks = new Map<string, number>();
  /** Processes that are down and come back. */
  restarts = 0;
  /** A process waits for the operator. */
  stopped: SinkError | null = null;
  /** Batch -> its ends by topic partition, and its list. */
  readonly batches = new Map<
    string,
    { readonly ends: Map<number, number>; readonly list: IntentList | null }
  >();
  readonly counts = new Map<string, number>();
  readonly #nicks = new Map<string, string>();
  #starts = 0;
  #commits = 0;

  constructor(shape: Shape, exactlyOnce: boolean, wrap: Partial<Wrap> = {}) {
    this.shape = shape;
    this.exactlyOnce = exactlyOnce;
    this.wrap = { ...AS_THEY_ARE, ...wrap };
    this.cluster = new SimCluster(this.sim, shape.topicPartitions, shape.records);
    this.cluster.deal = [...shape.deal];
    this.tunnel = new SimTunnel(this.sim);
    this.letters = new SimLetters(this.sim);
    this.checker = new Checker(this.letters);
    this.tunnel.onCommitted = (session) => this.checker.committed(session);
    this.cluster.onVisible = (list) => {
      for (const tp of list) this.checker.visible(tp.partition, this.cluster.offsetOf(tp.partition));
    };
    for (let i = 0; i < shape.members; i++) this.spawn(i);
    this.#hourly();
  }

  spawn(slot: number): void {
    this.#starts += 1;
    const name = `${NAMES[slot]}${this.#starts}`;
    this.sim.tell(`${name} starts`);
    this.members[slot] = new Member(this, name);
  }

  get alive(): Member[] {
    return this.members.filter((member) => member.alive);
  }

  crash(member: Member): void {
    this.sim.tell(`${member.name} is killed`);
    this.#end(member);
    this.letters.crashed(member);
    this.cluster.silent(member.client);
    this.#restart(member);
  }

  pause(member: Member): void {
    this.sim.tell(`${member.name} is paused`);
    member.paused = true;
    this.cluster.silent(member.client);
  }

  wake(member: Member): void {
    if (!member.alive || !member.paused) return;
    this.sim.tell(`${member.name} wakes`);
    member.paused = false;
    member.woken();
  }

  /** A process ended by itself. */
  ended(member: Member, why: SinkError | null): void {
    this.sim.tell(`${member.name} ends: ${why === null ? 'in order' : `${why.code}: ${why.message}`}`);
    this.#end(member);
    if (why?.code === 'decision_needed') {
      this.stopped = why;
      if (!this.unclear)
        this.checker.violations.push(`Arrives: a decision is asked for without need: ${why.message}`);
    } else if (why !== null && why.code !== 'shutdown_deadline')
      this.checker.violations.push(
        `Arrives: ${member.name} ended with ${why.code}: ${why.message} ${why.stack}`,
      );
    this.#restart(member);
  }

  /** What became of an intended batch cannot be told by its sessions: a stop may be the only answer. */
  get unclear(): boolean {
    return [...this.batches.values()].some(({ list }) => {
      const states = new Set(list?.sessions.map(({ id }) => this.tunnel.stateOf(id)));
      return states.has('gone') || states.has('unknown') || (states.has('committed') && states.has('dead'));
    });
  }

  #hourly(): void {
    this.sim.timer(null, 3_600_000, () => {
      this.settleLetters();
      this.#hourly();
    });
  }

  /** As after every assignment, and once an hour. */
  settleLetters(): void {
    const committed = this.cluster.topicPartitions.map((tp) => {
      const { offset, metadata } = this.cluster.visible.get(keyOf(tp)) ?? { offset: 0, metadata: '' };
      return [keyOf(tp), { ...tp, offset, batch: intentIn(metadata)?.batch ?? null }] as const;
    });
    this.letters.settleLeft(new Map(committed));
  }

  #end(member: Member): void {
    member.alive = false;
    this.sim.forget(member);
    member.end();
  }

  #restart(member: Member): void {
    const slot = this.members.indexOf(member);
    this.restarts += 1;
    this.sim.timer(null, RESTART_MS, () => {
      this.restarts -= 1;
      this.spawn(slot);
    });
  }

  /** Everything that was read is where it belongs. */
  get arrived(): boolean {
    const { cluster, shape } = this;
    return (
      cluster.pending.length === 0 &&
      !this.sim.waiting.some(({ about, at }) => at === null && isMessage(about)) &&
      cluster.topicPartitions.every(({ partition }) => {
        if (cluster.offsetOf(partition) !== shape.records || cluster.intentAt(partition)) return false;
        return this.checker.missing(partition, shape.records).length === 0;
      })
    );
  }

  valueOf(number: number, offset: number): string {
    const { kinds, tablePartitions } = this.shape;
    const kind = kinds.length === 0 ? offset + number : kinds[(number * 7 + offset) % kinds.length]!;
    if (kind === 8) return REJECTED;
    if (kind === 9) return NOW_AND_THEN;
    return `dt=${kind % tablePartitions}`;
  }

  /** One natural step: `choice` picks among all that can happen, the oldest first; the last one is that time passes. */
  async step(choice: number): Promise<void> {
    const ready = this.sim.ready();
    const which = ready.length === 0 ? 0 : choice % (ready.length + 1);
    const step = ready[which];
    if (step) this.sim.run(step);
    else this.pass();
    await quiet();
  }

  pass(): void {
    const { due } = this.sim;
    if (due === null) return;
    this.cluster.landDue(due);
    this.sim.pass();
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** Ends all processes: what they hold of shared places is free for the next history. */
  async close(): Promise<void> {
    for (const member of this.alive) this.#end(member);
    await quiet();
  }

  tell(process: Process, text: string): void {
    if (process.alive) this.sim.tell(`${process.name}: ${text}`);
  }

  nick(id: string): string {
    const known = this.#nicks.get(id) ?? `b${this.#nicks.size + 1}`;
    this.#nicks.set(id, known);
    return known;
  }

  describe(entries: CommitRequest['entries']): Pick<CommitRequest, 'name' | 'kinds'> {
    const read = entries.map((entry) => ({ ...entry, pointer: intentIn(entry.metadata) }));
    const kinds = new Set<CommitKind>();
    for (const { partition, offset, pointer } of read) {
      if (pointer !== null) kinds.add(pointer.confirmed ? 'confirm' : 'intent');
      if (offset > this.cluster.offsetOf(partition)) kinds.add('advance');
      if (pointer !== null) this.learn(pointer, partition);
    }
    if (kinds.size === 0) kinds.add('start');
    const texts = read.map(
      ({ partition, offset, pointer }) => `${partition}@${offset}${this.intentText(pointer)}`,
    );
    return { name: `commit ${++this.#commits} (${texts.join(' ')})`, kinds: [...kinds] };
  }

  /** What an intent says, kept for whoever knows more than a process can. */
  learn(pointer: Pointer, partition: number): void {
    const known = this.batches.get(pointer.batch) ?? { ends: new Map<number, number>(), list: null };
    known.ends.set(partition, pointer.end);
    this.batches.set(pointer.batch, { ...known, list: pointer.list ?? known.list });
  }

  intentText(pointer: Pointer | null): string {
    if (pointer === null) return '';
    return ` ${this.nick(pointer.batch)} to ${pointer.end}${pointer.confirmed ? ' confirmed' : ''}`;
  }

  /** Rows counted by provenance columns, where the shape has them. */
  provenance(member: Member): Provenance | null {
    if (!this.shape.provenance) return null;
    return {
      count: (_to, { tablePartition }, { ranges }, signal) =>
        this.tunnel.ask(member, `count rows in ${tablePartition}`, signal, () =>
          this.tunnel.list
            .filter((session) => session.tablePartition === tablePartition)
            .reduce((rows, session) => {
              const within = ({ partition, offset }: Row) =>
                ranges.some((r) => r.partition === partition && r.first <= offset && offset < r.end);
              return rows + this.checker.count(session, within);
            }, 0),
        ),
    };
  }

  log(process: Process): Log {
    const tell = (fields: object, message: string) => {
      const { error } = fields as { error?: unknown };
      const why = error instanceof Error ? ` (${error.message})` : '';
      this.tell(process, `log: ${message}${why}`);
    };
    return { ...quietLog, info: tell, warn: tell, error: tell, child: () => this.log(process) };
  }

  /** Steps that carry something for which `is` holds. */
  find(is: (about: unknown) => boolean): Step[] {
    return this.sim.waiting.filter((step) => !step.held && is(step.about));
  }
}
