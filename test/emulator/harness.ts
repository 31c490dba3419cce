import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../src/emulator/server.ts';

/** A client written from the protocol page alone, so that the emulator is not asked by its own code. */
const ACCOUNT = { project: 'demo', accessId: 'test-id', accessKey: 'test-key' };

export const start = (options: Partial<EmulatorOptions> = {}): Promise<Emulator> =>
  startEmulator({ ...ACCOUNT, ...options });

/** The client's clock: moved together with the emulator's. */
export const clientClock = { now: () => Date.now() };

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  bytes: Buffer;
  json: Record<string, unknown>;
}

export interface Sent {
  method?: string;
  query?: Record<string, string>;
  body?: Uint8Array | string;
  headers?: Record<string, string>;
  date?: Date;
  accessKey?: string;
  accessId?: string;
  chunked?: boolean;
  /** Signs with V4 for this region. */
  region?: string;
}

/** One request signed with V2 or V4 (protocol 2); an empty value is sent bare. Rejects when the connection is cut. */
export function call(base: string, path: string, sent: Sent = {}): Promise<Answer> {
  const { method = 'GET', query = {}, body, headers = {} } = sent;
  const prefix = new URL(base).pathname.replace(/\/$/, '');
  const all: Record<string, string> = {
    Date: (sent.date ?? new Date(clientClock.now())).toUTCString(),
    ...headers,
  };
  const plain = Object.entries(query)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => (value ? `${key}=${value}` : key))
    .join('&');
  const lower = new Map(Object.entries(all).map(([key, value]) => [key.toLowerCase(), value]));
  const odps = [...lower].filter(([key]) => key.startsWith('x-odps-')).sort();
  const text = [
    method,
    lower.get('content-md5') ?? '',
    lower.get('content-type') ?? '',
    lower.get('date') ?? '',
    ...odps.map(([key, value]) => `${key}:${value}`),
    plain ? `${path}?${plain}` : path,
  ].join('\n');
  const { key, scope } = signingKey(sent, all.Date!);
  const signature = createHmac('sha1', key).update(text).digest('base64');
  all.Authorization = `ODPS ${sent.accessId ?? ACCOUNT.accessId}${scope}:${signature}`;
  if (!sent.chunked) all['Content-Length'] = String(body === undefined ? 0 : Buffer.byteLength(body));
  const search = Object.entries(query)
    .map(([key, value]) => (value ? `${encodeURIComponent(key)}=${encodeURIComponent(value)}` : key))
    .join('&');
  return exchange(new URL(base), `${prefix}${path}${search ? `?${search}` : ''}`, method, all, body);
}

function signingKey({ accessKey = ACCOUNT.accessKey, region }: Sent, date: string) {
  if (!region) return { key: accessKey, scope: '' };
  const day = new Date(date).toISOString().slice(0, 10).replaceAll('-', '');
  let key: string | Buffer = `aliyun_v4${accessKey}`;
  for (const part of [day, region, 'odps', 'aliyun_v4_request'])
    key = createHmac('sha256', key).update(part).digest();
  return { key, scope: `/${day}/${region}/odps/aliyun_v4_request` };
}

function exchange(
  base: URL,
  path: string,
  method: string,
  headers: Record<string, string>,
  body: Uint8Array | string | undefined,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: base.hostname,
      port: base.port,
      path,
      method,
      headers,
      agent: false,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(pieces);
        const text = bytes.toString('utf8');
        const isJson = response.headers['content-type'] === 'application/json';
        const json = isJson ? JSON.parse(text) : {};
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text, bytes, json });
      });
    });
    request.end(body);
  });
}

const TABLE = '/projects/demo/tables';

export interface Target {
  table: string;
  tablePartition?: string;
}

const where = ({ tablePartition }: Target): Record<string, string> =>
  tablePartition === undefined ? {} : { partition: tablePartition };

export const createUpload = (emulator: Emulator, target: Target, query: Record<string, string> = {}) =>
  call(emulator.tunnelEndpoint, `${TABLE}/${target.table}`, {
    method: 'POST',
    query: { uploads: '', ...where(target), ...query },
  });

export const putBlock = (
  emulator: Emulator,
  target: Target,
  uploadId: string,
  block: number | string,
  body: Uint8Array,
  headers: Record<string, string> = {},
  query: Record<string, string> = {},
) =>
  call(emulator.tunnelEndpoint, `${TABLE}/${target.table}`, {
    method: 'PUT',
    query: { uploadid: uploadId, blockid: String(block), ...where(target), ...query },
    body,
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
    chunked: true,
  });

export const uploadStatus = (emulator: Emulator, target: Target, uploadId: string) =>
  call(emulator.tunnelEndpoint, `${TABLE}/${target.table}`, {
    query: { uploadid: uploadId, ...where(target) },
  });

