import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

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
    const threads = readdirSync(`/proc/${pid}/task`).map((tid) => threadUsage(pid, tid));
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

/** Forgets the peak so far (needs the right to write to the process's clear_refs). */
export function resetPeak(pid: number): void {
  try {
    writeClear(pid);
  } catch {
    // the peak then counts from the process's start, which only makes a test stricter
  }
}

const writeClear = (pid: number) => writeFileSync(`/proc/${pid}/clear_refs`, '5');

function threadUsage(pid: number, tid: string) {
  const { name, seconds } = parseStat(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'utf8'));
  return { tid, name, seconds };
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
