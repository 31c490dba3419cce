import { SinkError } from '../../../src/errors.ts';
import type { LedgerEntry, Pointer } from '../../../src/ledger/intent.ts';
import type { LedgerStore } from '../../../src/ledger/ports.ts';
import {
  topicPartitionKey as keyOf,
  type OffsetCommit,
  type Position,
  type Source,
} from '../../../src/source/source.ts';
import { ILLEGAL_GENERATION, TOPIC, UNKNOWN_MEMBER } from './cluster.ts';
import type { Member } from './member.ts';
import { intentIn, type World } from './world.ts';
import { AS_THEY_ARE, type Wrap } from './wrap.ts';

/**
 * Departures from the protocol (ledger/README.md of the design, section 4), each put around the ports of the
 * shipped parts. Every one loses or doubles rows in some history.
 */
export type Mutant = (world: () => World) => Partial<Wrap>;

/** An answer that leaves open whether the commit is in. */
const isOpen = (code: number): boolean =>
  code !== ILLEGAL_GENERATION && code !== UNKNOWN_MEMBER && code !== 3;
const hasIntent = (commits: readonly OffsetCommit[]): boolean =>
  commits.some(({ intent }) => intent !== null);
const visibleIntent = (world: World, tp: { partition: number }): Pointer | null =>
  intentIn(world.cluster.visible.get(keyOf({ topic: TOPIC, partition: tp.partition }))?.metadata ?? '');

/** What is read is changed on its way. */
const reading =
  (change: (entries: LedgerEntry[], member: Member, world: World) => LedgerEntry[]): Mutant =>
  (world) => ({
    store: (store, member): LedgerStore => ({
      ...store,
      read: async (list) => change(await store.read(list), member, world()),
    }),
    found: (entries, member) => change(entries, member, world()).slice(0, entries.length),
  });

const confirmed = (entry: LedgerEntry): LedgerEntry => ({
  ...entry,
  pointer: entry.pointer && { ...entry.pointer, confirmed: true },
});

/** Anchors by batch, from what is read. */
function anchors(entries: readonly LedgerEntry[], world: World): Map<string, Pointer> {
  const found = new Map<string, Pointer>();
  for (const { pointer } of entries) if (pointer) found.set(pointer.batch, pointer);
  for (const [batch, pointer] of found) {
    const list = world.batches.get(batch)?.list ?? null;
    found.set(batch, { ...pointer, list });
  }
  return found;
}

/** The shipped membership is told that all is well; only who asked learns that it was not. */
function doubted(
  world: () => World,
  then: (
    source: Source,
    commits: readonly OffsetCommit[],
    member: Member,
    positions: readonly Position[],
  ) => Promise<void>,
  rejoin: (source: Source, positions: readonly Position[], reason: string, member: Member) => void,
): Partial<Wrap> {
  const open = new Map<Member, boolean>();
  const at = new Map<Member, Map<string, Position>>();
  return {
    send: (send, member) => (list) => {
      send(list);
      const request = member.client.last;
      world().sim.timer(member, GIVE_UP_MS, () => {
        if (request?.awaited) member.client.answered(request, TIMED_OUT);
      });
    },
    answer: (fault, member) => {
      if (fault === null || !isOpen(fault.code)) return fault;
      open.set(member, true);
      return null;
    },
    listener: (listener, member) => ({
      ...bound(listener),
      onAssigned: (assignment, positions, again) => {
        at.set(member, new Map(positions.map((p) => [keyOf(p), p])));
        listener.onAssigned(assignment, positions, again);
      },
    }),
    source: (source, member) => ({
      ...bound(source),
      commit: async (assignment, commits) => {
        open.set(member, false);
        await source.commit(assignment, commits);
        if (open.get(member)) await then(source, commits, member, [...(at.get(member)?.values() ?? [])]);
        for (const { topic, partition, offset } of commits)
          at.get(member)?.set(keyOf({ topic, partition }), { topic, partition, offset });
      },
      rejoin: (reason) => rejoin(source, [...(at.get(member)?.values() ?? [])], reason, member),
    }),
  };
}

/** Before the shipped committer gives up. */
const GIVE_UP_MS = 6_000;
const TIMED_OUT = -185;

const refused = () => new SinkError('kafka_commit_refused', 'nobody knows');
const throws = async (): Promise<void> => {
  throw refused();
};

/** Methods of a class, to be spread. */
function bound<T extends object>(of: T): T {
  const names = new Set<string>();
  for (let o: object | null = of; o && o !== Object.prototype; o = Object.getPrototypeOf(o))
    for (const name of Object.getOwnPropertyNames(o)) names.add(name);
  const methods = [...names].flatMap((name) => {
    const value = (of as Record<string, unknown>)[name];
    return typeof value === 'function' && name !== 'constructor' ? [[name, value.bind(of)] as const] : [];
  });
  return Object.fromEntries(methods) as unknown as T;
}

