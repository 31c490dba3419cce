import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AuthFront {
  /** The address of the service behind, as it is seen through here. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** In front of an http service: only requests with this `Authorization` get through, others 401. */
export async function startAuthFront(behind: string, authorization: string): Promise<AuthFront> {
  const target = new URL(behind);
  const server = createServer((incoming, response) => {
    if (incoming.headers.authorization !== authorization)
      return void response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"message":"Unauthorized"}');
    const { method, headers, url } = incoming;
    const onward = request(new URL(url!, target), { method: method!, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${target.pathname}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
