import { createServer, type IncomingMessage, request } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export interface HttpProxy {
  readonly port: number;
  /** `GET http://host:port` and `CONNECT host:port`, once each time. */
  readonly lines: readonly string[];
  readonly stop: () => Promise<void>;
}

/** A forward proxy on 127.0.0.1: CONNECT, and the absolute form for http; with `login` (`user:password`) only for him. */
export async function startHttpProxy(login: string | null = null): Promise<HttpProxy> {
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const wanted = login === null ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const allowed = ({ headers }: IncomingMessage) =>
    wanted === undefined || headers['proxy-authorization'] === wanted;

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url!);
    lines.push(`${incoming.method} ${url.origin}`);
    if (!allowed(incoming)) return void response.writeHead(407).end('who are you?');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const onward = request(url, { method: incoming.method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('connect', (incoming, client: Socket) => {
    lines.push(`CONNECT ${incoming.url}`);
    if (!allowed(incoming))
      return void client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    const [host, port] = incoming.url!.split(':');
    const onward = connect(Number(port), host!, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    client.on('error', () => onward.destroy());
    onward.on('error', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
