/** One attempt of a call: signed, sent, its failure understood and, where that is possible, mended at once. */
import { SinkError } from '../errors.ts';
import { type Answer, type Call, callError, requestIdOf } from './call.ts';
import type { Discovery } from './discovery.ts';
import { type Failure, localFailure, readFailure, refusesV4 } from './error.ts';
import { DeadlineError, type Http } from './http.ts';
import type { ClientLimits, MaxComputeOptions } from './options.ts';
import { type Credentials, signedHeaders } from './sign.ts';
import { encodeTarget, parseEndpoint, tunnelHeaders } from './wire.ts';

/** A server clock this far off makes a refusal of credentials a question of time; the limit is 15 minutes. */
const SKEW_MS = 10 * 60_000;

/** What the calls share: the connections, and what was learnt from the service. */
export interface Wire {
  readonly options: MaxComputeOptions;
  readonly limits: ClientLimits;
  readonly http: Http;
  readonly discovery: Discovery;
  /** Server's clock minus ours by origin, learnt from a refusal (protocol 2.8). */
  readonly skewMs: Map<string, number>;
  /** Whether V4 signatures are sent; false for good once the service has refused them (protocol 2.3). */
  v4: boolean;
}

/** One operation over its attempts (protocol 1.5). */
export interface Trace {
  readonly id: string;
  sent: number;
}

type Remedy = 'signature' | 'clock' | 'credentials';

/** How a request was sent; others may have changed what the calls share since. */
interface Sent {
  readonly answer: Answer;
  readonly origin: string;
  readonly v4: boolean;
  readonly skewMs: number;
  readonly secrets: readonly string[];
}

/** One attempt, with each remedy tried once at most and at once. */
export async function attempt(
  wire: Wire,
  call: Call,
  trace: Trace,
  tried: readonly Remedy[] = [],
): Promise<Answer> {
  const sent = await transmit(wire, call, trace);
  const { answer, secrets } = sent;
  if (answer.status >= 200 && answer.status < 300) return answer;
  const failure = scrub(readFailure(answer), secrets);
  const remedy = findRemedy(wire, failure, sent);
  if (remedy === null || tried.includes(remedy))
    throw callError(call, withAdvice(wire, call, failure), wire.limits);
  applyRemedy(wire, remedy, sent);
  return attempt(wire, call, trace, [...tried, remedy]);
}

async function transmit(wire: Wire, call: Call, trace: Trace): Promise<Sent> {
  const { options, v4 } = wire;
  const endpoint = call.to === 'service' ? options.endpoint : await wire.discovery.endpoint(call.signal);
  const { origin, prefix } = parseEndpoint(endpoint);
  const skewMs = wire.skewMs.get(origin) ?? 0;
  const keys = await readCredentials(options, call);
  const { method, resource, query = {}, body = '', signal } = call;
  const unsigned = { method, resource, query, headers: callHeaders(options, call, trace) };
  const headers = signedHeaders(unsigned, keys, v4 ? options.region : null, options.clock.now() + skewMs);
  const path = prefix + encodeTarget(resource, query);
  const slow = setTimeout(() => tellSlow(wire, call, origin), wire.limits.slowMs);
  const sentAt = options.clock.now();
  try {
    const answer = await wire.http.send({ origin, path, method, headers, body, signal });
    tellAnswer(wire, call, origin, answer, sentAt);
    return { answer, origin, v4, skewMs, secrets: secretsOf(keys, headers) };
  } catch (error) {
    signal?.throwIfAborted();
    if (call.to === 'tunnel') wire.discovery.doubt();
    throw callError(call, transportFailure(error), wire.limits);
  } finally {
    clearTimeout(slow);
  }
}

function tellSlow({ options, limits }: Wire, { name: call, about }: Call, origin: string): void {
  options.onWait?.({ call, about, code: 'SLOW', what: `no answer from ${origin}`, forMs: limits.slowMs });
}

