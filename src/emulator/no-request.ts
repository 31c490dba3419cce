import { randomBytes } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { writeReply } from './answer.ts';
import { errorReply, type Reply } from './errors.ts';
import { httpDate } from './times.ts';

/** As `x-odps-request-id`; one for every answer. */
export const newRequestId = (): string => randomBytes(16).toString('hex').toUpperCase();

/**
 * Answers what never becomes a call as every other refusal is answered, with a code and a request id: bytes that are
 * no HTTP, headers that are too long or too slow, CONNECT, and an Expect that is not 100-continue. The shape is the
 * tunnel's JSON, which both official clients read wherever it comes.
 */
export function answerNoRequests(server: Server): void {
  const answering = new WeakMap<Duplex, ServerResponse>();
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    answering.set(socket, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    // Half an answer is on its way: nothing that is written now would be read as one.
    if (!socket.writable || isHalfSent(answering.get(socket))) return socket.destroy();
    return end(socket, ...problemOf(error));
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) =>
    end(socket, 405, 'MethodNotAllowed', 'CONNECT is not allowed: this is no proxy.'),
  );
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    const requestId = newRequestId();
    const text = `Expect: ${request.headers.expect}: only 100-continue can be met.`;
    const reply = errorReply('tunnel', 417, 'InvalidArgument', text, requestId);
    void writeReply({ request, response, requestId }, reply);
  });
}

const isHalfSent = (response: ServerResponse | undefined): boolean =>
  response?.headersSent === true && !response.writableFinished;

type Problem = [status: number, code: string, text: string];

function problemOf({ code, message }: NodeJS.ErrnoException): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'MaxMessageLengthExceeded', 'The headers are too long.'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return [408, 'RequestTimeout', 'The headers did not come in time.'];
  return [400, 'InvalidArgument', `This is no HTTP request: ${message}.`];
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function end(socket: Duplex, ...[status, code, text]: Problem): void {
  const requestId = newRequestId();
  const { type, body }: Reply = errorReply('tunnel', status, code, text, requestId);
  const lines = [
    `HTTP/1.1 ${status} ${REASONS[status]}`,
    `Content-Type: ${type}`,
    `Content-Length: ${Buffer.byteLength(body as string)}`,
    `x-odps-request-id: ${requestId}`,
    `Date: ${httpDate(Date.now())}`,
    'Connection: close',
  ];
  socket.on('error', () => {});
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body as string}`);
}
