import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { call } from '../emulator/harness.ts';
import { type TempDir, tempDir } from '../support/process.ts';
import { read } from '../support/sources.ts';
import { sleep, until } from '../support/until.ts';
import { type Container, docker, EMULATOR, inImage, LOCKED, SERVICE, startContainer } from './docker.ts';

const MB = 1_000_000;
const { version } = JSON.parse(read('package.json')) as { version: string };

const inspect = async <T>(image: string, format: string): Promise<T> =>
  JSON.parse(await docker('image', 'inspect', '--format', `{{json ${format}}}`, image));

/** A configuration that needs nothing to be read; `more` are top-level lines. */
const CONFIG = `name: orders
kafka: {brokers: "127.0.0.1:1", topics: [orders]}
maxcompute:
  endpoint: http://127.0.0.1:1/api
  project: demo
  credentials: {accessKeyId: a, accessKeySecret: k}
table: {name: ods_orders}
`;

const runs = (container: Container): Promise<boolean> =>
  container.inspect('{{.State.Running}}').then(
    (answer) => answer === 'true',
    () => false,
  );

/** Runs the default command with this configuration, locked down, to its end. */
async function runToTheEnd(folder: TempDir, config: string, options: string[] = []) {
  const file = folder.write('maxsink.yaml', config);
  const mount = ['-v', `${file}:/etc/maxsink/maxsink.yaml:ro`];
  const container = startContainer([...LOCKED, '--network', 'host', ...mount, ...options], SERVICE);
  return { exit: await container.exited, output: container.tail() };
}

describe('the image of the service', () => {
  it('is at most 300 MB large', async () => {
    const bytes = await inspect<number>(SERVICE, '.Size');
    console.log(`${SERVICE}: ${Math.round(bytes / MB)} MB`);
    expect(bytes).toBeLessThanOrEqual(300 * MB);
  });

  it('runs as a numbered user without rights, and owns nothing of itself', async () => {
    expect(await inspect(SERVICE, '.Config.User')).toBe('10001:10001');
    expect(await inImage(SERVICE, 'id -u; id -g')).toBe('10001\n10001');
    const owned = await inImage(SERVICE, 'find / -xdev -user 10001 -not -path "/proc/*" 2>/dev/null; true');
    expect(owned).toBe('/var/lib/maxsink');
  });

  it('has the version of the package', async () => {
    const label = '(index .Config.Labels "org.opencontainers.image.version")';
    expect(await inspect(SERVICE, label)).toBe(version);
    expect(await docker('run', '--rm', ...LOCKED, SERVICE, '--version')).toBe(version);
  });

  it('has no compiler, no package manager of Node, no DuckDB and nothing of the tests', async () => {
    const tools = 'gcc g++ cc make python3 node-gyp npm npx yarn corepack curl wget git';
    expect(await inImage(SERVICE, `for tool in ${tools}; do command -v $tool; done; true`)).toBe('');
    const names =
      '-iname "*duckdb*.node" -o -iname "libduckdb*" -o -name vitest -o -name typescript -o -name ".npm"';
    expect(await inImage(SERVICE, `find / -xdev \\( ${names} \\) 2>/dev/null; true`)).toBe('');
  });

  it('has only the packages of package-lock.json that are neither for development nor optional', async () => {
    const wanted = Object.entries(
      (JSON.parse(read('package-lock.json')) as { packages: Record<string, Record<string, unknown>> })
        .packages,
    )
      .filter(([name, { dev, optional, devOptional }]) => name !== '' && !dev && !optional && !devOptional)
      .map(([name]) => name.slice('node_modules/'.length));
    const found = await inImage(SERVICE, 'cd /app/node_modules && ls -d */ @*/*/ | grep -v "^@[^/]*/$"');
    expect(
      found
        .split('\n')
        .map((name) => name.slice(0, -1))
        .sort(),
    ).toEqual(wanted.sort());
  });

  it('has every shared library of the Kafka addon, and installs none that it does not need', async () => {
    const addon = '/app/node_modules/@confluentinc/kafka-javascript/build';
    const linked = await inImage(SERVICE, `ldd ${addon}/Release/*.node /usr/local/bin/node`);
    expect(linked).not.toContain('not found');
    expect(linked).toContain(`${addon}/Release/../deps/librdkafka.so.1`);
    const asked = /install -y --no-install-recommends (.*)/.exec(read('Dockerfile'))![1]!;
    for (const name of asked.split(' ').filter((one) => one.startsWith('lib') || one === 'zlib1g')) {
      const files = await inImage(SERVICE, `dpkg -L ${name.replace('\\', '')}`);
      expect(
        files
          .split('\n')
          .filter((file) => linked.includes(path.posix.basename(file)) && file.includes('.so')),
        name,
      ).not.toEqual([]);
    }
  });

  it('shows help, and refuses what it does not know', async () => {
    expect(await docker('run', '--rm', ...LOCKED, SERVICE, '--help')).toContain('Usage: maxsink');
    expect((await startContainer(LOCKED, SERVICE, ['rum']).exited).code).toBe(2);
  });

  it('without a configuration: ends with 2 and says which file is missing', async () => {
    const container = startContainer(LOCKED, SERVICE);
    expect((await container.exited).code).toBe(2);
    expect(container.tail()).toContain('/etc/maxsink/maxsink.yaml: cannot be read: there is no such file');
  });

  it('with a wrong configuration: ends with 2 and names line and key', async () => {
    const folder = tempDir();
    const { exit, output } = await runToTheEnd(folder, CONFIG.replace('topics', 'topcs'));
    folder.remove();
    expect(exit.code, output).toBe(2);
    expect(output).toContain('kafka.topcs: unknown key (did you mean topics?)');
  });

  it('counts the CPU limit of the container: one worker less', async () => {
    const folder = tempDir();
    const file = folder.write('maxsink.yaml', CONFIG);
    const mount = ['-v', `${file}:/etc/maxsink/maxsink.yaml:ro`];
    const container = startContainer([...LOCKED, '--cpus', '1.5', ...mount], SERVICE);
    const started = JSON.parse(await container.waitFor('"starting"'));
    expect(await container.end()).toEqual({ code: 0, signal: null });
    folder.remove();
    expect(started).toMatchObject({ version, workers: 1 });
  });

  it('ends when it is stopped at any moment of its start, also before it can handle the signal', async () => {
    const folder = tempDir();
    const file = folder.write('maxsink.yaml', CONFIG);
    for (const delayMs of [0, 100, 200, 300, 400, 600]) {
      const container = startContainer([...LOCKED, '-v', `${file}:/etc/maxsink/maxsink.yaml:ro`], SERVICE);
      await until(() => runs(container), { what: 'the container runs', everyMs: 10 });
      await sleep(delayMs);
      expect([0, 143]).toContain((await container.end()).code);
    }
    folder.remove();
  });
});