export const MUTANTS = {
  /** Sessions are committed while the intent is on its way. */
  noZ1: () => ({
    source: (source) => ({
      ...bound(source),
      commit: async (assignment, commits) => {
        const sent = source.commit(assignment, commits);
        if (hasIntent(commits)) sent.catch(() => undefined);
        else await sent;
      },
    }),
  }),

  /** The first reading counts. */
  noZ2: () => ({ settleMs: 0 }),

  /** What was sealed before a revoke is sent in the next generation. */
  noZ3: () => {
    const now = new Map<Member, number>();
    const waiting: (() => void)[] = [];
    return {
      listener: (listener, member) => ({
        ...bound(listener),
        onAssigned: (assignment, positions, again) => {
          now.set(member, assignment);
          listener.onAssigned(assignment, positions, again);
          for (const go of waiting.splice(0)) go();
        },
        onRevoked: async () => void now.delete(member),
        onLost: () => void now.delete(member),
      }),
      source: (source, member) => ({
        ...bound(source),
        commit: async (_assignment, commits) => {
          while (!now.has(member)) await new Promise<void>((resolve) => waiting.push(resolve));
          await source.commit(now.get(member)!, commits);
        },
      }),
    };
  },

  /** No answer, or an open one, is taken for success. */
  blindAck: () => ({ answer: (fault) => (fault && isOpen(fault.code) ? null : fault) }),

  /** The offset moves while sessions are NORMAL. */
  advanceEarly: () => ({
    tunnel: (tunnel) => ({
      create: async (tablePartition, signal) => {
        const session = await tunnel.create(tablePartition, signal);
        const commit: typeof session.commit = async (blocks, aborted) => {
          session.commit(blocks, aborted).catch(() => undefined);
        };
        return { ...session, commit };
      },
    }),
  }),

  /** An intent is rolled forward whether the other members carry it or not. */
  noMemberCheck: reading((entries, member, world) => {
    const own = new Set(member.assigned.map(keyOf));
    const found = anchors(entries, world);
    const known = new Map(entries.map((entry) => [keyOf(entry), confirmed(entry)]));
    for (const [batch, pointer] of found) {
      for (const { topic, partition } of pointer.list?.members ?? []) {
        const key = keyOf({ topic, partition });
        const entry = known.get(key);
        if (entry?.pointer?.batch === batch || own.has(key)) continue;
        const end = world.batches.get(batch)!.ends.get(partition)!;
        const list = key === keyOf(pointer.anchor) ? pointer.list : null;
        known.set(key, {
          topic,
          partition,
          offset: entry?.offset ?? 0,
          pointer: { ...pointer, end, list, confirmed: true },
        });
      }
    }
    return [...known.values()];
  }),

  /** A batch that a member has passed counts as done, whatever its sessions say. */
  pastE: (world) => ({
    sessions: (sessions) => ({
      ...sessions,
      state: async (to, session, signal) => {
        const state = await sessions.state(to, session, signal);
        const batch = [...world().batches].find(([, { list }]) =>
          list?.sessions.some(({ id }) => id === session.id),
        );
        if (!batch) return state;
        const [id, { ends }] = batch;
        const left = [...ends].filter(([partition]) => visibleIntent(world(), { partition })?.batch !== id);
        if (left.length === 0) return state;
        return left.some(([partition, end]) => world().cluster.offsetOf(partition) >= end)
          ? 'committed'
          : 'open';
      },
    }),
  }),

  /** An intent that is seen at once is settled at once. */
  earlyAdvance: (world) => ({
    clock: (clock, member) => ({
      now: () => clock.now(),
      sleep: (ms, signal) => {
        const early =
          ms === AS_THEY_ARE.settleMs && member.assigned.some((tp) => visibleIntent(world(), tp) !== null);
        return clock.sleep(early ? 0 : ms, signal);
      },
    }),
  }),

  /** After an intent in doubt the rows make another batch in the same generation. */
  rebatch: (world) => doubted(world, throws, (source, positions) => source.rewind(positions)),

  /** The same, when a reading shows no intent. */
  reread: (world) =>
    doubted(world, throws, (source, positions, reason) => {
      if (positions.some((tp) => visibleIntent(world(), tp) !== null)) source.rejoin(reason);
      else source.rewind(positions);
    }),

  /** A recoverer does not say in Kafka that it honours the intent on its own topic partitions. */
  confirmForeign: reading((entries, member) => {
    const own = new Set(member.assigned.map(keyOf));
    return entries.map((entry) => (own.has(keyOf(entry)) ? confirmed(entry) : entry));
  }),

  /** An intent in doubt counts as acknowledged once it is read. */
  rereadAck: (world) =>
    doubted(
      world,
      async (_source, commits, member) => {
        const clock = world().sim.clock(member);
        for (let look = 0; look < 200; look++) {
          const seen = commits.every(
            ({ partition, intent }) =>
              world()
                .cluster.visible.get(keyOf({ topic: TOPIC, partition }))
                ?.metadata.includes(`;i=${intent};`) ?? false,
          );
          if (seen && hasIntent(commits)) return;
          await clock.sleep(500);
        }
        throw refused();
      },
      (source, _positions, reason) => source.rejoin(reason),
    ),

  /** Nobody confirms anything. */
  noConfirm: reading((entries) => entries.map(confirmed)),

  /** A commit without an answer is sent again in the same generation. */
  resendAfterTimeout: (world) => ({
    send: (send, member) => (list) => {
      send(list);
      const request = member.client.last;
      world().sim.timer(member, GIVE_UP_MS, () => request && member.client.sendAgain(request));
    },
  }),
} as const satisfies Record<string, Mutant>;

export type MutantName = keyof typeof MUTANTS;
