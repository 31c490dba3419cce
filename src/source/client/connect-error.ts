import { SinkError } from '../../errors.ts';
import { type BrokerTrouble, isDecisive, type LogLine, readTrouble } from './broker-log.ts';
import { probeTls } from './tls-probe.ts';

/** librdkafka properties that tell where and how the client connects. */
export type ConnectionProperties = Readonly<Record<string, unknown>>;

/** The failures of the brokers while a connection is tried. */
export interface Attempts {
  /** A line of the client's log. */
  note(line: LogLine): void;
  /** Every broker has said, twice in a row, what no further attempt will change. */
  hopeless(): boolean;
  /** The last trouble of each broker, those that decide first. */
  troubles(): readonly BrokerTrouble[];
}

export function createAttempts(properties: ConnectionProperties): Attempts {
  const brokers = bootstrapOf(properties).length;
  const last = new Map<string, { trouble: BrokerTrouble; inARow: number }>();
  return {
    note(line) {
      const trouble = readTrouble(line);
      if (!trouble) return;
      const before = last.get(trouble.broker);
      // A broker that refuses may also just hang up, which says less.
      if (trouble.kind === 'closed' && before && isDecisive(before.trouble)) return;
      const inARow = isDecisive(trouble) ? (before?.inARow ?? 0) + 1 : 0;
      last.set(trouble.broker, { trouble, inARow });
    },
    hopeless: () => last.size >= brokers && [...last.values()].every(({ inARow }) => inARow >= 2),
    troubles: () =>
      [...last.values()]
        .map(({ trouble }) => trouble)
        .sort((a, b) => Number(isDecisive(b)) - Number(isDecisive(a))),
  };
}

const PROBE_MS = 2_000;
const SHOWN = 3;

/**
 * `config_invalid` when the client did not even start, `kafka_auth` when a broker answered and the settings
 * do not suit it, else `kafka_unreachable`.
 */
export async function connectError(
  properties: ConnectionProperties,
  troubles: readonly BrokerTrouble[],
  timeoutMs: number,
  cause: unknown,
): Promise<SinkError> {
  const wrong = troubles.length === 0 ? refusedSettings(cause) : null;
  if (wrong !== null)
    return new SinkError('config_invalid', `kafka.security or kafka.options: ${wrong}`, cause);
  const silent = bootstrapOf(properties).map((broker) => `${broker}: no answer within ${timeoutMs / 1000} s`);
  const known = await Promise.all(troubles.slice(0, SHOWN).map((trouble) => explain(properties, trouble)));
  const reasons = known.length > 0 ? known : silent.slice(0, SHOWN);
  const refused = troubles.some((trouble) => trouble.kind !== 'network');
  const message = `no connection to the brokers (${signIn(properties)}): ${reasons.join('; ')}`;
  return new SinkError(refused ? 'kafka_auth' : 'kafka_unreachable', message, cause);
}

/** The client parses its own messages: what stood before the colon is the `origin` then, and there is no code. */
function refusedSettings(cause: unknown): string | null {
  const { code, origin, message } = (cause ?? {}) as { code?: number; origin?: string; message?: string };
  if (code !== -1 || message === undefined) return null;
  return origin === undefined || origin === 'unknown' ? message : `${origin}: ${message}`;
}

async function explain(
  properties: ConnectionProperties,
  { broker, kind, why }: BrokerTrouble,
): Promise<string> {
  if (kind === 'certificate') {
    const finding = await probe(properties, broker);
    return `${broker}: ${typeof finding === 'object' && finding !== null ? finding.why : why}`;
  }
  if (kind !== 'closed') return `${broker}: ${why}`;
  const protocol = text(properties, 'security.protocol') ?? 'plaintext';
  const speaksTls = !protocol.endsWith('ssl') && (await probe(properties, broker)) !== null;
  const meant = speaksTls
    ? 'this listener speaks TLS'
    : `the listener may be meant for another protocol than ${protocol}`;
  return `${broker}: ${why}: ${meant}`;
}

function probe(properties: ConnectionProperties, broker: string) {
  const [, host, port] = /^\[?(.*?)\]?:(\d+)$/.exec(broker)!;
  const place = {
    host: host!,
    port: Number(port),
    caFile: text(properties, 'ssl.ca.location'),
    certFile: text(properties, 'ssl.certificate.location'),
    keyFile: text(properties, 'ssl.key.location'),
  };
  return probeTls(place, PROBE_MS).catch(() => null);
}

const bootstrapOf = (properties: ConnectionProperties): string[] =>
  (text(properties, 'bootstrap.servers') ?? '')
    .split(',')
    .map((address) => address.trim().replace(/^\w+:\/\//, ''));

const text = (properties: ConnectionProperties, name: string): string | null => {
  const value = properties[name];
  return typeof value === 'string' ? value : null;
};

/** How the client signs in, without anything secret. */
function signIn(properties: ConnectionProperties): string {
  const parts = [
    ['protocol', text(properties, 'security.protocol') ?? 'plaintext'],
    ['mechanism', text(properties, 'sasl.mechanisms')],
    ['user', text(properties, 'sasl.username')],
  ];
  return parts
    .filter(([, value]) => value !== null)
    .map((part) => part.join(' '))
    .join(', ');
}
