import { randomUUID } from 'node:crypto';
import type { SinkError } from '../errors.ts';
import { type RetryPolicy, retry } from '../retry.ts';
import { attempt, type Wire } from './attempt.ts';
import { type Answer, type Call, callError, ONCE, type Patience, requestIdOf } from './call.ts';
import { openDiscovery } from './discovery.ts';
import { failureOf, localFailure } from './error.ts';
import { openHttp } from './http.ts';
import { CLIENT_LIMITS, type ClientLimits, type MaxComputeOptions } from './options.ts';

export interface Client {
  readonly options: MaxComputeOptions;
  readonly limits: ClientLimits;
  /** Sends until it succeeds or the table of `error.ts` says stop; an answer outside 2xx is an error. */
  request(call: Call): Promise<Answer>;
  /** Tells `onRetry` about a failure that is followed by a wait. */
  tell(call: Call, error: unknown, waitMs: number): void;
  close(): Promise<void>;
}

/** Attempts that a damaged block gets after the first (protocol 10.2). */
const RESENDS = 2;
export function openClient(options: MaxComputeOptions): Client {
  const limits = { ...CLIENT_LIMITS, ...options.limits };
  const http = openHttp({ proxy: options.proxy, ca: options.ca, limits });
  const wire: Wire = {
    options,
    limits,
    http,
    discovery: openDiscovery(options, limits.tunnelEndpointCacheMs, (signal) => askTunnel(wire, signal)),
    skewMs: new Map(),
    v4: options.region !== null,
  };
  return {
    options,
    limits,
    request: (call) => request(wire, call),
    tell: (call, error, waitMs) => tell(wire, call, error, waitMs),
    close: () => http.close(),
  };
}

async function askTunnel(wire: Wire, signal?: AbortSignal): Promise<string> {
  const { project, quota } = wire.options;
  const call: Call = {
    name: 'find the tunnel endpoint',
    about: project,
    to: 'service',
    method: 'GET',
    resource: `/projects/${project}/tunnel`,
    query: { service: null, curr_project: project, ...(quota === null ? {} : { quotaName: quota }) },
    patience: ONCE,
    signal,
  };
  const address = (await request(wire, call)).text.trim();
  if (/^[\w.:[\]-]+$/.test(address)) return address;
  throw callError(call, localFailure('UNREADABLE', `not host:port: ${address}`), wire.limits);
}

async function request(wire: Wire, call: Call): Promise<Answer> {
  const { clock } = wire.options;
  const { transientAttempts, retryBaseMs, retryCapMs } = wire.limits;
  const patience = { transient: transientAttempts, throttled: transientAttempts, ...call.patience };
  const trace = { id: randomUUID(), sent: 0 };
  return retry(() => attempt(wire, call, trace), {
    clock,
    signal: call.signal,
    attempts: patience.transient,
    baseMs: retryBaseMs,
    capMs: retryCapMs,
    decide: decider(patience, wire.limits),
    onRetry: (error, waitMs) => tell(wire, call, error, waitMs),
  });
}

function decider(patience: Patience, { holdMaxMs }: ClientLimits): RetryPolicy['decide'] {
  let throttled = 0;
  let resent = 0;
  return (error) => {
    const failure = failureOf(error);
    const floorMs = Math.min(failure?.holdMs ?? 0, holdMaxMs);
    switch (failure?.reaction.action) {
      case 'retry':
        return { retry: true, floorMs };
      case 'resend':
        return { retry: resent++ < RESENDS, floorMs };
      case 'throttle':
        return { retry: ++throttled < patience.throttled, floorMs, unlimited: true };
      default:
        return { retry: false };
    }
  };
}

function tell({ options }: Wire, call: Call, error: unknown, waitMs: number): void {
  const failure = failureOf(error);
  if (failure === null) return;
  const { code, reaction, requestId } = failure;
  const throttled = reaction.action === 'throttle';
  options.onRetry?.({ call: call.name, code, why: reaction.why, waitMs, throttled, requestId });
}

/** A 2xx answer that cannot be understood. */
export function unreadable({ limits }: Client, call: Call, answer: Answer, cause: unknown): SinkError {
  const failure = localFailure('UNREADABLE', answer.text, `HTTP${answer.status}`, cause);
  return callError(call, { ...failure, requestId: requestIdOf(answer) }, limits);
}
