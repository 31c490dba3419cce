import rd, { type GlobalConfig } from '@confluentinc/kafka-javascript';
import { groupState } from './groups.ts';
import { HUNG_MS, until } from './until.ts';

export interface Member {
  leave(): Promise<void>;
}

/** Somebody in the group who does nothing; resolves when the group is stable. */
export async function joinGroup(bootstrap: string, group: string, topic: string): Promise<Member> {
  const properties = { 'bootstrap.servers': bootstrap, 'group.id': group, 'client.id': 'bystander' };
  const consumer = new rd.KafkaConsumer(
    { ...properties, 'enable.auto.commit': false } as unknown as GlobalConfig,
    {},
  );
  await new Promise<void>((resolve, reject) =>
    consumer.connect({ timeout: HUNG_MS }, (error) => (error ? reject(error) : resolve())),
  );
  consumer.subscribe([topic]);
  consumer.consume();
  const stable = async () => (await groupState(bootstrap, group)).state === 'STABLE';
  await until(stable, { what: `a member of ${group}` });
  return { leave: () => new Promise((resolve) => void consumer.disconnect(() => resolve())) };
}
