import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Config, loadConfig } from '../../src/config/load.ts';
import { parseDuration } from '../../src/config/units.ts';
import { ROOT } from '../support/project.ts';
import { read } from '../support/sources.ts';

/** What deploy/compose.yaml says twice agrees; the stack itself runs in `make image-test`. */
const { services } = parse(read('deploy/compose.yaml')) as {
  services: Record<
    string,
    {
      stop_grace_period: string;
      environment: Record<string, string>;
      command: string[];
      deploy: { resources: { limits: { memory: string } } };
    }
  >;
};
const service = services.maxsink!;
const config = (): Config => {
  const env = Object.fromEntries(Object.keys(service.environment).map((name) => [name, 'secret']));
  return loadConfig(path.join(ROOT, 'deploy/compose/maxsink.yaml'), env);
};

describe('deploy/compose.yaml', () => {
  it('has a configuration that the service takes, with the variables that it sets', () => {
    const { kafka, maxcompute, schemaRegistry } = config();
    expect(kafka.topics).toEqual([services.topic!.command[services.topic!.command.indexOf('--topic') + 1]]);
    const hosts = [kafka.brokers[0]!, maxcompute.endpoint, schemaRegistry!.url];
    expect(hosts.map((address) => /(?:\/\/)?(\w+):\d+/.exec(address)![1])).toEqual([
      'kafka',
      'emulator',
      'registry',
    ]);
    expect(Object.keys(services)).toEqual(expect.arrayContaining(['kafka', 'emulator', 'registry']));
  });

  it('gives the service the time and the memory that it asks for', () => {
    const { shutdown, memory } = config();
    expect(parseDuration(service.stop_grace_period)).toBeGreaterThan(shutdown);
    const limit = Number.parseInt(service.deploy.resources.limits.memory, 10) * 1024 * 1024;
    expect(limit).toBeGreaterThan(memory + 220_000_000);
  });

  it('is scraped where the service listens', () => {
    const { scrape_configs, rule_files } = parse(read('deploy/prometheus/prometheus.yaml')) as {
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
      rule_files: string[];
    };
    const [found] = scrape_configs[0]!.dns_sd_configs;
    expect(found).toMatchObject({ names: ['maxsink'], port: config().http!.port });
    expect(rule_files.map((name) => read(`deploy/prometheus/${name}`))).toHaveLength(1);
  });
});
