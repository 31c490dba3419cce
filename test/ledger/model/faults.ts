import type { CommitKind, CommitRequest } from './cluster.ts';
import type { Member } from './member.ts';
import type { Step } from './simulation.ts';
import type { SimSession } from './tunnel.ts';
import type { World } from './world.ts';

/** A fault: what it can strike now, and what it does. */
interface FaultKind<T> {
  targets(world: World): readonly T[];
  strike(world: World, target: T, pick: number): void;
}

const kind = <T>(targets: FaultKind<T>['targets'], strike: FaultKind<T>['strike']): FaultKind<unknown> =>
  ({ targets, strike }) as FaultKind<unknown>;

const running = (world: World): Member[] => world.alive.filter((member) => !member.paused);
const grouped = (world: World): Member[] =>
  world.alive.filter((member) => world.cluster.members.includes(member.client));
const requests = (world: World): Step[] =>
  world.sim.waiting.filter((step) => !step.held && step.at === null && isRequest(step.about));
const answers = (world: World): Step[] =>
  world.sim.waiting.filter((step) => !step.held && step.at !== null && isRequest(step.about));
const commitsOf = (world: World): Step[] => world.find((about) => has(about, 'commitOf'));
const isRequest = (about: unknown): about is CommitRequest => has(about, 'entries');
const has = (about: unknown, key: string): boolean =>
  typeof about === 'object' && about !== null && key in about;
const sessionsIn = (state: string) => (world: World) =>
  world.tunnel.list.filter((s) => s.state === state && !s.forgotten && s.blocks.size > 0);
const news = (world: World): Step[] => world.find((about) => about === 'news');
const reads = (world: World): Step[] => world.find((about) => about === 'read' || about === 'ask');
const pendingOne = (world: World): readonly unknown[] => world.cluster.pending.slice(0, 1);

/** In the network for a while; the other side may have given up when it arrives. */
function hold(world: World, step: Step, ms: number): void {
  step.held = true;
  if (isRequest(step.about)) step.about.late = true;
  world.sim.tell(`held back: ${step.label}`);
  world.sim.timer(null, ms, () => {
    step.held = false;
  });
}

const drop = (world: World, step: Step): void => {
  world.sim.tell(`lost: ${step.label}`);
  world.sim.drop(step);
};

/** `retry.backoff.ms`. */
const RESEND_MS = 1_000;
/** As long as an append may take, at most. */
const STALL_MS = 4_900;
const LONG_MS = [4_000, 12_000, 20_000, 40_000, 70_000];
const long = (pick: number): number => LONG_MS[pick % LONG_MS.length]!;

function age(world: World, session: SimSession): void {
  if (session.state === 'open') world.tunnel.expire(session);
  else world.tunnel.forget(session);
}

