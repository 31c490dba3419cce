import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { kafkaClass } from './java.ts';
import type { Kafka, KafkaOptions } from './kafka.ts';
import { brokerProperties, type Place, type Ports, QUICK_SESSION_MS } from './kafka-properties.ts';
import { freePort } from './net.ts';
import { type Child, startChild, type TempDir, tempDir } from './process.ts';

const CLUSTER = 'MkU3OEVBNTcwNTJENDM2Qk';

/** One JVM per broker (broker and controller in one), on free ports of 127.0.0.1, data in a folder of its own. */
export async function jarKafka(options: KafkaOptions): Promise<Kafka> {
  const ids = Array.from({ length: options.brokers ?? 1 }, (_, index) => index + 1);
  const protocols = { PLAINTEXT: 'PLAINTEXT', CONTROLLER: 'PLAINTEXT', ...options.listeners };
  const ports = new Map<number, Ports>();
  for (const id of ids) ports.set(id, await portsFor(Object.keys(protocols)));
  const folder = tempDir('maxsink-kafka-');
  const nodes = new Map<number, Child>();
  const heap = options.heapMiB ?? (ids.length > 1 ? 192 : 256);
  const start = async (id: number, ...more: string[]): Promise<void> => {
    const file = path.join(folder.path, `n${id}.properties`);
    const java = kafkaClass('kafka.Kafka', [file, ...more], heap);
    const node = startChild('java', ['-Dkafka.log.level=info', ...java]);
    nodes.set(id, node);
    await node.waitFor('Kafka Server started');
  };
  const stop = () => end(nodes, folder);
  const data = (id: number): string => path.join(folder.path, `n${id}`);
  try {
    const { advertise = {} } = options;
    const place = (id: number): Place => ({ id, data: data(id), ports, protocols, advertise });
    await Promise.all(ids.map((id) => format(folder, place(id), options)));
    await Promise.all(ids.map((id) => start(id)));
  } catch (error) {
    await stop();
    throw error;
  }
  return { ...addresses(ids, ports, options), ...faults(nodes, start), data, stop };
}

async function portsFor(names: string[]): Promise<Ports> {
  const ports = await Promise.all(names.map(freePort));
  return Object.fromEntries(names.map((name, index) => [name, ports[index]!]));
}

function addresses(ids: number[], ports: Map<number, Ports>, { listeners = {} }: KafkaOptions) {
  const of = (name: string) => ids.map((id) => `127.0.0.1:${ports.get(id)![name]}`).join(',');
  const named = Object.keys(listeners).map((name) => [name, of(name)]);
  return { bootstrap: of('PLAINTEXT'), listeners: Object.fromEntries(named) as Record<string, string> };
}

function faults(nodes: Map<number, Child>, start: (id: number, ...more: string[]) => Promise<void>) {
  const signal = async (id: number, name: NodeJS.Signals): Promise<void> => nodes.get(id)!.kill(name);
  return {
    kill: async (id: number) => {
      nodes.get(id)!.kill('SIGKILL');
      await nodes.get(id)!.exited;
    },
    freeze: (id: number) => signal(id, 'SIGSTOP'),
    thaw: (id: number) => signal(id, 'SIGCONT'),
    restart: (id: number) => start(id, '--override', `broker.session.timeout.ms=${QUICK_SESSION_MS}`),
  };
}

/** SIGKILL: a cluster that has lost its quorum would hang on SIGTERM, and the data is thrown away. */
async function end(nodes: Map<number, Child>, folder: TempDir): Promise<void> {
  for (const node of nodes.values()) node.kill('SIGKILL');
  await Promise.all([...nodes.values()].map((node) => node.exited));
  folder.remove();
}

async function format(folder: TempDir, place: Place, { overrides, scram = [] }: KafkaOptions): Promise<void> {
  const file = folder.write(`n${place.id}.properties`, brokerProperties(place, overrides));
  const users = scram.flatMap((user) => ['--add-scram', user]);
  const tool = kafkaClass('kafka.tools.StorageTool', ['format', '-t', CLUSTER, '-c', file, ...users], 128);
  await promisify(execFile)('java', tool, { env: { ...process.env, LC_ALL: 'C.UTF-8' } });
}
