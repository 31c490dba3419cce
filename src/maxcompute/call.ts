import type { SinkError } from '../errors.ts';
import { type Failure, failureError } from './error.ts';
import type { HttpAnswer } from './http.ts';
import type { ClientLimits } from './options.ts';

export type Answer = HttpAnswer;

export interface Call {
  /** What is done, for messages: `put block`. */
  readonly name: string;
  /** To what, for messages: `demo.orders, table partition dt=20261121, session 2026..., block 3`. */
  readonly about: string;
  readonly to: 'service' | 'tunnel';
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Decoded path without the endpoint's prefix. */
  readonly resource: string;
  /** Decoded values; null: a parameter without a value. */
  readonly query?: Readonly<Record<string, string | null>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent: empty. Pieces go chunked. */
  readonly body?: string | readonly Uint8Array[];
  readonly patience?: Partial<Patience>;
  readonly signal?: AbortSignal | undefined;
}

/** How often a call is sent at most; a throttled attempt does not count as a transient one. */
export interface Patience {
  readonly transient: number;
  readonly throttled: number;
}

export const ONCE: Patience = { transient: 1, throttled: 1 };

/** For a caller that waits by itself. */
export const few = ({ callerAttempts: attempts }: ClientLimits): Patience => ({
  transient: attempts,
  throttled: attempts,
});

/** The error of a call that failed. */
export function callError(
  call: Pick<Call, 'name' | 'about'>,
  failure: Failure,
  limits: ClientLimits,
): SinkError {
  return failureError(`${call.name} (${call.about})`, failure, limits.serverMessageChars);
}

export function requestIdOf(answer: Answer): string | null {
  return answer.headers['x-odps-request-id'] || null;
}
