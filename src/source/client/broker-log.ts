/**
 * Why a connection to a broker failed. Only the client library's log says it: its error events carry
 * the name of a code and come with the next poll, these lines come at once. Pure.
 */
export interface BrokerTrouble {
  /** `host:port`. */
  readonly broker: string;
  readonly kind: TroubleKind;
  /** In words, without the broker. */
  readonly why: string;
}

/**
 * kind         | what it says of the settings
 * credentials  | the broker refuses user, password or client certificate
 * protocol     | protocol or mechanism do not fit the listener
 * certificate  | the broker's certificate is not trusted; why, only another handshake can tell
 * closed       | the broker hangs up before it answers: often the wrong protocol, sometimes a restart
 * network      | nothing: not resolved, refused, no answer
 */
type TroubleKind = 'credentials' | 'protocol' | 'certificate' | 'closed' | 'network';

/** Trying again does not help, and every broker will say the same. */
export const isDecisive = ({ kind }: BrokerTrouble): boolean => kind !== 'closed' && kind !== 'network';

type Row = readonly [pattern: RegExp, kind: TroubleKind, why: string];

/** First match; `$1` is a part of the line. TLS alerts 42 to 48 and 116 are about the client's certificate. */
const ROWS: readonly Row[] = [
  [/SASL authentication error: (.*)/, 'credentials', 'user name or password refused: "$1"'],
  [
    /SASL (\S+) mechanism handshake failed: .*Unsupported.*mechanisms: (.*)/,
    'protocol',
    'this listener does not take the mechanism $1 but: $2',
  ],
  [/mechanism handshake failed: .*SASL state/, 'protocol', 'this listener takes no SASL'],
  [/mechanism handshake failed: Local: Timed out/, 'network', 'no answer'],
  [/mechanism handshake failed: Local: /, 'closed', 'it closes the connection'],
  [/mechanism handshake failed: (.*)/, 'protocol', 'the SASL handshake failed: $1'],
  [/certificate verify failed/, 'certificate', 'its certificate is not trusted'],
  [
    /SSL alert number (?:4[2-68]|116)\b/,
    'credentials',
    'it does not accept the client certificate, or was given none (certFile, keyFile)',
  ],
  [/PLAINTEXT broker listener/, 'protocol', 'this listener does not speak TLS'],
  [/SSL handshake failed: (?:error:\w+:)?(.*)/, 'protocol', 'the TLS handshake failed: $1'],
  [/Connect to \S+ failed: (.*)/, 'network', '$1'],
  [/Failed to resolve '[^']*': (.*)/, 'network', '$1'],
  [/timed out/i, 'network', 'no answer'],
];

const LINE =
  /^\[thrd:.*?\]: (?:(?:[a-z_]+:\/\/)?([^/\s]+)\/\w+|\w+(?:\/\d+)?: ([^/\s]+:\d+)): (.*?)(?: \(after \d+ms in state (\w+).*\))?$/s;

/** States before a broker has answered anything but a greeting; hanging up there tells of the wrong protocol. */
const GREETING = /^(?:APIVERSION_QUERY|AUTH_\w+|SSL_HANDSHAKE|UP)$/;

/** A line of the client's log (`event.log`); severities as syslog has them, 7 for what `debug` asks for. */
export interface LogLine {
  readonly severity: number;
  readonly fac: string;
  readonly message: string;
}

export const DEBUG = 7;

/** The trouble that a log line of facility `FAIL` tells of; null for any other line. */
export function readTrouble({ severity, fac, message: text }: LogLine): BrokerTrouble | null {
  // What is worth telling comes twice then.
  const isFailure = fac === 'FAIL' && severity < DEBUG;
  const [, name, node, message = '', state = ''] = isFailure ? (LINE.exec(text) ?? []) : [];
  const broker = name ?? node;
  if (broker === undefined) return null;
  for (const [pattern, kind, why] of ROWS) {
    const found = pattern.exec(message);
    if (found) return { broker, kind, why: why.replace(/\$(\d)/g, (_, group) => found[Number(group)] ?? '') };
  }
  const closed = /disconnected|closed by peer|(?:Receive|Send) failed/i.test(message);
  if (closed && GREETING.test(state)) return { broker, kind: 'closed', why: 'it closes the connection' };
  return { broker, kind: 'network', why: message };
}
