import { createHmac, timingSafeEqual } from 'node:crypto';
import { Refusal } from './errors.ts';
import type { Tokens } from './tokens.ts';

/** What of a request is signed (protocol 2.1). Header names in lower case; parameters decoded. */
export interface SignedRequest {
  readonly method: string;
  /** Decoded path without the endpoint's prefix. */
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface Account {
  readonly accessId: string;
  readonly accessKey: string;
  /** The key is a temporary one: this token has to stand beside it. Null: any token or none. */
  readonly stsToken: string | null;
  /** Bearer tokens that this process takes in place of a signature. */
  readonly tokens: Tokens;
}

const SKEW_MS = 15 * 60_000;
const DAY_MS = 24 * 3600_000;

/**
 * Refuses a request whose signature (V2 or V4, any region), key id, date, security token or bearer token is wrong:
 * 401 Unauthorized with ODPS-0410042 or ODPS-0410051, 403 RequestTimeTooSkewed, 400 for a Date that is
 * missing or no date (protocol 2).
 */
export function authenticate(request: SignedRequest, account: Account, now: number): void {
  refuseOtherAccounts(request);
  const token = headerText(request, 'x-odps-bearer-token');
  if (token) checkBearer(token, account.tokens);
  else checkSignature(request, account, now);
}

function checkSignature(request: SignedRequest, account: Account, now: number): void {
  const match = /^ODPS ([^:]+):(.+)$/.exec(headerText(request, 'authorization'));
  if (!match) {
    throw unauthorized(
      'ODPS-0410042:Invalid signature value - the Authorization header is invalid or missing',
    );
  }
  const [accessId, ...scope] = match[1]!.split('/');
  if (accessId !== account.accessId) {
    throw unauthorized(`ODPS-0410051:Invalid credentials - accessKeyId not found: ${accessId}`);
  }
  checkDate(headerText(request, 'date'), now);
  const key = scope.length ? scopedKey(account.accessKey, scope, now) : account.accessKey;
  const wanted = createHmac('sha1', key).update(stringToSign(request)).digest();
  const given = Buffer.from(match[2]!, 'base64');
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw unauthorized('ODPS-0410042:Invalid signature value - User signature does not match');
  }
  checkToken(headerText(request, 'authorization-sts-token'), account);
}

/** Nothing of the request is signed with it (protocol 2.5). */
function checkBearer(token: string, tokens: Tokens): void {
  const verdict = tokens.judge(token);
  if (verdict === 'expired')
    throw new Refusal(401, 'AuthenticationRequestExpired', 'ODPS-0410071:The bearer token has expired');
  if (verdict === 'unknown')
    throw unauthorized('ODPS-0410051:Invalid credentials - the bearer token was not given here');
}

/** Accounts that one key and its secret do not make (protocol 2.6). */
const OTHER_ACCOUNTS = {
  'application-authentication': 'an application account',
  'sts-authentication': 'an application account',
};

function refuseOtherAccounts(request: SignedRequest): void {
  for (const [name, what] of Object.entries(OTHER_ACCOUNTS)) {
    if (!headerText(request, name)) continue;
    const text = `${name}: this local MaxCompute does not take ${what}, only an access key, with a security token or without, and its bearer tokens`;
    throw unauthorized(`ODPS-0410051:Invalid credentials - ${text}`);
  }
}

function checkToken(given: string, { stsToken }: Account): void {
  if (stsToken === null || given === stsToken) return;
  throw unauthorized('ODPS-0410051:Invalid credentials - security token is missing or invalid');
}

/** The text under the signature (protocol 2.1). */
export function stringToSign(request: SignedRequest): string {
  const lines = new Map<string, string>();
  for (const name of ['content-md5', 'content-type', 'date']) lines.set(name, headerText(request, name));
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith('x-odps-')) lines.set(name, `${name}:${headerText(request, name)}`);
  }
  for (const [name, value] of request.query) {
    if (name.startsWith('x-odps-')) lines.set(name, `${name}:${value}`);
  }
  const sorted = [...lines].sort(byName).map(([, line]) => line);
  return [request.method, ...sorted, canonicalResource(request)].join('\n');
}

function canonicalResource(request: SignedRequest): string {
  const pairs = [...request.query].sort(byName).map(([name, value]) => (value ? `${name}=${value}` : name));
  return pairs.length ? `${request.path}?${pairs.join('&')}` : request.path;
}

const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Key of a V4 signature for `date/region/odps/{corporation}_v4_request` (protocol 2.3). */
function scopedKey(accessKey: string, scope: readonly string[], now: number): Buffer {
  const [date = '', region = '', service = '', request = ''] = scope;
  const corporation = /^(\w+)_v4_request$/.exec(request)?.[1];
  if (scope.length !== 4 || service !== 'odps' || !corporation || !isNear(date, now)) {
    throw unauthorized('ODPS-0410042:Invalid signature value - credential scope is invalid');
  }
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  return hmac(hmac(hmac(hmac(`${corporation}_v4${accessKey}`, date), region), service), request);
}

function isNear(day: string, now: number): boolean {
  const days = [now - DAY_MS, now, now + DAY_MS];
  return days.some((time) => new Date(time).toISOString().slice(0, 10).replaceAll('-', '') === day);
}

function checkDate(date: string, now: number): void {
  if (!date) throw new Refusal(400, 'MissingRequiredHeaderError', 'The Date header is missing.');
  const time = Date.parse(date);
  if (Number.isNaN(time)) {
    throw new Refusal(400, 'MalformedHeaderValue', `The Date header "${date}" is no date.`);
  }
  if (Math.abs(time - now) <= SKEW_MS) return;
  // PyODPS reads these three out of the message.
  const fields = [
    `max_interval_date:${SKEW_MS}`,
    `expire_date:${new Date(time + SKEW_MS).toISOString()}`,
    `now_date:${new Date(now).toISOString()}`,
  ];
  throw new Refusal(403, 'RequestTimeTooSkewed', fields.join(','));
}

function headerText(request: SignedRequest, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

const unauthorized = (message: string): Refusal => new Refusal(401, 'Unauthorized', message);
