import type { Clock } from '../clock.ts';
import { LIMITS } from '../limits.ts';
import type { Credentials } from './sign.ts';

export interface MaxComputeOptions {
  /** Service endpoint with its path prefix, e.g. `https://service.cn-hangzhou.maxcompute.aliyun.com/api`. */
  readonly endpoint: string;
  /** Fixed tunnel endpoint; null: discovered through the service endpoint. */
  readonly tunnelEndpoint: string | null;
  readonly project: string;
  /** Schema of a three-layer project; null: two layers. */
  readonly schema: string | null;
  /** Tunnel quota name; null: whatever the service gives. */
  readonly quota: string | null;
  /** Set: V4 signatures, with one fallback to V2; null: V2. */
  readonly region: string | null;
  /** Asked for every attempt of every call, so that temporary keys may change at any time. */
  readonly credentials: () => Promise<Credentials>;
  /** `http://user:password@host:port`, or null. */
  readonly proxy: string | null;
  /** PEM text of certificate authorities that are trusted beside the public ones, or null. */
  readonly ca: string | null;
  readonly clock: Clock;
  /** Told of every attempt that failed for the moment: with the wait before the next one, or 0 when the caller decides. */
  readonly onRetry?: (event: RetryEvent) => void;
  /** Told while a call has no answer, or a commit no outcome: each time that it is looked at. */
  readonly onWait?: (event: WaitEvent) => void;
  /** Told about every answer of a server, whatever it says. */
  readonly onAnswer?: (event: AnswerEvent) => void;
  /** `maxsink/<version>`. */
  readonly userAgent: string;
  /** Bounds other than the defaults, for tests. */
  readonly limits?: Partial<ClientLimits>;
}

export interface RetryEvent {
  readonly call: string;
  /** Table, table partition, session and block. */
  readonly about: string;
  /** The server's code, or the transport's (`ECONNRESET`, `DEADLINE`). */
  readonly code: string;
  readonly why: string;
  /** What the server or the transport says. */
  readonly message: string;
  readonly waitMs: number;
  /** The service asked to slow down, as opposed to having failed. */
  readonly throttled: boolean;
  readonly requestId: string | null;
}

export interface WaitEvent {
  readonly call: string;
  readonly about: string;
  /** `SLOW`: no answer yet; the word of a session that is neither committed nor failed; or the server's code. */
  readonly code: string;
  readonly what: string;
  readonly forMs: number;
}

export interface AnswerEvent {
  readonly call: string;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly status: number;
  readonly requestId: string | null;
  /** From the first byte sent to the last one received. */
  readonly ms: number;
  /** The server's clock minus ours, ms, exact to a second; NaN without a readable `Date`. */
  readonly skewMs: number;
}

export const CLIENT_LIMITS = {
  requestTimeoutMs: LIMITS.requestTimeoutMs,
  slowMs: LIMITS.slowMs,
  connectTimeoutMs: LIMITS.connectTimeoutMs,
  uploadIdleMs: LIMITS.uploadIdleMs,
  uploadGraceMs: LIMITS.uploadGraceMs,
  uploadFloorBytesPerSecond: LIMITS.uploadFloorBytesPerSecond,
  uploadSliceBytes: LIMITS.uploadSliceBytes,
  keepAliveMs: LIMITS.keepAliveMs,
  keepAliveMaxMs: LIMITS.keepAliveMaxMs,
  connectionsPerEndpoint: LIMITS.connectionsPerEndpoint,
  answerBytes: LIMITS.answerBytes,
  serverMessageChars: LIMITS.serverMessageChars,
  callerAttempts: LIMITS.callerAttempts,
  transientAttempts: LIMITS.transientAttempts,
  retryBaseMs: LIMITS.retryBaseMs,
  retryCapMs: LIMITS.retryCapMs,
  sqlMs: LIMITS.sqlMs,
  commitDecisionMs: LIMITS.commitDecisionMs,
  tunnelEndpointCacheMs: LIMITS.tunnelEndpointCacheMs,
};

export type ClientLimits = { readonly [Key in keyof typeof CLIENT_LIMITS]: number };
