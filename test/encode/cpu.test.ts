import { describe, expect, it } from 'vitest';
import { effectiveWorkers } from '../../src/encode/cpu.ts';

const machine = (cores: number, files: Record<string, string> = {}) => ({
  cores,
  read: (path: string) => files[path] ?? null,
});

describe('the number of workers', () => {
  it('is the configured one', () => {
    expect(effectiveWorkers(3, machine(64))).toBe(3);
  });

  it.each([
    [1, 1],
    [2, 1],
    [4, 3],
    [64, 8],
  ])('is, on %i cores without a limit, %i', (cores, workers) => {
    expect(effectiveWorkers(null, machine(cores))).toBe(workers);
  });

  it.each([
    ['400000 100000', 3],
    ['350000 100000', 2],
    ['50000 100000', 1],
    ['max 100000', 8],
    ['6400000 100000', 8],
  ])('follows cpu.max "%s" of cgroup v2: %i', (limit, workers) => {
    const files = { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': `${limit}\n` };
    expect(effectiveWorkers(null, machine(16, files))).toBe(workers);
  });

  it('takes the tightest limit of the group and those above it', () => {
    const files = {
      '/proc/self/cgroup': '0::/kube/pod/box\n',
      '/sys/fs/cgroup/kube/pod/box/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/kube/pod/cpu.max': '500000 100000\n',
      '/sys/fs/cgroup/kube/cpu.max': '800000 100000\n',
    };
    expect(effectiveWorkers(null, machine(16, files))).toBe(4);
  });

  it('follows quota and period of cgroup v1, in the own group or at the mount point', () => {
    const own = {
      '/proc/self/cgroup': '5:memory:/m\n4:cpu,cpuacct:/docker/x\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us': '300000\n',
      '/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us': '100000\n',
    };
    const mounted = {
      '/proc/self/cgroup': '4:cpu,cpuacct:/docker/x\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    expect(effectiveWorkers(null, machine(16, own))).toBe(2);
    expect(effectiveWorkers(null, machine(16, mounted))).toBe(2);
  });

  it('ignores a quota of -1', () => {
    const files = {
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    expect(effectiveWorkers(null, machine(4, files))).toBe(3);
  });

  it('is found on this machine', () => {
    expect(effectiveWorkers(null)).toBeGreaterThanOrEqual(1);
  });
});
