import type { TopicPartition } from '../source/source.ts';
import { type Bytes, type Reader, writeNumber } from './compact.ts';

/** Neighbouring topic partitions [first, end) of one topic. */
interface Run {
  readonly first: number;
  end: number;
}

/** More members than this no text can claim. */
const MEMBERS = 100_000;

/** Runs in ascending order, by topic in the order of names. */
export function runsByTopic(members: readonly TopicPartition[]): Map<string, Run[]> {
  const numbers = new Map<string, number[]>();
  for (const { topic, partition: number } of members) {
    const own = numbers.get(topic);
    if (own) own.push(number);
    else numbers.set(topic, [number]);
  }
  return new Map([...numbers.keys()].sort().map((topic) => [topic, runsOf(numbers.get(topic)!)]));
}

function runsOf(numbers: number[]): Run[] {
  const runs: Run[] = [];
  for (const number of numbers.sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && number <= last.end) last.end = number + 1;
    else runs.push({ first: number, end: number + 1 });
  }
  return runs;
}

/** How many; for each how many are left out before it, and how many follow its first. */
export function writeRuns(out: Bytes, runs: readonly Run[]): void {
  writeNumber(out, runs.length);
  let end = 0;
  for (const run of runs) {
    writeNumber(out, run.first - end);
    writeNumber(out, run.end - run.first - 1);
    end = run.end;
  }
}

export function readMembers(from: Reader, topics: readonly string[]): TopicPartition[] {
  const members: TopicPartition[] = [];
  for (const topic of topics) {
    let next = 0;
    for (let runs = from.count(); runs > 0; runs--) {
      const first = next + from.number();
      next = first + from.number() + 1;
      if (next - first > MEMBERS - members.length) throw new Error('it has too many members');
      for (let number = first; number < next; number++) members.push({ topic, partition: number });
    }
  }
  return members;
}