export const commitUpload = (emulator: Emulator, target: Target, uploadId: string) =>
  call(emulator.tunnelEndpoint, `${TABLE}/${target.table}`, {
    method: 'POST',
    query: { uploadid: uploadId, ...where(target) },
  });

/** A whole upload of one block. */
export async function upload(emulator: Emulator, target: Target, body: Uint8Array): Promise<string> {
  const id = String((await createUpload(emulator, target)).json.UploadID);
  const put = await putBlock(emulator, target, id, 0, body);
  if (put.status !== 200) throw new Error(put.body);
  await commitUpload(emulator, target, id);
  return id;
}

export interface SqlAnswer {
  status: string;
  text: string;
}

/** Submits a statement as PyODPS does and polls it to its end. */
export async function sql(
  emulator: Emulator,
  query: string,
  settings: Record<string, string> = {},
): Promise<SqlAnswer> {
  const property = `<Property><Name>settings</Name><Value>${JSON.stringify(settings)}</Value></Property>`;
  const task = `<SQL><Name>mytask</Name><Config>${property}</Config><Query><![CDATA[${query}]]></Query></SQL>`;
  const body = `<Instance><Job><Priority>9</Priority><Tasks>${task}</Tasks></Job></Instance>`;
  const path = '/projects/demo/instances';
  const headers = { 'Content-Type': 'application/xml' };
  const submitted = await call(emulator.endpoint, path, { method: 'POST', body, headers });
  if (submitted.status !== 201) throw new Error(submitted.body);
  const id = String(submitted.headers.location).split('/').at(-1);
  for (;;) {
    const { body: state } = await call(emulator.endpoint, `${path}/${id}`);
    if (state.includes('Terminated')) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const result = await call(emulator.endpoint, `${path}/${id}`, { query: { result: '' } });
  const [, name, text = '', status = ''] =
    /<Name>(.*?)<\/Name><Result[^>]*>(.*?)<\/Result><Status>(\w+)<\/Status>/.exec(result.body) ?? [];
  if (name !== 'mytask') throw new Error(result.body);
  return { status, text: Buffer.from(text, 'base64').toString('utf8') };
}

/** Values of integer, text and time columns, and of arrays of integers. */
export type TestValue =
  | bigint
  | number
  | string
  | { seconds: bigint; nanos: bigint }
  | readonly number[]
  | null;

/** A record stream (protocol 5) of rows whose columns are what their values look like. */
export function encode(rows: readonly (readonly TestValue[])[]): Buffer {
  const out: number[] = [];
  const checks: number[] = [];
  for (const row of rows) {
    const fed: number[] = [];
    row.forEach((value, index) => {
      if (value !== null) encodeValue(index + 1, value, out, fed);
    });
    const crc = crc32c(fed);
    checks.push(...littleEndian(BigInt(crc), 4));
    out.push(...varint(33553408n * 8n), ...varint(BigInt(crc)));
  }
  out.push(...varint(33554430n * 8n), ...varint(zigzag(BigInt(rows.length))));
  out.push(...varint(33554431n * 8n), ...varint(BigInt(crc32c(checks))));
  return Buffer.from(out);
}

function encodeValue(column: number, value: Exclude<TestValue, null>, out: number[], fed: number[]): void {
  fed.push(...littleEndian(BigInt(column), 4));
  if (typeof value === 'string') {
    const bytes = [...Buffer.from(value)];
    fed.push(...bytes);
    out.push(...varint(BigInt(column * 8 + 2)), ...varint(BigInt(bytes.length)), ...bytes);
  } else if (Array.isArray(value)) {
    for (const item of value) fed.push(...littleEndian(BigInt(item), 8));
    const items = value.flatMap((item) => [0, ...varint(zigzag(BigInt(item)))]);
    out.push(...varint(BigInt(column * 8 + 2)), ...varint(BigInt(value.length)), ...items);
  } else if (typeof value === 'object' && 'seconds' in value) {
    fed.push(...littleEndian(value.seconds, 8), ...littleEndian(value.nanos, 4));
    out.push(
      ...varint(BigInt(column * 8 + 2)),
      ...varint(zigzag(value.seconds)),
      ...varint(zigzag(value.nanos)),
    );
  } else {
    const number = BigInt(value as number | bigint);
    fed.push(...littleEndian(number, 8));
    out.push(...varint(BigInt(column * 8)), ...varint(zigzag(number)));
  }
}

const zigzag = (value: bigint): bigint => BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));

function varint(value: bigint): number[] {
  return value < 128n ? [Number(value)] : [Number(value & 127n) | 128, ...varint(value >> 7n)];
}

function littleEndian(value: bigint, size: number): number[] {
  return Array.from({ length: size }, (_, index) => Number((value >> BigInt(8 * index)) & 255n));
}

function crc32c(bytes: readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
