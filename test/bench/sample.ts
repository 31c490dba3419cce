import { usageOf } from '../support/usage.ts';

/** CPU seconds of a process, by thread. */
export interface Cpu {
  readonly total: number;
  readonly main: number;
  readonly workers: number;
  /** librdkafka's own threads. */
  readonly kafka: number;
}

/** One measured run over the same records. */
export interface Run {
  /** Records per wall second, from the first read on. */
  readonly rate: number;
  /** From the start of the process to its last record. */
  readonly whole: Cpu;
  /** Of it before the first record was read. */
  readonly start: Cpu;
  readonly peakRssBytes: number;
}

export function cpuOf(pid: number, workers = 0): Cpu & { readonly peakRssBytes: number } {
  const usage = usageOf(pid);
  if (!usage) throw new Error(`process ${pid} is gone`);
  const { cpuSeconds, mainSeconds, kafkaSeconds, peakRssBytes } = usage;
  return { total: cpuSeconds, main: mainSeconds, workers, kafka: kafkaSeconds, peakRssBytes };
}

/** CPU seconds per million records once the process runs. */
export const steady = (run: Run, part: keyof Cpu, records: number): number =>
  (1e6 * (run.whole[part] - run.start[part])) / records;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
