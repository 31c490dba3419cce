import { createBudget } from '../../../src/budget.ts';
import type { SinkError } from '../../../src/errors.ts';
import { recover } from '../../../src/ledger/recovery.ts';
import { ledgerEntry, ledgerStore } from '../../../src/ledger/store.ts';
import type { Log } from '../../../src/log.ts';
import { Coordinator } from '../../../src/sink/coordinator.ts';
import { type LetterTable, openLetterTable } from '../../../src/sink/letter-table.ts';
import { ASSIGN } from '../../../src/source/client/client.ts';
import { faultAction } from '../../../src/source/client/faults.ts';
import { type Committer, createCommitter } from '../../../src/source/membership/committer.ts';
import { Membership } from '../../../src/source/membership/membership.ts';
import type { Owned } from '../../../src/source/membership/owned.ts';
import type { Recover, Source, TopicPartition } from '../../../src/source/source.ts';
import { createTopicIds } from '../../../src/source/topics/topic-ids.ts';
import { SimClient } from './client.ts';
import { TOPIC, TOPIC_ID } from './cluster.ts';
import { chunkOf, encoderOf, pieceOf } from './records.ts';
import type { Process } from './simulation.ts';
import type { World } from './world.ts';

/** An unsealed batch is sealed after this time. */
const FLUSH_MS = 20_000;
const REVOKE_MS = 3_000;
const STOP_MS = 10_000;
const LOOP_MS = 5_000;

const KAFKA = { groupId: 'g', topics: [TOPIC], topicPattern: null, security: { username: null } } as never;
const IDENTITY = {
  to: { project: 'p', schema: null, table: 't' },
  cluster: null,
  mapping: '0123456789abcdef',
};

const LETTERS = 'letters';

/** A process: the shipped membership, ledger and coordinator, put together as the service does, with a small poll loop. */
export class Member implements Process {
  readonly name: string;
  alive = true;
  paused = false;
  /** Of the last assign callback. */
  assigned: readonly TopicPartition[] = [];
  readonly client: SimClient;
  readonly coordinator: Coordinator;
  /** Why it ended; undefined: it runs. */
  ended: SinkError | null | undefined;
  readonly #world: World;
  readonly #letterTable: LetterTable;
  readonly #membership: Membership;
  readonly #committer: Committer;
  #actions: (() => void)[] = [];
  #owned: readonly Owned[] = [];
  #assignment = 0;
  #reading = true;
  #turnPlanned = false;
  #leaving = false;

