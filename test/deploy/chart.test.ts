import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { configKeys } from '../../src/config/keys.ts';
import { parseConfig } from '../../src/config/load.ts';
import { parseDuration, parseSize } from '../../src/config/units.ts';
import { filesBelow, read } from '../support/sources.ts';

/** What the chart and the image repeat of the service still holds. helm and real schemas: `make deploy-test`. */
const CHART = 'deploy/chart';
const { version, engines } = JSON.parse(read('package.json')) as {
  version: string;
  engines: { node: string };
};

interface Values {
  readonly config: string;
  readonly secretEnv?: Record<string, unknown> | null;
}

const VALUES = [`${CHART}/values.yaml`, ...filesBelow(`${CHART}/examples`, '.yaml')];
const defaultOf = (key: string) => configKeys().find((one) => one.key === key)?.default;

describe('the chart', () => {
  it('has the version of the package', () => {
    expect(parse(read(`${CHART}/Chart.yaml`))).toMatchObject({ version, appVersion: version });
  });

  it.each(VALUES)(
    '%s has a configuration that the service takes, with the variables of its secrets',
    (file) => {
      const { config, secretEnv } = parse(read(file)) as Values;
      const names = Object.keys(secretEnv ?? (parse(read(VALUES[0]!)) as Values).secretEnv!);
      const env = Object.fromEntries(names.map((name) => [name, 'secret']));
      const loaded = parseConfig(config, {
        file: '/etc/maxsink/maxsink.yaml',
        env,
        readFile: () => rootCertificates[0]!,
      });
      expect(loaded.http).not.toBeNull();
    },
  );

  it('reckons with the defaults of the service', () => {
    const helpers = read(`${CHART}/templates/_helpers.tpl`);
    for (const key of ['memory', 'shutdown'])
      expect(helpers).toContain(`(list "${key}" "${defaultOf(key)}" `);
    expect(helpers).toContain(`(list "http.port" ${defaultOf('http.port')} `);
    expect(helpers).toContain('(list "kafka.groupId" (printf "maxsink-%s" $config.name) ');
  });

  it('knows the units of the service', () => {
    const helpers = read(`${CHART}/templates/_helpers.tpl`);
    const units = [...helpers.matchAll(/"(\w+)" (\d+)(?=[ )])/g)].filter(([, , factor]) => factor !== '9464');
    expect(units.length).toBe(11);
    for (const [, unit, factor] of units) {
      expect((parseDuration(`1${unit}`) ?? parseSize(`1${unit}`))?.toString(), unit).toBe(factor);
    }
  });
});

describe('what is deployed', () => {
  const files = ['Dockerfile', ...filesBelow('deploy', '.yaml'), ...filesBelow('deploy', '.tpl')];

  it('sets variables of keys that exist', () => {
    const variables = configKeys().map(({ variable }) => variable);
    const set = files.flatMap((file) => read(file).match(/\bMAXSINK_[A-Z_]*[A-Z]\b/g) ?? []);
    expect(set).toContain('MAXSINK_KAFKA_INSTANCE_ID');
    expect(set.filter((name) => !variables.includes(name))).toEqual([]);
  });

  it('builds images of this version, on a Node that the package takes, with the port of the service', () => {
    const dockerfile = read('Dockerfile');
    expect(dockerfile).toContain(`ARG VERSION=${version}\n`);
    expect(dockerfile).toContain(`EXPOSE ${defaultOf('http.port')}\n`);
    const major = Number(/NODE_IMAGE=node:(\d+)-/.exec(dockerfile)![1]);
    expect(major).toBeGreaterThan(Number(/\d+/.exec(engines.node)![0]));
  });
});

describe('docs/deployment.md', () => {
  const page = read('docs/deployment.md');

  it('names every value of the chart, and no other', () => {
    const table = /### Values\n([\s\S]*?)\n###/.exec(page)![1]!;
    const rows = table.split('\n').filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((line) => line.split(' | ')[0]!.match(/`[\w.]+`/g) ?? []);
    const values = parse(read(`${CHART}/values.yaml`)) as Record<string, unknown>;
    // Those whose keys the operator chooses, or that are as in a pod, count as one.
    const whole = /^(?:secretEnv|resources|podSecurityContext|securityContext)$/;
    const isMap = (value: unknown) =>
      typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
    const keys = Object.entries(values).flatMap(([name, value]) =>
      isMap(value) && !whole.test(name)
        ? Object.keys(value as object).map((inner) => `${name}.${inner}`)
        : [name],
    );
    expect(named.map((name) => name.slice(1, -1)).sort()).toEqual(keys.sort());
  });
});
