/** A real HTTP server whose answers a test scripts, and a client with short limits that talks to it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import {
  type MaxCompute,
  type MaxComputeOptions,
  openMaxCompute,
  type RetryEvent,
  type WaitEvent,
} from '../../src/maxcompute/maxcompute.ts';

export interface Seen {
  readonly method: string;
  /** As it came over the wire. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export type Handler = (seen: Seen, response: ServerResponse, request: IncomingMessage) => void;

export interface TestServer {
  readonly origin: string;
  readonly seen: Seen[];
}

export async function listen(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Bodies are read before the handler runs. */
export async function startServer(handler: Handler): Promise<TestServer> {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return; // the client went away
    }
    const one = seenOf(request, Buffer.concat(chunks));
    seen.push(one);
    handler(one, response, request);
  });
  return { origin: `http://${await listen(server)}`, seen };
}

function seenOf(request: IncomingMessage, body: Buffer): Seen {
  const url = request.url ?? '';
  const { pathname, searchParams } = new URL(url, 'http://host');
  return {
    method: request.method ?? '',
    url,
    path: decodeURIComponent(pathname),
    query: searchParams,
    headers: request.headers,
    body,
  };
}

export const KEYS = { accessKeyId: 'AKID', accessKeySecret: 'top-secret-key', securityToken: null };

export interface TestClient {
  readonly client: MaxCompute;
  readonly retries: RetryEvent[];
  readonly waits: WaitEvent[];
}

export function openClient(origin: string, options: Partial<MaxComputeOptions> = {}): TestClient {
  const retries: RetryEvent[] = [];
  const waits: WaitEvent[] = [];
  const client = openMaxCompute({
    endpoint: `${origin}/api`,
    tunnelEndpoint: origin,
    project: 'demo',
    schema: null,
    quota: null,
    region: null,
    credentials: async () => KEYS,
    proxy: null,
    ca: null,
    clock: systemClock,
    onRetry: (event) => retries.push(event),
    onWait: (event) => waits.push(event),
    userAgent: 'maxsink/0.1.0',
    ...options,
    limits: { ...SHORT, ...options.limits },
  });
  onTestFinished(() => client.close());
  return { client, retries, waits };
}

/** Retries without waits; deadlines that no healthy call reaches. */
const SHORT = { retryBaseMs: 1, retryCapMs: 2, transientAttempts: 4 };

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-odps-request-id': `req-${status}` });
  response.end(JSON.stringify(body));
}

export function sendError(response: ServerResponse, status: number, code: string, message = 'said so'): void {
  sendJson(response, status, { Code: code, Message: message });
}

export function sendXml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml', 'x-odps-request-id': 'req-xml' });
  response.end(`<?xml version="1.0"?>${body}`);
}

export function sessionJson(
  status = 'normal',
  blocks: Record<number, number> = {},
  more: object = {},
): object {
  return {
    UploadID: 'S1',
    Status: status,
    Schema: {
      columns: [
        { name: 'id', type: 'bigint', nullable: 'false' },
        { name: 'v', type: 'string' },
      ],
    },
    UploadedBlockList: Object.entries(blocks).map(([id, rows]) => ({
      BlockID: Number(id),
      RecordCount: rows,
    })),
    ...more,
  };
}

/** The code of the SinkError that the promise rejects with, and its message. */
export async function errorOf(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await promise;
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    return { code, message };
  }
  return { code: 'none', message: 'it succeeded' };
}
