import { addFault } from '../route/pipeline.ts';
import { sleep } from '../support/until.ts';
import type { Parts } from './parts.ts';

/** One thing that goes wrong. `inject` lets it happen, and returns when its cause is over. */
export interface Fault {
  readonly name: string;
  inject(parts: Parts): Promise<void>;
}

/** Never killed nor stopped, so that its memory is watched over the whole run. */
export const KEPT = 'kept';
export const OTHER = 'other';
const EXTRA = 'extra';

const OUTAGE_MS = 20_000;
/** Above the session time-out of 6 s: the group goes on without the member. */
const FROZEN_MS = 12_000;
const NETWORK_MS = 15_000;
const RESTART_MS = 3_000;

function frozen(name: string): Fault {
  return {
    name: `the ${name} member frozen ${FROZEN_MS / 1000} s`,
    async inject({ members }) {
      const member = members.running.get(name)!;
      member.kill('SIGSTOP');
      await sleep(FROZEN_MS);
      member.kill('SIGCONT');
    },
  };
}

/** Calls of MaxCompute meet this rule of the emulator for 20 s. */
function maxcompute(name: string, rule: object): Fault {
  return {
    name: `MaxCompute ${name}`,
    async inject(parts) {
      const fault = await addFault(parts.emulator(), rule);
      await sleep(OUTAGE_MS);
      await fault.remove();
    },
  };
}

const broker: readonly Fault[] = [
  {
    name: 'broker killed 10 s',
    async inject({ kafka }) {
      await kafka.kill(1);
      await sleep(10_000);
      await kafka.restart(1);
    },
  },
  {
    name: 'broker frozen 15 s',
    async inject({ kafka }) {
      await kafka.freeze(1);
      await sleep(NETWORK_MS);
      await kafka.thaw(1);
    },
  },
  {
    name: 'network to Kafka cut 15 s',
    async inject({ network }) {
      network.set({ refuse: true });
      network.cut();
      await sleep(NETWORK_MS);
      network.set({});
    },
  },
  {
    name: 'network to Kafka hangs 15 s',
    async inject({ network }) {
      network.set({ blackhole: true });
      await sleep(NETWORK_MS);
      network.set({});
    },
  },
];

const members: readonly Fault[] = [
  {
    name: 'the other member killed',
    async inject(parts) {
      await parts.members.kill(OTHER);
      await sleep(RESTART_MS);
      await parts.members.start(OTHER);
    },
  },
  {
    name: 'the other member stopped and started',
    async inject(parts) {
      await parts.members.stop(OTHER);
      await sleep(RESTART_MS);
      await parts.members.start(OTHER);
    },
  },
  {
    name: 'a member added and removed',
    async inject(parts) {
      await parts.members.start(EXTRA);
      await sleep(10_000);
      await parts.members.stop(EXTRA);
    },
  },
  frozen(KEPT),
  frozen(OTHER),
];

const emulator: readonly Fault[] = [
  {
    name: 'MaxCompute killed 10 s',
    async inject(parts) {
      await parts.killEmulator();
      await sleep(10_000);
      await parts.restartEmulator();
    },
  },
  maxcompute('answers 500', { action: 'status', status: 500 }),
  maxcompute('answers gateway pages', { action: 'status', status: 502 }),
  maxcompute('answers 429', { action: 'status', status: 429 }),
  maxcompute('hangs', { action: 'hang' }),
  maxcompute('is slow', { route: 'block', action: 'slow', bytesPerSecond: 4000 }),
  maxcompute('cuts blocks in the middle', { route: 'block', action: 'cut', when: 'body' }),
  maxcompute('loses the answers to commits', { route: 'commit', action: 'cut', when: 'after' }),
  maxcompute('loses a session before its commit', {
    route: 'session_status',
    action: 'session',
    state: 'expired',
    times: 1,
  }),
];

export const FAULTS: readonly Fault[] = [...members, ...broker, ...emulator];

/** All faults in an order of their own in each round; the same for the same seed. */
export function* inTurn(seed: number): Generator<Fault> {
  let state = seed * 2654435761 + 1013904223;
  const next = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  for (;;) {
    const left = [...FAULTS];
    while (left.length > 0) yield left.splice(next(left.length), 1)[0]!;
  }
}