  constructor(world: World, name: string) {
    this.#world = world;
    this.name = name;
    this.#letterTable = this.#openLetterTable();
    const { sim, cluster, wrap } = world;
    const clock = wrap.clock(sim.clock(this), this);
    this.client = new SimClient({
      ...{ sim, cluster, process: this },
      describe: (entries) => world.describe(entries),
      valueOf: (tp, offset) => world.valueOf(tp.partition, offset),
      events: {
        onRebalance: (code, list) => {
          if (code === ASSIGN) this.assigned = list;
          this.#membership.onRebalance(code, list);
        },
        onOffsetCommit: (fault, positions) => this.#committer.answered(wrap.answer(fault, this), positions),
      },
    });
    const log = world.log(this);
    this.#committer = createCommitter(
      wrap.send((list) => this.client.commit(list), this),
      clock,
      () => undefined,
      () => sim.now,
    );
    this.#membership = new Membership({
      ...{
        consumer: this.client.consumer,
        committer: this.#committer,
        groupId: 'g',
        pipeline: 'p',
        table: 'p.t',
      },
      ...{ startAt: 'earliest', exactlyOnce: world.exactlyOnce, settleMs: wrap.settleMs, clock, log },
      recover: this.#recover(),
      topicIds: createTopicIds(
        async (topics) => topics.map((topic) => ({ topic, id: TOPIC_ID })),
        () => undefined,
      ),
      faultAction: (error) => faultAction(error, KAFKA),
      listener: () => listener,
      schedule: (action) => this.#schedule(action),
      subscribe: () => this.client.subscribe([TOPIC]),
      onOwned: (assignment, owned) => {
        this.#assignment = assignment;
        this.#owned = owned;
      },
      onRevoking: () => {
        this.#reading = false;
      },
      onUnassigned: () => {
        this.#reading = !this.#leaving;
        if (this.#leaving) this.client.unsubscribe();
      },
    });
    this.#membership.knownTopics(Promise.resolve(new Map([[TOPIC, TOPIC_ID]])));
    this.coordinator = new Coordinator({
      source: wrap.source(this.#source(), this),
      encoder: encoderOf(world.looks),
      schemas: { schema: async () => null },
      deadLetters: world.shape.lettersInTable ? this.#letterTable : world.letters.ports(this).deadLetters,
      identity: world.exactlyOnce
        ? { ...IDENTITY, letters: world.shape.lettersInTable ? LETTERS : null }
        : null,
      upload: {
        tunnel: wrap.tunnel(world.tunnel.ports(this).tunnel, this),
        compression: 'none',
        onSession() {},
        onBlock() {},
        onCommit() {},
      },
      budget: createBudget(1 << 30),
      flush: {
        ...{ interval: FLUSH_MS, rows: world.shape.rowsPerBatch, bytes: 1e12, blockBytes: 1e9 },
        maxTablePartitions: 2,
      },
      revokeMs: REVOKE_MS,
      ...{ clock, log },
      events: {
        ...{ revoked() {}, sealed() {}, rejected() {}, acknowledged() {} },
        assigned: () => this.#world.settleLetters(),
        state: (batch) => world.tell(this, `batch ${world.nick(batch.id)} is ${batch.state}`),
        abandoned: (batch, reason) =>
          world.tell(this, `batch ${world.nick(batch.id)} is abandoned: ${reason}`),
      },
    });
    const listener = wrap.listener(this.coordinator, this);
    void this.coordinator.finished.then((why) => this.#finished(why));
    this.client.subscribe([TOPIC]);
    this.#tick();
  }

  /** The shipped one; a letter is a row of where its record came from. */
  #openLetterTable(): LetterTable {
    const { sim, tunnel, wrap } = this.#world;
    return openLetterTable({
      table: LETTERS,
      upload: {
        tunnel: wrap.tunnel(tunnel.ports(this).tunnel, this),
        ...{ compression: 'none', clock: wrap.clock(sim.clock(this), this) },
        ...{ onSession() {}, onBlock() {}, onCommit() {} },
      },
      encode: (_batch, letters) => [
        pieceOf(
          '',
          letters.flatMap(({ partition, offset }) => [partition, offset]),
        ),
      ],
    });
  }

  woken(): void {
    if (this.#turnPlanned || !this.alive) return;
    this.#turnPlanned = true;
    this.#world.sim.step(`${this.name}: turn`, this, () => this.#turn(), 'turn');
  }

  /** Nothing of it goes on: places that its uploads hold are shared by all processes of a test. */
  end(): void {
    for (const { upload } of this.coordinator.batches) upload.abandon();
    void this.#letterTable.stop();
  }

  /** SIGTERM. */
  stop(): void {
    void this.coordinator.stop(STOP_MS);
    this.woken();
  }

  /** The loop makes a turn from time to time whatever happens, and the client tells its statistics. */
  #tick(): void {
    this.#world.sim.timer(this, LOOP_MS, () => {
      this.#committer.counted(this.#world.sim.now, this.client.counted);
      this.woken();
      this.#tick();
    });
  }

  #schedule(action: () => void): void {
    this.#actions.push(action);
    this.woken();
  }

  #turn(): void {
    this.#turnPlanned = false;
    this.coordinator.onTurn();
    for (let next = this.#actions.shift(); next; next = this.#actions.shift()) next();
    if (!this.#reading) return;
    const messages = this.client.consume(this.#world.shape.recordsPerChunk);
    const wanted = messages.filter(({ topic, partition, offset }) => {
      const tp = this.#membership.find(topic, partition);
      if (!tp || offset < tp.position) return false;
      tp.position = offset + 1;
      return true;
    });
    if (wanted.length > 0) {
      const list = this.#owned.map(({ topic, partition }) => ({ topic, partition }));
      this.coordinator.onChunk(chunkOf(this.#assignment, list, wanted, this.#world.sim.now));
    }
    if (this.client.hasRecords) this.woken();
  }

  /** The shipped recovery, between the source and the service. */
  #recover(): Recover {
    const { sim, tunnel, letters, wrap } = this.#world;
    return (found, io) =>
      recover(wrap.found(found.map(ledgerEntry), this), {
        store: wrap.store(ledgerStore(io), this),
        sessions: wrap.sessions(tunnel.ports(this).sessions, this),
        letters: letters.ports(this).letters,
        provenance: this.#world.provenance(this),
        ...{ onUnknown: 'stop', mapping: IDENTITY.mapping, cluster: IDENTITY.cluster, signal: io.signal },
        ...{ clock: sim.clock(this), log: this.#world.log(this) },
        events: {
          recovered: ({ row, action }) => this.#world.count(`row ${row}, ${action}`),
          pending: (list) => {
            for (const { row, action } of list) this.#world.count(`row ${row}, ${action} waits`);
          },
        },
      });
  }

  #source(): Source {
    const membership = this.#membership;
    return {
      start: async () => undefined,
      recycle: () => undefined,
      commit: (assignment, commits) => membership.commit(assignment, commits),
      rewind: (positions) => membership.rewind(positions),
      rejoin: (reason) => membership.rejoin(reason),
      stopReading: () => {
        this.#leaving = true;
        this.#reading = false;
        membership.leave();
      },
      stop: async () => undefined,
      snapshot: () => ({
        member: true,
        refusal: null,
        openingSince: null,
        paused: false,
        lastTurnAt: 0,
        topicPartitions: [],
      }),
    };
  }

  /** As `runService`: whatever the reason, the group is left. */
  #finished(why: SinkError | null): void {
    if (!this.alive) return;
    this.ended = why;
    this.client.close();
    this.#world.ended(this, why);
  }
}

export const quietLog: Log = {
  ...{ trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  child: () => quietLog,
};
