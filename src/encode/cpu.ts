import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { LIMITS } from '../limits.ts';

/** The machine as the process sees it; tests bring their own. */
export interface Machine {
  readonly cores: number;
  /** Text of a file, or null when it cannot be read. */
  read(path: string): string | null;
}

const thisMachine: Machine = {
  cores: availableParallelism(),
  read(path) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  },
};

/** Worker threads to start: as configured, else the CPU limit or the cores, less one for the main thread. */
export function effectiveWorkers(configured: number | null, machine = thisMachine): number {
  if (configured !== null) return configured;
  const cpus = Math.min(machine.cores, cgroupCpus(machine));
  return Math.max(1, Math.min(LIMITS.workersMax, Math.floor(cpus) - 1));
}

/** The tightest CPU limit of the process's control group and those above it; Infinity: none. */
function cgroupCpus(machine: Machine): number {
  const groups = (machine.read('/proc/self/cgroup') ?? '').split('\n').map((line) => line.split(':'));
  const limits = groups.flatMap(([, controllers = '', path = '/']) => {
    if (controllers === '') return lineage(path).map((group) => limitV2(machine, group));
    if (!controllers.split(',').includes('cpu')) return [];
    return lineage(path).map((group) => limitV1(machine, `/${controllers}${group}`));
  });
  return Math.min(limitV2(machine, ''), limitV1(machine, '/cpu'), ...limits);
}

/** `/a/b` -> `/a/b`, `/a`, ``: inside a container often only the last is there. */
function lineage(path: string): string[] {
  const names = path.split('/').filter((name) => name !== '');
  return Array.from({ length: names.length + 1 }, (_, up) =>
    names
      .slice(0, names.length - up)
      .map((name) => `/${name}`)
      .join(''),
  );
}

/** `cpu.max`: quota (or `max`) and period in microseconds. */
function limitV2(machine: Machine, group: string): number {
  const [quota, period] = (machine.read(`/sys/fs/cgroup${group}/cpu.max`) ?? '').trim().split(' ');
  return ratio(quota, period);
}

/** The same in two files; a quota of -1 is none. */
function limitV1(machine: Machine, group: string): number {
  const quota = machine.read(`/sys/fs/cgroup${group}/cpu.cfs_quota_us`)?.trim();
  return ratio(quota, machine.read(`/sys/fs/cgroup${group}/cpu.cfs_period_us`)?.trim());
}

function ratio(quota: string | undefined, period: string | undefined): number {
  const cpus = Number(quota) / Number(period);
  return cpus > 0 ? cpus : Number.POSITIVE_INFINITY;
}
