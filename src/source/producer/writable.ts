import { SinkError } from '../../errors.ts';
import { describeTopics, type TopicFacts } from '../admin/admin.ts';
import { createAdmin } from '../client/client.ts';
import { type KafkaSettings, producerProperties } from '../client/settings.ts';

const ASK_MS = 6_000;
const UNKNOWN_TOPIC = 3;
const DENIED = 29;

/** Asks about a topic that is to be written to; creates nothing. Null: nobody answered in time. */
export async function askWritable(kafka: KafkaSettings, topic: string): Promise<TopicFacts | null> {
  const admin = createAdmin(producerProperties(kafka));
  try {
    return (await describeTopics(admin, [topic], ASK_MS))[0] ?? null;
  } catch {
    return null;
  } finally {
    admin.disconnect();
  }
}

/** Why the topic cannot be written to, as far as the brokers tell; null: nothing speaks against it. */
export function unwritable({ topic, fault, rights }: TopicFacts): SinkError | null {
  if (fault?.code === UNKNOWN_TOPIC)
    return new SinkError('topic_missing', `the brokers do not have the topic ${topic}: ${fault.message}`);
  if (fault?.code === DENIED) return new SinkError('kafka_denied', `the topic ${topic}: ${fault.message}`);
  if (rights && !rights.write)
    return new SinkError('kafka_denied', `the brokers say that Write on the topic ${topic} is denied`);
  return null;
}
