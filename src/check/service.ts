import type { Config } from '../config/schema.ts';
import { maxComputeOptions } from '../connections.ts';
import {
  type AnswerEvent,
  type ClientLimits,
  type MaxCompute,
  openMaxCompute,
} from '../maxcompute/maxcompute.ts';
import { took } from '../terminal/words.ts';

/** The client of MaxCompute with short patience, and what its calls were answered. */
export interface Service {
  readonly client: MaxCompute;
  /** Of the last call of this name; undefined: no server answered it. */
  answer(call: string): AnswerEvent | undefined;
  /** `200 in 12 ms, request id 2026...` of that call. */
  evidence(call: string): string;
  /** The last answer of any call. */
  last(): AnswerEvent | undefined;
}

/** Two attempts fit into a step. */
const LIMITS: Partial<ClientLimits> = {
  requestTimeoutMs: 6_500,
  connectTimeoutMs: 5_000,
  uploadIdleMs: 6_500,
  uploadGraceMs: 6_500,
  sqlMs: 12_000,
  transientAttempts: 2,
  retryBaseMs: 200,
  retryCapMs: 500,
};

export function openService(config: Config): Service {
  const answers = new Map<string, AnswerEvent>();
  let last: AnswerEvent | undefined;
  const onAnswer = (event: AnswerEvent) => {
    answers.set(event.call, event);
    last = event;
  };
  const client = openMaxCompute({ ...maxComputeOptions(config), limits: LIMITS, onAnswer });
  return {
    client,
    answer: (call) => answers.get(call),
    evidence(call) {
      const event = answers.get(call);
      if (!event) return 'no answer';
      const id = event.requestId === null ? '' : `, request id ${event.requestId}`;
      return `HTTP ${event.status} in ${took(event.ms)}${id}`;
    },
    last: () => last,
  };
}
