import { connectProducer, createProducer, type Producer, promised } from './client.ts';
import { type KafkaSettings, producerProperties } from './settings.ts';
import { within } from './within.ts';

/** Writes few messages, one after the other, over a connection that is made when the first is sent. */
export interface MessageProducer {
  /**
   * Resolves when all in-sync replicas have it. Rejects with the client's fault (its `code` is Kafka's number)
   * when that is not known: the message may be there all the same.
   */
  send(topic: string, key: string, value: string): Promise<void>;
  /** Ends the connection within `ms`; what is not taken then never will be. */
  close(ms: number): Promise<void>;
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
    await connectProducer(producer, CONNECT_MS);
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
    async send(topic, key, value) {
      const producer = await connected();
      if (closed) throw new Error('the producer is closed');
      const id = ++last;
      try {
        await promised<void>((done) => {
          pending.set(id, (error) => done(error ?? null, undefined));
          producer.produce(topic, null, Buffer.from(value), key, null, id);
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
