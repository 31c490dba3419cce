import { type Authority, createAuthority, type KeyPair } from '../support/certificates.ts';
import { type Kafka, startOwnKafka } from '../support/kafka.ts';
import type { TempDir } from '../support/process.ts';

/** Password of each user, by mechanism. */
export interface Users {
  readonly plain: Readonly<Record<string, string>>;
  readonly scram256: Readonly<Record<string, string>>;
  readonly scram512: Readonly<Record<string, string>>;
}

export interface SecureKafka extends Kafka {
  readonly authority: Authority;
  /** Whom the broker does not know. */
  readonly stranger: Authority;
  /** Client certificate; the broker calls its owner `CN=client`. */
  readonly client: KeyPair;
  readonly strangeClient: KeyPair;
}

const LISTENERS = {
  SASLPLAIN: 'SASL_PLAINTEXT',
  SASLTLS: 'SASL_SSL',
  ONLYPLAIN: 'SASL_PLAINTEXT',
  /** Clients sign in again every few seconds. */
  REAUTH: 'SASL_PLAINTEXT',
  MTLS: 'SSL',
  TLS: 'SSL',
  WRONGHOST: 'SSL',
} as const;
const SASL = ['saslplain', 'sasltls', 'onlyplain', 'reauth'];

/**
 * One broker with an authorizer and every kind of listener. The listener without security is its back door:
 * whoever comes there, or by TLS without a certificate, is `ANONYMOUS` and may do everything.
 */
export async function startSecureKafka(folder: TempDir, users: Users): Promise<SecureKafka> {
  const [authority, stranger] = await Promise.all([
    createAuthority(folder),
    createAuthority(folder, 'stranger-ca'),
  ]);
  const [server, wrongHost, client, strangeClient] = await Promise.all([
    authority.issue('broker'),
    authority.issue('wrong-host', 'DNS:broker.example'),
    authority.issue('client'),
    stranger.issue('strange-client'),
  ]);
  const kafka = await startOwnKafka({
    listeners: LISTENERS,
    scram: [...scram('SCRAM-SHA-256', users.scram256), ...scram('SCRAM-SHA-512', users.scram512)],
    overrides: {
      ...signIn(users),
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': server.bothFile,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.caFile,
      'listener.name.wronghost.ssl.keystore.type': 'PEM',
      'listener.name.wronghost.ssl.keystore.location': wrongHost.bothFile,
      'listener.name.mtls.ssl.client.auth': 'required',
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      'super.users': 'User:ANONYMOUS',
    },
  });
  return { ...kafka, authority, stranger, client, strangeClient };
}

/** `--add-scram` takes no comma, bracket or double quote in a password. */
const scram = (mechanism: string, users: Users['plain']): string[] =>
  Object.entries(users).map(([name, password]) => `${mechanism}=[name=${name},password="${password}"]`);

function signIn({ plain }: Users): Record<string, string> {
  const known = Object.entries(plain).map(([name, password]) => `user_${name}="${inJaas(password)}"`);
  const modules: Record<string, string> = {
    plain: `${MODULES}.plain.PlainLoginModule required ${known.join(' ')};`,
    'scram-sha-256': `${MODULES}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${MODULES}.scram.ScramLoginModule required;`,
  };
  const lines = SASL.flatMap((listener) =>
    Object.entries(modules).map(([mechanism, module]) => [
      `listener.name.${listener}.${mechanism}.sasl.jaas.config`,
      inProperties(module),
    ]),
  );
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.onlyplain.sasl.enabled.mechanisms': 'PLAIN',
    'listener.name.reauth.connections.max.reauth.ms': '3000',
    ...Object.fromEntries(lines),
  };
}

const MODULES = 'org.apache.kafka.common.security';
const inJaas = (password: string): string => password.replace(/[\\"]/g, '\\$&');
/** A properties file is Latin-1 and eats backslashes. */
const inProperties = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
