/** What an answer that is no success means: one table from the server's code to what is done about it. */
import { type ErrorCode, SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { find, parseXml } from './xml.ts';

/**
 * action           | what the client does
 * retry            | sends the request again, a bounded number of times
 * resend           | sends the block again twice; a third refusal is the encoder's fault
 * throttle         | waits and sends again, without limit where the caller can wait
 * clock            | takes over the server's time, sends once more
 * credentials      | reads the credentials again, sends once more
 * table_partition  | creates the table partition, sends once more
 * status           | the session is not in the expected state: its status decides
 * session_lost     | gives up the session
 * stop             | gives up
 */
type Action =
  | 'retry'
  | 'resend'
  | 'throttle'
  | 'clock'
  | 'credentials'
  | 'table_partition'
  | 'status'
  | 'session_lost'
  | 'stop';

interface Reaction {
  readonly action: Action;
  /** Code of the SinkError when the action does not help. */
  readonly error: ErrorCode;
  readonly why: string;
}

type Row = readonly [codes: string, action: Action, error: ErrorCode, why: string];

/**
 * Protocol 10.2 and 3.6. The code decides first, then an `ODPS-` number in code or text, then the HTTP
 * status (`HTTP429`, `HTTP5xx`). The rows in capitals are failures of the transport.
 */
// biome-ignore format: one row per line
const ROWS: readonly Row[] = [
  ['FlowExceeded QPSExceeded RequestQuotaExceeded SlotExceeded HTTP429', 'throttle', 'maxcompute_over_quota', 'the service asks to slow down'],
  ['ServiceUnavailable InternalServerError DataUnderReplication DataStoreError HTTP408 HTTP5xx', 'retry', 'maxcompute_transient', 'the service failed for the moment'],
  ['ODPS-0010000 ODPS-0420153', 'retry', 'maxcompute_transient', 'the service failed for the moment'],
  ['MetaTransactionFailed ODPS-0110141', 'retry', 'maxcompute_transient', 'another transaction changed the table'],
  ['HTTP308 HTTP409', 'retry', 'maxcompute_transient', 'the service asks to come again'],
  ['IncompleteBody MalformedDataStream', 'resend', 'maxcompute_refused', 'the block arrived damaged'],
  ['NoSuchUpload', 'session_lost', 'session_lost', 'the upload session is gone'],
  ['SchemaModified TableModified ObjectModified DataVersionConflict HTTP412', 'session_lost', 'session_lost', 'the table was changed meanwhile'],
  ['StatusConflict InvalidStatusChange', 'status', 'session_lost', 'the upload session is not open'],
  ['InConsistentBlockList', 'stop', 'block_mismatch', 'the server holds other blocks'],
  ['NoSuchPartition', 'table_partition', 'session_lost', 'the table partition is missing'],
  ['NoSuchTable NoSuchObject NoSuchData InvalidProjectTable ODPS-0130131', 'stop', 'table_missing', 'the table is missing'],
  ['NoSuchSchema', 'stop', 'table_missing', 'the schema is missing'],
  ['NoSuchProject ODPS-0420111', 'stop', 'project_missing', 'the project is missing'],
  ['AccessDenied NoPermission ODPS-0130013 ODPS-0420095 HTTP403', 'stop', 'maxcompute_denied', 'the account has no right to do this'],
  ['Unauthorized SignatureNotMatch InvalidAccessKeyId AuthorizationRequired InvalidSecurityToken ODPS-0410042 ODPS-0410051 HTTP401', 'stop', 'maxcompute_auth', 'the service does not accept the credentials'],
  ['RequestTimeTooSkewed RequestTimeTooSkewd RequestExpired', 'clock', 'maxcompute_auth', 'the clocks differ too much'],
  ['AuthenticationRequestExpired', 'credentials', 'maxcompute_auth', 'the temporary key has expired'],
  ['MissingPartitionSpec InvalidPartitionSpec InvalidResourceSpec InvalidBlockID InvalidColumnSpec CorruptedDataStream UnexpectedContent OverwriteModeNotAllowed MethodNotAllowed NotImplemented InvalidArgument InvalidParameter InvalidURI MaxMessageLengthExceeded', 'stop', 'maxcompute_refused', 'the service refuses the request'],
  ['HTTP3xx', 'stop', 'maxcompute_refused', 'a redirect is not followed: the endpoint is wrong'],
  ['HTTP4xx', 'stop', 'maxcompute_refused', 'the service refuses the request'],
  ['CERTIFICATE', 'stop', 'maxcompute_tls', 'the certificate of the server is not trusted'],
  ['TLS', 'stop', 'maxcompute_tls', 'the address does not speak TLS: http or https?'],
  ['PROXY HTTP407', 'stop', 'maxcompute_proxy', 'the proxy refuses the connection'],
  ['CLOSED', 'stop', 'maxcompute_unreachable', 'the client was closed'],
  ['DEADLINE', 'retry', 'maxcompute_unreachable', 'no answer in time'],
  ['CONNECTION', 'retry', 'maxcompute_unreachable', 'the connection failed'],
  ['UNREADABLE', 'retry', 'maxcompute_transient', 'the answer cannot be understood'],
];

const REACTIONS = new Map<string, Reaction>(
  ROWS.flatMap(([codes, action, error, why]) =>
    codes.split(' ').map((code) => [code, { action, error, why }] as const),
  ),
);

/** A call that did not succeed: the `cause` of its SinkError. */
export interface Failure {
  readonly reaction: Reaction;
  /** The server's code, `HTTP502` when the answer has none, or the transport's (`ECONNRESET`). */
  readonly code: string;
  /** Null: no answer came. */
  readonly status: number | null;
  readonly message: string;
  readonly requestId: string | null;
  /** Wait at least this long, ms, because the server asks for it; 0: it does not. */
  readonly holdMs: number;
  readonly cause?: unknown;
}

export interface FailedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Reads an answer outside 2xx, whatever its body is: JSON, XML, HTML, empty or cut off (protocol 10.1). */
export function readFailure(answer: FailedAnswer): Failure {
  const { status, headers, text } = answer;
  const body = parseBody(text);
  const code = body.code || `HTTP${status}`;
  const message =
    body.message ??
    text
      .replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
      .replace(/\s+/g, ' ')
      .trim();
  return {
    reaction: reactionTo(code, message, status),
    code,
    status,
    message,
    requestId: headers['x-odps-request-id'] || body.requestId || null,
    holdMs: Math.max(Math.min(Number(body.holdMs) || 0, LIMITS.holdMaxMs), retryAfterMs(headers)),
  };
}

/** `Retry-After`: seconds, or a date by the server's clock. */
function retryAfterMs(headers: FailedAnswer['headers']): number {
  const { 'retry-after': text = '', date = '' } = headers;
  const ms = /^\d+$/.test(text.trim()) ? 1000 * Number(text) : Date.parse(text) - Date.parse(date);
  return Math.min(Math.max(0, ms || 0), LIMITS.retryAfterMaxMs);
}

/** A failure that the client itself finds, by a code of the table: the transport's, or an odd answer. */
export function localFailure(
  key: 'CERTIFICATE' | 'TLS' | 'PROXY' | 'CLOSED' | 'DEADLINE' | 'CONNECTION' | 'UNREADABLE',
  message: string,
  code: string = key,
  cause?: unknown,
): Failure {
  return { reaction: REACTIONS.get(key)!, code, status: null, message, requestId: null, holdMs: 0, cause };
}

/** A statement that was run and failed: its text holds an `ODPS-` number (protocol 3.6). */
export function statementFailure(text: string): Failure {
  const body = parseBody(text);
  const message = body.message ?? text;
  const code = /ODPS-\d+/.exec(text)?.[0] ?? body.code ?? 'Failed';
  return {
    reaction: reactionTo(code, message, 400),
    code,
    status: null,
    message,
    requestId: null,
    holdMs: 0,
  };
}

function reactionTo(code: string, message: string, status: number): Reaction {
  // The skew error goes by several codes; this word of its text is the same in all (protocol 2.8).
  if (message.includes('max_interval_date')) return REACTIONS.get('RequestTimeTooSkewed')!;
  const number = /ODPS-\d+/.exec(`${code} ${message}`)?.[0] ?? '';
  // The metadata service has one code for everything that is missing.
  if (
    code === 'NoSuchObject' &&
    /\bno such project\b|\bproject( \S+)? (not found|does not exist)\b/i.test(message)
  )
    return REACTIONS.get('NoSuchProject')!;
  return (
    REACTIONS.get(code) ??
    REACTIONS.get(number) ??
    REACTIONS.get(`HTTP${status}`) ??
    REACTIONS.get(`HTTP${Math.floor(status / 100)}xx`) ??
    REACTIONS.get('UNREADABLE')!
  );
}

/** Whether the service takes no V4 signatures (protocol 2.3; the three ways it says so). */
export function refusesV4({ code, message }: Failure): boolean {
  const text = message.toLowerCase();
  if (code === 'InternalServerError') return /need ak v3 support|accesskey acl denied/.test(text);
  if (code === 'InvalidParameter') return text.includes('odps-0410051');
  return code === 'AuthorizationRequired' && text.includes('invalid or missing');
}

interface ErrorBody {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly requestId?: string | undefined;
  readonly holdMs?: string | undefined;
}

function parseBody(text: string): ErrorBody {
  try {
    return fields((name) => {
      const value = (JSON.parse(text) as Record<string, unknown> | null)?.[name];
      return value === undefined ? undefined : String(value);
    });
  } catch {
    // not JSON
  }
  try {
    const root = parseXml(text.trim());
    if (root.name === 'Error') return fields((name) => find(root, name)?.text.trim());
  } catch {
    // not XML either, or cut off
  }
  return fields((name) =>
    new RegExp(`"${name}"\\s*:\\s*"([^"]*)|<${name}>([^<]*)<`).exec(text)?.slice(1).find(Boolean),
  );
}

function fields(read: (name: string) => string | undefined): ErrorBody {
  return {
    code: read('Code'),
    message: read('Message'),
    requestId: read('RequestId'),
    holdMs: read('HoldClientMillis'),
  };
}

/** The SinkError of a failure. `what` names call, table, table partition, session and block. */
export function failureError(what: string, failure: Failure, messageChars: number): SinkError {
  const { reaction, code, status, message, requestId } = failure;
  const answer = status === null ? code : `${code} (HTTP ${status})`;
  const id = requestId === null ? 'no request id' : `request id ${requestId}`;
  // A binary answer must not steer the terminal that shows it.
  const text = message ? ` "${cut(message.replace(/\p{Cc}+/gu, ' '), messageChars)}"` : '';
  return new SinkError(reaction.error, `${what}: ${reaction.why}: ${answer}${text} [${id}]`, failure);
}

/** The failure behind an error of this client, or null. */
export function failureOf(error: unknown): Failure | null {
  if (!(error instanceof SinkError) || typeof error.cause !== 'object' || error.cause === null) return null;
  return 'reaction' in error.cause ? (error.cause as Failure) : null;
}

/** Whether the same call may succeed later: the service is away, fails for the moment, or asks to slow down. */
export function isPassing(error: unknown): boolean {
  return /^(retry|throttle)$/.test(failureOf(error)?.reaction.action ?? '');
}

const cut = (text: string, chars: number) => (text.length <= chars ? text : `${text.slice(0, chars)}…`);
