import { describe, expect, it } from 'vitest';
import { hideSecrets, secretsOf } from '../../src/config/secrets.ts';
import { parse, SMALLEST } from '../config/support.ts';

const config = parse(`name: orders
kafka:
  brokers: localhost:9092
  topics: [orders]
  security: {protocol: sasl_ssl, mechanism: PLAIN, username: user, password: kafka-password}
  options: {ssl.key.password: key-password}
schemaRegistry: {url: "http://localhost:8081", username: u, password: registry-password}
maxcompute:
  endpoint: http://localhost:8080/api
  project: demo
  proxy: http://proxy:proxy%2Dpassword@localhost:3128
  credentials: {accessKeyId: id, accessKeySecret: access-secret, securityToken: sts-token}
table: {name: ods_orders}
`);

describe('secrets of the configuration', () => {
  it('are all found', () => {
    expect(secretsOf(config)).toEqual(
      expect.arrayContaining([
        ...['kafka-password', 'key-password', 'registry-password', 'proxy-password'],
        ...['proxy%2Dpassword', 'access-secret', 'sts-token'],
      ]),
    );
  });

  it('are taken out of every text, at any depth', () => {
    const data = {
      list: ['the key is access-secret!', 'sts-token'],
      address: 'http://someone:else@host/x',
      count: 3,
      nothing: null,
    };
    expect(hideSecrets(data, secretsOf(config))).toEqual({
      list: ['the key is [secret]!', '[secret]'],
      address: 'http://[secret]@host/x',
      count: 3,
      nothing: null,
    });
  });

  it('of a few characters are left: they occur in any text', () => {
    expect(secretsOf(parse(SMALLEST))).toEqual([]);
  });
});
