import { connectProducer, createProducer, type Producer, promised } from '../client/client.ts';
import { type KafkaSettings, producerProperties } from '../client/settings.ts';
import { within } from '../client/within.ts';

/** Writes messages over a connection that is made when the first is sent. */
export interface MessageProducer {
  /**
   * Resolves when all in-sync replicas have it. Rejects with the client's fault (its `code` is Kafka's number)
   * when that is not known: the message may be there all the same. Null and empty keys and values are kept apart;
   * a header without a value has an empty one, as this client reads it.
   */
  send(topic: string, key: Payload, value: Payload, headers?: readonly OutgoingHeader[]): Promise<void>;
  /** Ends the connection within `ms`; what is not taken then never will be. */
  close(ms: number): Promise<void>;
}

type Payload = string | Uint8Array | null;

export interface OutgoingHeader {
  readonly name: string;
  readonly value: string | Uint8Array | null;
}

const CONNECT_MS = 5_000;
const POLL_MS = 50;

interface Report {
  readonly opaque?: unknown;
}

export function openProducer(kafka: KafkaSettings): MessageProducer {
  const pending = new Map<number, (error: unknown) => void>();
  /** Null: not connected; one that could not connect is given up, and the next attempt makes a new one. */
  let connection: Promise<Producer> | null = null;
  let closed = false;
  let last = 0;

  async function connect(): Promise<Producer> {
    const producer = createProducer(producerProperties(kafka));
    producer.on('delivery-report', (error: unknown, { opaque }: Report) =>
      pending.get(Number(opaque))?.(error),
    );
    try {
      await connectProducer(producer, CONNECT_MS);
    } catch (error) {
      producer.disconnect();
      throw error;
    }
    producer.setPollInterval(POLL_MS);
    return producer;
  }

  function connected(): Promise<Producer> {
    if (closed) throw new Error('the producer is closed');
    connection ??= connect().catch((error) => {
      connection = null;
      throw error;
    });
    return connection;
  }

  return {
    async send(topic, key, value, headers = []) {
      const producer = await connected();
      if (closed) throw new Error('the producer is closed');
      const id = ++last;
      const pairs = headers.map((one) => ({ [one.name]: payload(one.value) ?? EMPTY }));
      try {
        await promised<void>((done) => {
          pending.set(id, (error) => done(error ?? null, undefined));
          producer.produce(topic, null, payload(value), payload(key) as never, null, id, pairs);
        });
      } finally {
        pending.delete(id);
      }
    },
    async close(ms) {
      closed = true;
      for (const done of pending.values()) done(new Error('the producer is closed'));
      const gone = async (): Promise<void> => {
        const producer = await connection?.catch(() => null);
        if (producer) await new Promise<void>((resolve) => void producer.disconnect(ms, () => resolve()));
      };
      await within(ms, gone());
    },
  };
}

/** The addon tells null from empty by the address: a buffer that has no memory is written as null. */
const EMPTY = Buffer.alloc(1).subarray(0, 0);

function payload(bytes: Payload): Buffer | null {
  if (bytes === null) return null;
  if (bytes.length === 0) return EMPTY;
  return typeof bytes === 'string'
    ? Buffer.from(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
