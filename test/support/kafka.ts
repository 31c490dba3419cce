import { dockerKafka } from './kafka-docker.ts';
import { jarKafka } from './kafka-jars.ts';

export interface KafkaOptions {
  /** 3 brokers have replication factor 3. */
  readonly brokers?: number;
  /** Broker properties that replace the harness's. */
  readonly overrides?: Record<string, string | number | boolean>;
  /** Further listeners, name -> security protocol: `{SASLPLAIN: 'SASL_PLAINTEXT'}`. */
  readonly listeners?: Record<string, 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL'>;
  /** Listener -> port that its clients are told to use instead of its own: that of a proxy. One broker. */
  readonly advertise?: Readonly<Record<string, number>>;
  /** SCRAM users, made when the broker is formatted: `SCRAM-SHA-512=[name=sink,password=x]`. */
  readonly scram?: readonly string[];
  readonly heapMiB?: number;
}

/** A running cluster. Brokers are numbered from 1. */
export interface Kafka {
  /** `127.0.0.1:PORT[,...]`, without security. */
  readonly bootstrap: string;
  /** Addresses of the further listeners, by name. */
  readonly listeners: Readonly<Record<string, string>>;
  /** `kill -9`; the data stays. */
  readonly kill: (broker: number) => Promise<void>;
  /** Stops the broker's process without ending it: connections hang. */
  readonly freeze: (broker: number) => Promise<void>;
  readonly thaw: (broker: number) => Promise<void>;
  /** Starts a killed broker again: same port, same data. */
  readonly restart: (broker: number) => Promise<void>;
  /** Folder that holds the broker's logs, one folder per topic partition. */
  readonly data: (broker: number) => string;
  readonly stop: () => Promise<void>;
}

/**
 * A real Kafka. `TEST_KAFKA=host:port` uses one that runs already; `TEST_KAFKA=docker` starts a container;
 * otherwise the broker is started from its published Java artifacts, which needs Java and no Docker.
 */
export async function startKafka(options: KafkaOptions = {}): Promise<Kafka> {
  const wanted = process.env.TEST_KAFKA ?? '';
  if (wanted === 'docker') return dockerKafka(options);
  if (wanted !== '') return foreignKafka(wanted);
  return startOwnKafka(options);
}

/** From the Java artifacts whatever `TEST_KAFKA` says: for further listeners. */
export const startOwnKafka = (options: KafkaOptions): Promise<Kafka> => twice(() => jarKafka(options));

/** A free port can be taken before the broker binds it: one more try with other ports. */
async function twice<T>(start: () => Promise<T>): Promise<T> {
  try {
    return await start();
  } catch (error) {
    if (!/Address already in use|BindException|SocketServer failed/.test(String(error))) throw error;
    return start();
  }
}

function foreignKafka(bootstrap: string): Kafka {
  const refuse = () => Promise.reject(new Error(`the broker at TEST_KAFKA=${bootstrap} is not ours to stop`));
  const faults = { kill: refuse, freeze: refuse, thaw: refuse, restart: refuse };
  const data = () => {
    throw new Error(`the data of the broker at TEST_KAFKA=${bootstrap} is out of reach`);
  };
  return { bootstrap, listeners: {}, ...faults, data, stop: async () => {} };
}
