import type { Config } from '../config/schema.ts';
import { askWritable, unwritable } from '../source/producer/writable.ts';
import { plural } from '../terminal/words.ts';
import { failed, type Item, notChecked, ok } from './report.ts';
import { grant } from './topic-rights.ts';

/** Nothing is sent: what is no dead letter would stay there. */
export async function letterTopicItem(config: Config, topic: string): Promise<Item> {
  const what = 'dead letters';
  const facts = await askWritable(config.kafka, topic);
  if (facts === null) return notChecked(what, `the brokers did not answer about the topic ${topic}`);
  const refusal = unwritable(facts);
  if (refusal?.code === 'kafka_denied')
    return failed(what, refusal, grant(config, 'Write', `--topic ${topic}`));
  if (refusal) return failed(what, refusal);
  const told = facts.rights
    ? 'the brokers say: Write allowed'
    : 'the brokers do not say whether Write is allowed';
  return ok(what, `the topic ${topic} has ${plural(facts.leaders.length, 'topic partition')}; ${told}`);
}
