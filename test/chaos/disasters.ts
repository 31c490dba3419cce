import { addFault } from '../route/pipeline.ts';
import type { Faults } from '../support/faulty-proxy.ts';
import { groupCoordinator } from '../support/groups.ts';
import type { Disaster } from './strikes.ts';
import type { World } from './world.ts';

/** SIGKILL to the only broker, and a new start over its data. */
export const brokerKilled: Disaster = {
  name: 'broker killed',
  ms: 500,
  begin: ({ kafka }) => kafka!.kill(1),
  end: ({ kafka }) => kafka!.restart(1),
};

/** The broker that knows the group's offsets; two others are left. */
export function coordinatorKilled(): Disaster {
  let killed = 0;
  return {
    name: 'coordinator killed',
    ms: 8_000,
    async begin({ kafka, bootstrap, group }) {
      killed = await groupCoordinator(bootstrap, group);
      await kafka!.kill(killed);
    },
    end: ({ kafka }) => kafka!.restart(killed),
  };
}

export const maxComputeKilled: Disaster = {
  name: 'MaxCompute killed',
  ms: 500,
  begin: (world) => world.killEmulator(),
  end: (world) => world.restartEmulator(),
};

/** Connections hang, and go on where they were. */
export const maxComputeFrozen: Disaster = {
  name: 'MaxCompute frozen',
  ms: 1_500,
  begin: async (world) => world.emulator().kill('SIGSTOP'),
  end: async (world) => world.emulator().kill('SIGCONT'),
};

type Side = 'toKafka' | 'toMaxCompute';

/** `faults` on the connections of one side, or of both. */
function network(name: string, sides: readonly Side[], faults: Faults, ms: number): Disaster {
  const set = (world: World, now: Faults) => {
    for (const side of sides) world[side]?.set(now);
  };
  return {
    ...{ name, ms },
    async begin(world) {
      set(world, faults);
      if (faults.refuse) for (const side of sides) world[side]?.cut();
    },
    async end(world) {
      set(world, {});
    },
  };
}

const CUT_MS = 1_500;
const REQUEST_LOST: Faults = { cutAfterSent: 1 };
const ANSWER_LOST: Faults = { cutAfterReceived: 1 };

/** The client gives up a request after a time of its own; an answer that comes later finds nobody. */
const HANG_MS = 4_000;

export const NETWORK: readonly Disaster[] = (
  [
    ['to Kafka', ['toKafka']],
    ['to MaxCompute', ['toMaxCompute']],
    ['to both', ['toKafka', 'toMaxCompute']],
  ] as const
).flatMap(([name, sides]) => [
  network(`network ${name} cut`, sides, { refuse: true }, CUT_MS),
  network(`requests ${name} lost`, sides, REQUEST_LOST, CUT_MS),
  network(`answers ${name} lost`, sides, ANSWER_LOST, CUT_MS),
  network(`network ${name} hangs`, sides, { blackhole: true }, HANG_MS),
]);

/** Every commit takes effect, and its answer is lost; then a second try is asked for. */
export function commitAnswersLost(): Disaster {
  let heal = async () => {};
  return {
    name: 'answers to session commits lost',
    ms: 1_500,
    async begin(world) {
      const fault = await addFault(world.emulator(), { route: 'commit', action: 'cut', when: 'after' });
      heal = fault.remove;
    },
    end: () => heal(),
  };
}
