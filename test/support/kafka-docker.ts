import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import type { Kafka, KafkaOptions } from './kafka.ts';
import { freePort } from './net.ts';

const IMAGE = process.env.TEST_KAFKA_IMAGE ?? 'apache/kafka:4.1.0';

/** One broker in a container; its port is the same inside and outside, since clients follow the advertised one. */
export async function dockerKafka({ overrides = {}, brokers = 1, advertise }: KafkaOptions): Promise<Kafka> {
  if (brokers !== 1) throw new Error('TEST_KAFKA=docker has one broker; unset it for a cluster');
  if (advertise) throw new Error('TEST_KAFKA=docker advertises its own port; unset it for a proxy');
  const port = await freePort();
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: port, host: port })
    .withEnvironment(environment(port, overrides))
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .start();
  return {
    bootstrap: `127.0.0.1:${port}`,
    listeners: {},
    ...faults(container),
    data: () => {
      throw new Error('the data of a container is out of reach');
    },
    stop: async () => void (await container.stop()),
  };
}

/** The image takes properties as `KAFKA_` + name in upper snake case. */
function environment(
  port: number,
  overrides: NonNullable<KafkaOptions['overrides']>,
): Record<string, string> {
  const all = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': '1@localhost:9093',
    listeners: `PLAINTEXT://:${port},CONTROLLER://:9093`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
    ...overrides,
  };
  const variable = (name: string) => `KAFKA_${name.replaceAll('.', '_').toUpperCase()}`;
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [variable(name), String(value)]));
}

function faults(container: StartedTestContainer) {
  const signal = (name: string) => async () => {
    await container.exec(['sh', '-c', `kill -${name} 1`]);
  };
  return {
    kill: signal('KILL'),
    freeze: signal('STOP'),
    thaw: signal('CONT'),
    restart: () => container.restart(),
  };
}