/** As the variables of the protocol's model, and some more. */
export const FAULTS = {
  crash: kind(
    (world) => world.alive,
    (world, member) => world.crash(member),
  ),
  pause: kind(running, (world, member, pick) => {
    world.pause(member);
    world.sim.timer(null, long(pick), () => world.wake(member));
  }),
  expel: kind(grouped, (world, member) => world.cluster.expel(member.client)),
  rebalance: kind(
    (world) => (world.cluster.rebalancing ? [] : [world.cluster]),
    (world) => world.cluster.rebalance(),
  ),
  hurry: kind(
    (world) => (world.cluster.canHurry ? [world.cluster] : []),
    (_world, cluster) => cluster.complete(),
  ),
  leave: kind(running, (world, member) => {
    world.sim.tell(`${member.name} is asked to stop`);
    member.stop();
  }),
  loseRequest: kind(requests, drop),
  holdRequest: kind(requests, (world, step, pick) => hold(world, step, long(pick))),
  // a lost connection: the client sends the request again by itself, and its first copy is still on its way
  resend: kind(requests, (world, step, pick) => {
    const request = step.about as CommitRequest;
    hold(world, step, long(pick));
    world.sim.timer(null, RESEND_MS, () => {
      request.client.counted += 1;
      request.client.sendAgain(request);
    });
  }),
  refuse: kind(requests, (world, step) => {
    world.sim.drop(step);
    world.cluster.turnAway(step.about as CommitRequest);
  }),
  partly: kind(
    (world) => requests(world).filter((step) => (step.about as CommitRequest).entries.length > 1),
    (world, step, pick) => {
      const request = step.about as CommitRequest;
      world.sim.drop(step);
      world.cluster.arrive(request, request.entries[pick % request.entries.length]!.partition);
    },
  ),
  loseAnswer: kind(answers, drop),
  holdAnswer: kind(answers, (world, step, pick) => hold(world, step, long(pick))),
  fail: kind(pendingOne, (world) => world.cluster.fail()),
  vanish: kind(pendingOne, (world) => world.cluster.vanish()),
  stall: kind(
    (world) => world.find((about) => about === 'land'),
    (world, step) => hold(world, step, STALL_MS),
  ),
  surface: kind(
    (world) => (world.cluster.ghosts.size > 0 ? [world.cluster] : []),
    (_world, cluster) => cluster.surface(),
  ),
  deafen: kind(news, (world, step, pick) => hold(world, step, long(pick))),
  holdRead: kind(reads, (world, step, pick) => hold(world, step, long(pick))),
  loseCommit: kind(commitsOf, drop),
  holdCommit: kind(commitsOf, (world, step, pick) => hold(world, step, long(pick))),
  loseCommitAnswer: kind((world) => world.find((about) => has(about, 'answerTo')), drop),
  slowCommit: kind(commitsOf, (world, step, pick) => {
    const { commitOf } = step.about as { commitOf: string };
    world.tunnel.sessions.get(commitOf)!.slowMs = long(pick);
    world.sim.run(step);
  }),
  expire: kind(sessionsIn('open'), age),
  expireAll: kind(sessionsIn('open'), (world) => {
    for (const session of sessionsIn('open')(world)) age(world, session);
  }),
  critical: kind(sessionsIn('open'), (world, session) => {
    world.tunnel.break(session);
  }),
  forget: kind((world) => [...sessionsIn('committed')(world), ...sessionsIn('dead')(world)], age),
} as const;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

const sent =
  (...kinds: CommitKind[]) =>
  (world: World): boolean =>
    requests(world).some(({ about }) => kinds.every((one) => (about as CommitRequest).kinds.includes(one)));
const appended =
  (one: CommitKind) =>
  (world: World): boolean =>
    world.cluster.pending.some(({ kinds }) => kinds.includes(one));
const answered =
  (one: CommitKind) =>
  (world: World): boolean =>
    answers(world).some(({ about }) => (about as CommitRequest).kinds.includes(one));

/** What a fault may wait for. */
export const MOMENTS = {
  now: () => true,
  'intent sent': sent('intent'),
  'intent appended': appended('intent'),
  'intent answered': answered('intent'),
  'advance sent': sent('advance'),
  'advance with intent sent': sent('advance', 'intent'),
  'start sent': sent('start'),
  'advance appended': appended('advance'),
  'advance with intent appended': (world: World) =>
    world.cluster.pending.some(({ kinds }) => kinds.includes('advance') && kinds.includes('intent')),
  'advance answered': answered('advance'),
  'confirm sent': sent('confirm'),
  'confirm appended': appended('confirm'),
  'session commit sent': (world: World) => commitsOf(world).length > 0,
  'half committed': (world: World) =>
    sessionsIn('committed')(world).length > 0 && commitsOf(world).length > 0,
  'a late commit appended': (world: World) => world.cluster.pending.some(({ late }) => late),
  'offsets asked for': (world: World) => reads(world).length > 0,
  'a ghost is there': (world: World) => world.cluster.ghosts.size > 0,
} as const;

export type Moment = keyof typeof MOMENTS;
