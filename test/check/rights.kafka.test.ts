import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../route/service.ts';
import { kafkaTool } from '../support/java.ts';
import { type Kafka, startKafka } from '../support/kafka.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { createTopic } from '../support/topics.ts';
import { type Checked, checked, configFile, UNPARTITIONED } from './command.ts';

const USERS = ['sink', 'nogroup', 'notopic', 'nothing'];
const LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required';

describe('maxsink check at brokers with access control lists', () => {
  let kafka: Kafka;
  let emulator: EmulatorChild;
  let folder: TempDir;

  const allow = (operation: string, users: string[], ...resource: string[]) => {
    const principals = users.flatMap((user) => ['--allow-principal', `User:${user}`]);
    const command = ['--bootstrap-server', kafka.bootstrap, '--add', '--operation', operation];
    return kafkaTool('org.apache.kafka.tools.AclCommand', [...command, ...principals, ...resource]);
  };
  const checkedAs = (username: string, password = `${username}-secret`): Promise<Checked> => {
    const security = { protocol: 'sasl_plaintext', mechanism: 'PLAIN', username, password };
    const where = { folder, emulator, topic: 'orders', group: 'sinks', table: 'flat' };
    return checked(configFile({ ...where, brokers: kafka.listeners.SASL!, security }, UNPARTITIONED));
  };

  beforeAll(async () => {
    folder = tempDir();
    const passwords = USERS.map((user) => `user_${user}="${user}-secret"`).join(' ');
    [kafka, emulator] = await Promise.all([
      startKafka({
        listeners: { SASL: 'SASL_PLAINTEXT' },
        overrides: {
          'sasl.enabled.mechanisms': 'PLAIN',
          'listener.name.sasl.plain.sasl.jaas.config': `${LOGIN} ${passwords};`,
          'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
          'super.users': 'User:ANONYMOUS',
        },
      }),
      startEmulatorChild(),
    ]);
    await query(emulator, 'CREATE TABLE flat (id BIGINT, name STRING);');
    await createTopic(kafka.bootstrap, 'orders', { topicPartitions: 2 });
    await produce(kafka.bootstrap, 'orders', [{ value: '{"id":1}' }]);
    await Promise.all([
      allow('Read', ['sink', 'nogroup'], '--topic', 'orders'),
      allow('Describe', ['notopic'], '--topic', 'orders'),
      allow('Read', ['sink', 'notopic'], '--group', 'sinks'),
    ]);
  });
  afterAll(async () => {
    await Promise.all([kafka?.stop(), emulator?.stop()]);
    folder?.remove();
  });

  it('proves every right that is there', async () => {
    const { exit, item, status } = await checkedAs('sink');
    expect(exit).toBe(0);
    for (const right of ['topic orders Describe', 'topic orders Read', 'group sinks Read'])
      expect(status(right)).toBe('ok');
    expect(item('group sinks Read').evidence).toContain('Read allowed');
  });

  it.each([
    ['nogroup', 'group sinks Read', '--operation Read --group sinks', 'topic orders Read'],
    ['notopic', 'topic orders Read', '--operation Read --topic orders', 'group sinks Read'],
  ])('%s: names the missing right, and how to grant it', async (user, missing, grant, other) => {
    const { exit, item, status } = await checkedAs(user);
    expect(exit).toBe(3);
    expect(status(missing)).toBe('fail kafka_denied');
    expect(item(missing).evidence).toContain('authorization failed');
    expect(item(missing).advice).toContain(`--allow-principal User:${user} ${grant}`);
    expect(status(other)).toBe('ok');
    expect(status('table demo.flat Insert')).toBe('ok');
  });

  it('a user without any right: nothing is there to read', async () => {
    const { exit, status } = await checkedAs('nothing');
    expect(exit).toBe(3);
    expect(status('topic orders Describe')).toBe('fail kafka_denied');
    expect(status('topic Read')).toBe('not_checked');
    expect(status('group sinks Read')).toBe('fail kafka_denied');
  });

  it('a wrong password: fails clearly, and MaxCompute is looked at all the same', async () => {
    const { exit, status } = await checkedAs('sink', 'nothing-secret');
    expect(exit).toBe(3);
    expect(status('brokers')).toMatch(/^fail kafka_(auth|unreachable)$/);
    expect(status('group sinks Read')).toBe('not_checked');
    expect(status('table demo.flat Insert')).toBe('ok');
  });
});