describe('the image of the emulator', () => {
  it('is the same with DuckDB', async () => {
    console.log(`${EMULATOR}: ${Math.round((await inspect<number>(EMULATOR, '.Size')) / MB)} MB`);
    expect(await inspect(EMULATOR, '.Config.User')).toBe('10001:10001');
    expect(await inImage(EMULATOR, 'find /app -name "libduckdb*" | wc -l')).toBe('1');
    expect(await inImage(EMULATOR, 'ldd $(find /app -name "duckdb.node")')).not.toContain('not found');
  });

  it('serves its page, and tells clients the published port or the public address', async () => {
    const published = ['-p', '127.0.0.1:0:8090', ...LOCKED, '--tmpfs', '/var/lib/maxsink:uid=10001'];
    const account = { accessId: 'a', accessKey: 'k', query: { service: '' } };
    const container = startContainer(published, EMULATOR);
    await container.waitFor('emulator ready', { deadlineMs: 60_000 });
    const address = await docker('port', container.name, '8090');
    expect(await (await fetch(`http://${address}/`)).text()).toContain('local MaxCompute');
    expect((await fetch(`http://${address}/_page/page.js`)).status).toBe(200);
    expect((await fetch(`http://${address}/_page/state`)).status).toBe(401);
    expect((await call(`http://${address}/api`, '/projects/demo/tunnel', account)).body).toBe(address);
    expect(await container.end()).toMatchObject({ code: 0 });

    const options = ['emulator', '--host', '0.0.0.0', '--access-id', 'a', '--access-key', 'k'];
    const named = startContainer(published, EMULATOR, [...options, '--public', 'mc.example:81']);
    await named.waitFor('emulator ready', { deadlineMs: 60_000 });
    const own = await docker('port', named.name, '8090');
    expect((await call(`http://${own}/api`, '/projects/demo/tunnel', account)).body).toBe('mc.example:81');
    expect(await named.end()).toMatchObject({ code: 0 });
  });
});
