import { fileURLToPath } from 'node:url';
import type { Child, Children } from './children.ts';
import type { ClusterMessage, ProducerMessage } from './messages.ts';

/** The four processes of the demo, each started until it is ready. */
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const CLI = here('../cli.js');
const CONFIG = here('../../config/demo.yaml');

const READY_MS = 30_000;

export interface Started<T> {
  readonly child: Child;
  readonly at: T;
}

export interface KafkaPart {
  readonly brokers: string;
  readonly topicPartitions: number;
}

/** The built-in Kafka, or the topic on a real one, which goes when the process is ended. */
export function startCluster(
  children: Children,
  topic: string,
  brokers?: string,
): Promise<Started<KafkaPart>> {
  return started(children, 'Kafka', (resolve, reject) =>
    children.start({
      name: 'the Kafka process',
      args: [here('cluster-process.js'), topic, ...(brokers === undefined ? [] : [brokers])],
      onMessage: (given) => {
        const message = given as ClusterMessage;
        if (message.kind === 'started') resolve(message);
        else reject(new Error(`Kafka at ${brokers ?? '127.0.0.1'}: ${message.message}`));
      },
    }),
  );
}

/** The local MaxCompute; its service endpoint. */
export function startMaxCompute(children: Children, accessKey: string): Promise<Started<string>> {
  const account = ['--project', 'demo', '--access-id', 'demo', '--access-key', accessKey];
  return started(children, 'the local MaxCompute', (resolve, reject) => {
    let endpoint = '';
    return children.start({
      name: 'the local MaxCompute',
      args: [CLI, 'emulator', '--port', '0', ...account],
      onLine: (line) => {
        endpoint = /^emulator ready endpoint=(\S+)/.exec(line)?.[1] ?? endpoint;
        if (line.startsWith('rows are counted only')) reject(new Error(`the demo asks in SQL, but ${line}`));
        else if (line.startsWith('rows are')) resolve(endpoint);
      },
    });
  });
}

export interface ServiceEnvironment {
  readonly topic: string;
  readonly brokers: string;
  readonly endpoint: string;
  readonly accessKey: string;
  readonly deadLetters: string;
}

/** The service itself; the URL of its metrics. */
export function startService(
  children: Children,
  given: ServiceEnvironment,
  onLog: (line: Record<string, unknown>) => void,
): Promise<Started<string>> {
  return started(children, 'maxsink', (resolve) =>
    children.start({
      name: 'maxsink',
      args: [CLI, 'run', '--config', CONFIG],
      env: {
        DEMO_TOPIC: given.topic,
        DEMO_BROKERS: given.brokers,
        DEMO_ENDPOINT: given.endpoint,
        DEMO_ACCESS_KEY: given.accessKey,
        DEMO_DEAD_LETTERS: given.deadLetters,
      },
      onLine: (text) => {
        const line = parseLine(text);
        if (line.msg === 'http listening') resolve(`http://127.0.0.1:${line.port}`);
        onLog(line);
      },
    }),
  );
}

function parseLine(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { msg: text };
  }
}

export interface ProducerOptions extends KafkaPart {
  readonly topic: string;
  readonly records: number;
  readonly seconds: number;
}

export function startProducer(
  children: Children,
  { brokers, topic, topicPartitions, records, seconds }: ProducerOptions,
  onMessage: (message: ProducerMessage) => void,
): Child {
  const numbers = [topicPartitions, records, seconds].map(String);
  return children.start({
    name: 'the producer',
    args: [here('producer-process.js'), brokers, topic, ...numbers],
    onMessage: (message) => onMessage(message as ProducerMessage),
  });
}

/** Resolves with what the part says when it is ready; rejects when a part ends, fails, or takes too long. */
async function started<T>(
  { signal }: Children,
  name: string,
  start: (resolve: (at: T) => void, reject: (error: Error) => void) => Child,
): Promise<Started<T>> {
  signal.throwIfAborted();
  let child: Child | undefined;
  let timer: NodeJS.Timeout | undefined;
  const ready = new Promise<T>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    const late = () =>
      reject(new Error(`${name} is not ready after ${READY_MS / 1000} s\n${child?.lastLines()}`));
    timer = setTimeout(late, READY_MS);
    child = start(resolve, reject);
  });
  const at = await ready.finally(() => clearTimeout(timer));
  return { child: child!, at };
}
