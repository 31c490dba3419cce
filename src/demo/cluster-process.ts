import { startMockCluster, useKafka } from './cluster.ts';
import { stay, tell, tellFailure } from './messages.ts';

/** `node cluster-process.js TOPIC [BROKERS]`: the built-in Kafka, or a topic on a real one, until SIGTERM. */
const [topic = '', brokers] = process.argv.slice(2);
// A hard exit: the Kafka client crashes on an ordinary one.
const end = () => process.kill(process.pid, 'SIGKILL');

stay();
try {
  const cluster = brokers === undefined ? await startMockCluster(topic) : await useKafka(brokers, topic);
  process.once('SIGTERM', () => cluster.close().then(end, end));
  tell({ kind: 'started', brokers: cluster.brokers, topicPartitions: cluster.topicPartitions });
} catch (error) {
  tellFailure(error);
}
