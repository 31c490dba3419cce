import { readdirSync, readFileSync } from 'node:fs';

/** CPU seconds and memory of another process, from procfs (Linux). CPU comes in ticks of 10 ms. */
export interface Usage {
  readonly cpuSeconds: number;
  /** The thread whose id is the process id. */
  readonly mainSeconds: number;
  /** librdkafka's own threads. */
  readonly kafkaSeconds: number;
  readonly peakRssBytes: number;
  readonly rssBytes: number;
}

const TICK = 0.01;

/** Null when the process is gone. */
export function usageOf(pid: number): Usage | null {
  try {
    const threads = readdirSync(`/proc/${pid}/task`).flatMap((tid) => threadUsage(pid, tid));
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return {
      cpuSeconds: processSeconds(pid),
      mainSeconds: sum(threads.filter((t) => t.tid === String(pid))),
      kafkaSeconds: sum(threads.filter((t) => t.name.startsWith('rdk:'))),
      peakRssBytes: kilobytes(status, 'VmHWM'),
      rssBytes: kilobytes(status, 'VmRSS'),
    };
  } catch {
    return null;
  }
}

const sum = (threads: { seconds: number }[]) => threads.reduce((total, thread) => total + thread.seconds, 0);

/** Nothing for a thread that has ended since it was listed; the process's total still has its time. */
function threadUsage(pid: number, tid: string): { tid: string; name: string; seconds: number }[] {
  try {
    return [{ tid, ...parseStat(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8')) }];
  } catch {
    return [];
  }
}

const processSeconds = (pid: number): number => parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).seconds;

/** `pid (name) state ...`: user and system time are fields 14 and 15. */
function parseStat(stat: string): { name: string; seconds: number } {
  const close = stat.lastIndexOf(')');
  const fields = stat.slice(close + 2).split(' ');
  return {
    name: stat.slice(stat.indexOf('(') + 1, close),
    seconds: (Number(fields[11]) + Number(fields[12])) * TICK,
  };
}

const kilobytes = (status: string, key: string): number =>
  Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
