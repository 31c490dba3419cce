import { createBudget } from '../../src/budget.ts';
import { LIMITS } from '../../src/limits.ts';
import { createPacker } from '../../src/source/chunk/packer.ts';
import { connect, consume, createConsumer, type Message } from '../../src/source/client/client.ts';
import { chunkBytesFor, clientProperties } from '../../src/source/client/settings.ts';
import { cpuOf, type Run } from './sample.ts';

/**
 * `node bare-consumer.js BROKERS TOPIC TOPIC_PARTITIONS RECORDS count|pack`: reads with the service's
 * own client settings, without a group, and counts the records or packs them into chunks. Prints a Run.
 */
const [brokers = '', topic = '', topicPartitions = '', records = '', handling = ''] = process.argv.slice(2);
const MEMORY = 256 * 1024 * 1024;

const list = Array.from({ length: Number(topicPartitions) }, (_, partition) => ({ topic, partition }));
const packer = createPacker({
  chunkBytes: chunkBytesFor(MEMORY),
  chunks: 4,
  budget: createBudget(MEMORY),
  onChunk: (chunk) => packer.recycle(chunk),
});
packer.reset(1, list);

function pack(messages: readonly Message[]): void {
  const now = Date.now();
  for (const message of messages) packer.add(message, message.partition, now);
}

const security = {
  ...{ protocol: 'plaintext', mechanism: null, username: null, password: null },
  ...{ caFile: null, certFile: null, keyFile: null },
};
const kafka = {
  ...{ brokers: [brokers], topics: [topic], topicPattern: null, groupId: `bare-${process.pid}` },
  ...{ instanceId: null, security, options: {} },
};
const consumer = createConsumer(clientProperties(kafka, MEMORY), {
  onRebalance: () => undefined,
  onOffsetCommit: () => undefined,
});
await connect(consumer, 15_000);
consumer.setDefaultConsumeTimeout(LIMITS.pollWaitMs);
consumer.assign(list.map((tp) => ({ ...tp, offset: 0 })));

const start = cpuOf(process.pid);
const startedAt = performance.now();
for (let read = 0; read < Number(records); ) {
  const messages = await consume(consumer, LIMITS.pollRecords);
  if (handling === 'pack') pack(messages);
  read += messages.length;
}
const rate = (1000 * Number(records)) / (performance.now() - startedAt);
const { peakRssBytes, ...whole } = cpuOf(process.pid);
console.log(JSON.stringify({ rate, whole, start, peakRssBytes } satisfies Run));
consumer.disconnect(() => process.exit());
