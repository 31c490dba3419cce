import type { KafkaSettings } from '../../src/source/client/settings.ts';

/** What a client needs to know of a broker without security. */
export const kafkaSettings = (bootstrap: string): KafkaSettings => ({
  brokers: [bootstrap],
  ...{ topics: null, topicPattern: null, groupId: 'none', instanceId: null, options: {} },
  security: {
    ...{ protocol: 'plaintext', mechanism: null, username: null, password: null },
    ...{ caFile: null, certFile: null, keyFile: null },
  },
});
