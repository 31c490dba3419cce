import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';

export interface TlsPlace {
  readonly host: string;
  readonly port: number;
  /** PEM files, or null. */
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
}

/** What stands at an address: null when it does not speak TLS, else why its certificate is not trusted, or `trusted`. */
export type TlsFinding = 'trusted' | { readonly why: string } | null;

/**
 * A TLS handshake of our own: the Kafka client says no more than "certificate verify failed" of an unknown
 * authority, a wrong host name and a certificate that has expired alike.
 */
export function probeTls(place: TlsPlace, timeoutMs: number): Promise<TlsFinding> {
  const { host, port, caFile, certFile, keyFile } = place;
  const files = { ca: caFile, cert: certFile, key: keyFile };
  const given = Object.entries(files).filter((pair): pair is [string, string] => pair[1] !== null);
  const pem = Object.fromEntries(given.map(([name, file]) => [name, readFileSync(file)]));
  return new Promise((resolve) => {
    // The name is judged below, with the rest.
    const unchecked = { rejectUnauthorized: false, checkServerIdentity: () => undefined };
    const socket = connect({ host, port, ...pem, ...unchecked, ...(isIP(host) ? {} : { servername: host }) });
    const end = (finding: TlsFinding) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(finding);
    };
    const timer = setTimeout(end, timeoutMs, null);
    socket.once('error', () => end(null));
    socket.once('secureConnect', () => end(judge(socket, place)));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
};

function judge(socket: TLSSocket, { host, caFile }: TlsPlace): TlsFinding {
  const certificate = socket.getPeerCertificate();
  const code = socket.authorizationError as unknown as string | null;
  const wrongs: string[] = [];
  if (code !== null) wrongs.push(REASONS[code] ?? `is signed by ${signerOf(certificate, caFile)}`);
  if (checkServerIdentity(host, certificate)) wrongs.push(`is for ${namesOf(certificate)}, not for ${host}`);
  return wrongs.length === 0 ? 'trusted' : { why: `its certificate ${wrongs.join(' and ')}` };
}

const signerOf = ({ issuer }: PeerCertificate, caFile: string | null): string =>
  `${JSON.stringify(String(issuer?.CN ?? issuer?.O ?? 'nobody'))}, ${
    caFile === null ? 'which the system does not trust: set caFile' : `which ${caFile} does not hold`
  }`;

const namesOf = ({ subjectaltname, subject }: PeerCertificate): string =>
  subjectaltname ?? String(subject?.CN ?? 'no name');
