import { randomUUID } from 'node:crypto';
import { SinkError } from '../errors.ts';
import { type RetryPolicy, retry } from '../retry.ts';
import { attempt, type Trace, type Wire } from './attempt.ts';
import { type Answer, type Call, callError, type Patience, requestIdOf } from './call.ts';
import { openDiscovery } from './discovery.ts';
import { failureOf, isPassing, localFailure } from './error.ts';
import { openHttp } from './http.ts';
import { CLIENT_LIMITS, type ClientLimits, type MaxComputeOptions } from './options.ts';

export interface Client {
  readonly options: MaxComputeOptions;
  readonly limits: ClientLimits;
  /** Sends until it succeeds or the table of `error.ts` says stop; an answer outside 2xx is an error. */
  request(call: Call): Promise<Answer>;
  /** The same, and what `read` makes of the answer; one that it throws on is sent for again. */
  ask<T>(call: Call, read: (answer: Answer) => T): Promise<T>;
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
    request: (call) => ask(wire, call, (answer) => answer),
    ask: (call, read) => ask(wire, call, read),
    close: () => http.close(),
  };
}

/** One attempt: the call that needs the address is sent again as a whole. */
async function askTunnel(wire: Wire, signal?: AbortSignal): Promise<string> {
  const { project, quota } = wire.options;
  const call: Call = {
    name: 'find the tunnel endpoint',
    about: project,
    to: 'service',
    method: 'GET',
    resource: `/projects/${project}/tunnel`,
    query: { service: null, curr_project: project, ...(quota === null ? {} : { quotaName: quota }) },
    signal,
  };
  const address = (await attempt(wire, call, newTrace())).text.trim();
  if (/^[\w.:[\]-]+$/.test(address)) return address;
  throw callError(call, localFailure('UNREADABLE', `not host:port: ${address}`), wire.limits);
}

async function ask<T>(wire: Wire, call: Call, read: (answer: Answer) => T): Promise<T> {
  const { clock } = wire.options;
  const { transientAttempts, retryBaseMs, retryCapMs } = wire.limits;
  const patience = { transient: transientAttempts, throttled: transientAttempts, ...call.patience };
  const trace = newTrace();
  return retry(async () => readAnswer(wire, call, await attempt(wire, call, trace), read), {
    clock,
    signal: call.signal,
    attempts: patience.transient,
    baseMs: retryBaseMs,
    capMs: retryCapMs,
    decide: decider(patience),
    onRetry: (error, waitMs) => tell(wire, call, error, waitMs),
  }).catch((error) => giveBack(wire, call, error));
}

/** The caller decides what comes next; what the service asked to wait is over then. */
async function giveBack(wire: Wire, call: Call, error: unknown): Promise<never> {
  if (isPassing(error)) {
    const waitMs = failureOf(error)?.holdMs ?? 0;
    tell(wire, call, error, waitMs);
    if (waitMs > 0) await wire.options.clock.sleep(waitMs, call.signal);
  }
  throw error;
}

const newTrace = (): Trace => ({ id: randomUUID(), sent: 0 });

function readAnswer<T>(wire: Wire, call: Call, answer: Answer, read: (answer: Answer) => T): T {
  try {
    return read(answer);
  } catch (error) {
    throw error instanceof SinkError ? error : unreadable(wire.limits, call, answer, error);
  }
}

function decider(patience: Patience): RetryPolicy['decide'] {
  let throttled = 0;
  let resent = 0;
  return (error) => {
    const failure = failureOf(error);
    const floorMs = failure?.holdMs ?? 0;
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
  const { code, message, reaction, requestId } = failure;
  const { name, about } = call;
  const throttled = reaction.action === 'throttle';
  options.onRetry?.({ call: name, about, code, why: reaction.why, message, waitMs, throttled, requestId });
}

/** A 2xx answer that cannot be understood. */
function unreadable(limits: ClientLimits, call: Call, answer: Answer, cause: unknown): SinkError {
  const failure = localFailure('UNREADABLE', answer.text, `HTTP${answer.status}`, cause);
  return callError(call, { ...failure, requestId: requestIdOf(answer) }, limits);
}
