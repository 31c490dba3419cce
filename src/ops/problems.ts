import { LIMITS } from '../limits.ts';

/** A warning or an error of the log; equal ones stand once, with the last text. */
export interface Problem {
  readonly level: 'warn' | 'error';
  /** Of the catalogue of errors, or of Kafka, MaxCompute or the registry. */
  readonly code: string;
  /** What was told, without secrets. */
  readonly message: string;
  /** When it was told first and last, ms. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** How often. */
  readonly count: number;
}

/** The last different problems, oldest dropped first. */
export interface Problems {
  /** `kind`: what makes two problems equal, besides the code. */
  add(problem: Pick<Problem, 'level' | 'code' | 'message'>, kind: string, now: number): void;
  /** Latest first. */
  list(): readonly Problem[];
}

export function createProblems(most: number = LIMITS.problems): Problems {
  // In the order of their last occurrence.
  const known = new Map<string, Problem>();
  return {
    add(problem, kind, now) {
      const key = `${problem.code} ${kind.replace(/\d+/g, '#')}`;
      const before = known.get(key);
      known.delete(key);
      known.set(key, {
        ...problem,
        message: problem.message.slice(0, LIMITS.problemChars),
        firstAt: before?.firstAt ?? now,
        lastAt: now,
        count: (before?.count ?? 0) + 1,
      });
      if (known.size > most) known.delete(known.keys().next().value!);
    },
    list: () => [...known.values()].reverse(),
  };
}
