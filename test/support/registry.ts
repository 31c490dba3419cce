import path from 'node:path';
import type { KeyPair } from './certificates.ts';
import { LIGHT_JVM } from './java.ts';
import { freePort } from './net.ts';
import { type Child, startChild, tempDir } from './process.ts';
import { fetchedPart } from './project.ts';
import { until } from './until.ts';

/** A running schema registry with the API of Confluent's. */
export interface Registry {
  /** `http://127.0.0.1:PORT/apis/ccompat/v7`: the client's `host`. */
  readonly url: string;
  /** The same over TLS, when it was started with a certificate. */
  readonly tlsUrl: string;
  /** Registers `schema` under `subject` and returns its id. */
  readonly register: (
    subject: string,
    schema: object | string,
    type?: 'AVRO' | 'JSON' | 'PROTOBUF',
  ) => Promise<number>;
  /** `kill -9`: connections are refused until `start`. */
  readonly kill: () => Promise<void>;
  /** Starts it again: same port, same schemas, same ids. */
  readonly start: () => Promise<void>;
  readonly restart: () => Promise<void>;
  /** Stops answering without closing connections. */
  readonly freeze: () => void;
  readonly thaw: () => void;
  readonly stop: () => Promise<void>;
}

/**
 * Apicurio Registry from its published artifact; schemas are kept in a file, so that a restart keeps the ids.
 * With a certificate it speaks TLS besides, on a port of its own.
 */
export async function startRegistry(certificate: KeyPair | null = null): Promise<Registry> {
  const [port, tlsPort, folder] = [await freePort(), await freePort(), tempDir('maxsink-registry-')];
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  // What is registered is on the disk before it is answered: a kill may come at once.
  const settings = 'DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0';
  const database = `jdbc:h2:file:${path.join(folder.path, 'registry')};${settings}`;
  let child: Child;
  const start = async (): Promise<void> => {
    child = startChild(
      'java',
      commandLine(port, database, certificate && tlsArguments(tlsPort, certificate)),
    );
    await ready(url, child);
  };
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await child.exited;
  };
  const stop = async (): Promise<void> => {
    await kill();
    folder.remove();
  };
  await start().catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    url,
    tlsUrl: `https://127.0.0.1:${tlsPort}/apis/ccompat/v7`,
    register: (subject, schema, type = 'AVRO') => register(url, subject, schema, type),
    kill,
    start,
    restart: async () => {
      await kill();
      await start();
    },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    stop,
  };
}

const tlsArguments = (port: number, { certFile, keyFile }: KeyPair): string[] => [
  `-Dquarkus.http.ssl-port=${port}`,
  `-Dquarkus.http.ssl.certificate.files=${certFile}`,
  `-Dquarkus.http.ssl.certificate.key-files=${keyFile}`,
  '-Dquarkus.http.insecure-requests=enabled',
];

const commandLine = (port: number, database: string, more: readonly string[] | null): string[] => [
  '-Xmx384m',
  ...LIGHT_JVM,
  '-Dquarkus.http.host=127.0.0.1',
  `-Dquarkus.http.port=${port}`,
  `-Dapicurio.datasource.url=${database}`,
  '-Dapicurio.datasource.jdbc.initial-size=2',
  '-Dapicurio.datasource.jdbc.min-size=2',
  // It ends when its database has not opened within 5 s, which a busy machine may take.
  '-Dquarkus.datasource.h2.jdbc.acquisition-timeout=300',
  ...(more ?? []),
  '-jar',
  fetchedPart('registry', 'registry.jar'),
];

async function ready(url: string, child: Child): Promise<void> {
  const answers = async (): Promise<boolean> => {
    if (!child.running()) throw new Error(`the registry ended:\n${child.tail()}`);
    return fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2000) }).then(
      (answer) => answer.ok,
      () => false,
    );
  };
  await until(answers, { what: 'the registry answers' });
}

async function register(
  url: string,
  subject: string,
  schema: object | string,
  schemaType: string,
): Promise<number> {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  const answer = await fetch(`${url}/subjects/${encodeURIComponent(subject)}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: text, schemaType }),
  });
  if (!answer.ok) throw new Error(`registering ${subject}: ${answer.status} ${await answer.text()}`);
  return ((await answer.json()) as { id: number }).id;
}
