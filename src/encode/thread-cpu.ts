import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

type ThreadCpuUsage = () => { readonly user: number; readonly system: number };

/** In Node since 23.9. */
const threadCpuUsage = (process as { threadCpuUsage?: ThreadCpuUsage }).threadCpuUsage;

/** CPU microseconds of this thread: from Node, else from Linux; else elapsed time, right for a busy thread. */
export function threadCpuMicros(): number {
  if (threadCpuUsage) {
    const { user, system } = threadCpuUsage.call(process);
    return user + system;
  }
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1000;
  } catch {
    return performance.now() * 1000;
  }
}
