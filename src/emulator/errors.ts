import { fields } from './xml.ts';

/** Which of the two protocols a call belongs to: it decides the shape of errors (protocol 10.1). */
export type Family = 'service' | 'tunnel';

/** An answer to the client, before faults and common headers are applied. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly type?: string;
  /** Pieces of unknown number are sent chunked, as the client takes them. */
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array>;
}

export const json = (content: unknown, more: Partial<Reply> = {}): Reply => ({
  status: 200,
  type: 'application/json',
  body: JSON.stringify(content),
  ...more,
});

/** A refusal with HTTP status and the server's own code. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(status: number, code: string, message: string, headers?: Readonly<Record<string, string>>) {
    super(message);
    this.name = 'Refusal';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** A statement that fails: the text, with the service's code, that `?result` of its instance holds. */
export class StatementError extends Error {}

export const malformed = (message: string): Refusal => new Refusal(400, 'MalformedDataStream', message);

/** Tunnel errors are JSON, service errors XML with all four elements: each client reads only its own shape. */
export function errorReply(
  family: Family,
  status: number,
  code: string,
  message: string,
  requestId: string,
): Reply {
  if (family === 'tunnel') {
    return json({ Code: code, Message: message, RequestId: requestId }, { status });
  }
  const parts = fields({ Code: code, Message: message, RequestId: requestId, HostId: 'localhost' });
  return { status, type: 'application/xml', body: `<Error>${parts}</Error>` };
}

/** Anything thrown by a handler, as an answer; what is no refusal is the emulator's own fault. */
export function replyOf(error: unknown, family: Family, requestId: string): Reply {
  if (error instanceof Refusal) {
    const reply = errorReply(family, error.status, error.code, error.message, requestId);
    return error.headers ? { ...reply, headers: error.headers } : reply;
  }
  // What a store or a query refuses, met outside of SQL: no client may repeat it.
  if (error instanceof StatementError)
    return errorReply(family, 400, 'InvalidArgument', error.message, requestId);
  const message = error instanceof Error ? error.message : String(error);
  return errorReply(family, 500, 'InternalServerError', message, requestId);
}
