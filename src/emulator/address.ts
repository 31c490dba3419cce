import type { IncomingMessage } from 'node:http';

const WITH_PORT = /^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i;

/**
 * `host:port` for addresses in answers: the public one where it was given, else what the client named, because that
 * leads here also through the published port of a container. One call of Java's upserts leaves the port out of Host:
 * then it is the one that was last named with this host, else the address at which the call came in.
 */
export function createAddresses(publicAddress: string | undefined): (request: IncomingMessage) => string {
  const named = new Map<string, string>();
  return (request) => {
    if (publicAddress !== undefined) return publicAddress;
    const host = request.headers.host?.toLowerCase() ?? '';
    const name = WITH_PORT.exec(host)?.[1];
    if (name === undefined) return named.get(host) ?? localAddress(request);
    if (named.size > NAMES) named.clear();
    named.set(name, host);
    return host;
  };
}

/** Anybody can send any name. */
const NAMES = 1000;

function localAddress(request: IncomingMessage): string {
  const { localAddress: address = '127.0.0.1', localPort } = request.socket;
  const plain = address.replace(/^::ffff:/, '');
  return `${plain.includes(':') ? `[${plain}]` : plain}:${localPort}`;
}