function tellAnswer(wire: Wire, call: Call, origin: string, answer: Answer, sentAt: number): void {
  const { clock, onAnswer } = wire.options;
  const ms = clock.now() - sentAt;
  const skewMs = clockDifference(wire, answer);
  onAnswer?.({ call: call.name, origin, status: answer.status, requestId: requestIdOf(answer), ms, skewMs });
}

function callHeaders({ userAgent }: MaxComputeOptions, call: Call, trace: Trace): Record<string, string> {
  const tunnel = call.to === 'tunnel' ? tunnelHeaders(trace.id, trace.sent++) : {};
  return { 'User-Agent': userAgent, 'x-odps-user-agent': userAgent, ...tunnel, ...call.headers };
}

async function readCredentials({ credentials }: MaxComputeOptions, call: Call): Promise<Credentials> {
  try {
    return await credentials();
  } catch (error) {
    if (error instanceof SinkError) throw error;
    throw new SinkError(
      'maxcompute_auth',
      `${call.name} (${call.about}): the credentials cannot be read`,
      error,
    );
  }
}

function transportFailure(error: unknown): Failure {
  const { message, code = '' } = error as { message: string; code?: string };
  if (error instanceof DeadlineError) return localFailure('DEADLINE', message, 'DEADLINE', error);
  const key = transportKey(code, message);
  return localFailure(key, message, code || key, error);
}

function transportKey(code: string, message: string) {
  if (/CERT|UNABLE_TO_VERIFY|PRX_TLS/.test(code)) return 'CERTIFICATE';
  if (/^(?:ERR_SSL_|EPROTO)/.test(code)) return 'TLS';
  if (/^UND_ERR_(DESTROYED|CLOSED)$/.test(code)) return 'CLOSED';
  return /^Proxy .*\(4\d\d\)/.test(message) ? 'PROXY' : 'CONNECTION';
}

/** Nobody knows this address: the services of Alibaba Cloud have a path, a look-alike may have none. */
function withAdvice({ options }: Wire, call: Call, failure: Failure): Failure {
  const pathless = parseEndpoint(options.endpoint).prefix === '';
  if (call.to !== 'service' || failure.code !== 'HTTP404' || !pathless) return failure;
  return { ...failure, message: `${failure.message} (maxcompute.endpoint usually ends in /api)`.trimStart() };
}

/** What can be mended at once: a V4 signature that is refused, clocks that differ, an expired key. */
function findRemedy(wire: Wire, failure: Failure, sent: Sent): Remedy | null {
  if (sent.v4 && refusesV4(failure)) return 'signature';
  if (failure.reaction.action === 'credentials') return 'credentials';
  if (failure.reaction.error !== 'maxcompute_auth') return null;
  const offMs = clockDifference(wire, sent.answer) - sent.skewMs;
  const asked = failure.reaction.action === 'clock' && !Number.isNaN(offMs);
  return asked || Math.abs(offMs) > SKEW_MS ? 'clock' : null;
}

function applyRemedy(wire: Wire, remedy: Remedy, sent: Sent): void {
  if (remedy === 'signature') wire.v4 = false;
  if (remedy === 'clock') wire.skewMs.set(sent.origin, clockDifference(wire, sent.answer));
}

/** Server's clock minus ours, ms; NaN without a readable `Date` in the answer. */
function clockDifference({ options }: Wire, answer: Answer): number {
  return Date.parse(answer.headers.date ?? '') - options.clock.now();
}

/** Servers repeat the signature, and could repeat more, in what they say about it. */
function secretsOf(keys: Credentials, headers: Record<string, string>): string[] {
  const signature = headers.Authorization?.split(':').at(-1) ?? '';
  return [keys.accessKeySecret, keys.securityToken ?? '', signature].filter((secret) => secret !== '');
}

function scrub(failure: Failure, secrets: readonly string[]): Failure {
  return {
    ...failure,
    message: secrets.reduce((text, secret) => text.replaceAll(secret, '***'), failure.message),
  };
}
