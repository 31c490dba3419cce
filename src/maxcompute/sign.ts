/** Signatures (protocol 2.1 to 2.4). Pure: the time comes in with the request. */
import { createHmac } from 'node:crypto';

export interface Credentials {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  /** Token of a temporary key (STS), or null. */
  readonly securityToken: string | null;
}

export interface Signable {
  readonly method: string;
  /** Path without the endpoint's own prefix, percent-decoded. */
  readonly resource: string;
  /** Decoded values; null or empty: the name alone. */
  readonly query: Readonly<Record<string, string | null>>;
  readonly headers: Readonly<Record<string, string>>;
}

const UNNAMED = ['content-md5', 'content-type', 'date'];

/**
 * The text that is signed: method, three header values, the `x-odps-*` headers and parameters, the
 * resource (protocol 2.1). One sorted map gives this order, as the three come before `x-odps-`.
 */
export function canonicalString(request: Signable): string {
  const lines = new Map(UNNAMED.map((name) => [name, '']));
  for (const [header, value] of Object.entries(request.headers)) {
    const name = header.toLowerCase();
    if (UNNAMED.includes(name)) lines.set(name, value);
    if (name.startsWith('x-odps-')) lines.set(name, `${name}:${value}`);
  }
  for (const [name, value] of Object.entries(request.query)) {
    if (name.startsWith('x-odps-')) lines.set(name, `${name}:${value ?? ''}`);
  }
  const sorted = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
  return [request.method, ...sorted, canonicalResource(request)].join('\n');
}

function canonicalResource({ resource, query }: Signable): string {
  const names = Object.keys(query).sort();
  if (names.length === 0) return resource;
  return `${resource}?${names.map((name) => (query[name] ? `${name}=${query[name]}` : name)).join('&')}`;
}

/** The V4 key and the keys it is derived through (protocol 2.3). `day` is yyyyMMdd in UTC. */
export function deriveKeys(accessKeySecret: string, day: string, region: string) {
  const date = hmac('sha256', `aliyun_v4${accessKeySecret}`, day);
  const regional = hmac('sha256', date, region);
  const service = hmac('sha256', regional, 'odps');
  return { date, region: regional, service, signing: hmac('sha256', service, 'aliyun_v4_request') };
}

/** Value of the `Authorization` header: V4 with a region, else V2. `day` is yyyyMMdd in UTC. */
export function authorize(keys: Credentials, text: string, region: string | null, day: string): string {
  if (region === null) return `ODPS ${keys.accessKeyId}:${sign(keys.accessKeySecret, text)}`;
  const { signing } = deriveKeys(keys.accessKeySecret, day, region);
  return `ODPS ${keys.accessKeyId}/${day}/${region}/odps/aliyun_v4_request:${sign(signing, text)}`;
}

/**
 * The headers of a request completed by `Date`, `Authorization` and, with a temporary key, its token,
 * which is not signed (protocol 2.4). `now` is in ms; the day of a V4 signature comes from it too.
 */
export function signedHeaders(
  request: Signable,
  keys: Credentials,
  region: string | null,
  now: number,
): Record<string, string> {
  const date = new Date(now);
  const headers = { ...request.headers, Date: date.toUTCString() };
  const day = date.toISOString().slice(0, 10).replaceAll('-', '');
  const Authorization = authorize(keys, canonicalString({ ...request, headers }), region, day);
  const token = keys.securityToken ? { 'authorization-sts-token': keys.securityToken } : {};
  return { ...headers, Authorization, ...token };
}

// SHA-1 at the end also in V4, although the key comes from a SHA-256 chain (protocol 2.3).
const sign = (key: string | Buffer, text: string) => hmac('sha1', key, text).toString('base64');

function hmac(hash: string, key: string | Buffer, text: string): Buffer {
  return createHmac(hash, key).update(text, 'utf8').digest();
}
