import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../route/service.ts';
import type { EmulatorChild } from '../support/process.ts';
import { uniqueName } from '../support/topics.ts';
import { until } from '../support/until.ts';
import { docker, inspectAll } from './docker.ts';

const PROJECT = uniqueName('stack');
const FILES = ['-f', 'deploy/compose.yaml', '-f', 'test/image/compose.ports.yaml'];

/** One command of the stack; rejects with what it wrote. Images come from `scripts/image-test.sh` by variables. */
async function compose(...args: string[]): Promise<string> {
  const all = ['-p', PROJECT, ...FILES, '--profile', 'sample', ...args];
  const { stdout } = await promisify(execFile)('docker-compose', all, { maxBuffer: 64 << 20 });
  return stdout.trim();
}

/** `http://127.0.0.1:PORT` of a service. */
const urlOf = async (service: string, port: number): Promise<string> =>
  `http://${await compose('port', service, String(port))}`;

const states = async (service: string): Promise<string[]> => {
  const names = await compose('ps', '--all', '--quiet', service);
  return inspectAll('{{.State.Status}} {{.State.ExitCode}}', names.split('\n'));
};

describe('the stack of deploy/compose.yaml', () => {
  let emulator: EmulatorChild;
  let prometheus: string;

  const rows = async () => {
    const [[count] = []] = await query(emulator, 'SELECT COUNT(*) FROM ods_orders;');
    return Number(count);
  };
  const ask = async <T>(path: string): Promise<T> => {
    const answer = (await (await fetch(`${prometheus}/api/v1/${path}`)).json()) as { data: T };
    return answer.data;
  };
  const value = async (expression: string): Promise<number> => {
    const { result } = await ask<{ result: { value: [number, string] }[] }>(
      `query?query=${encodeURIComponent(expression)}`,
    );
    return Number(result[0]?.value[1] ?? 0);
  };

  beforeAll(async () => {
    await compose(
      'up',
      '--detach',
      '--no-build',
      '--wait',
      '--wait-timeout',
      '150',
      'maxsink',
      'registry',
      'prometheus',
    );
    await compose('up', '--detach', '--no-build', 'sample');
    const url = await urlOf('emulator', 8090);
    const account = { project: 'demo', accessId: 'a', accessKey: 'k', securityToken: null };
    // Only what a client needs: the process is the stack's.
    emulator = { endpoint: `${url}/api`, tunnelEndpoint: url, ...account } as unknown as EmulatorChild;
    prometheus = await urlOf('prometheus', 9090);
  });

  afterAll(async () => {
    await compose('down', '--volumes', '--timeout', '5').catch(() => {});
  });

  it('moves the sample orders into the table that it has made, and the bad ones to the dead letters', async () => {
    await until(async () => (await rows()) >= 150, { what: '150 rows', deadlineMs: 90_000, everyMs: 1_000 });
    const letters = await compose('exec', 'maxsink', 'sh', '-c', 'cat dead-letters/*.jsonl');
    expect(JSON.parse(letters.split('\n')[0]!)).toMatchObject({ topic: 'orders', code: 'no_event_time' });
  });

  it('is found right by the check', async () => {
    const report = await compose(
      'run',
      '--rm',
      'maxsink',
      'check',
      '-c',
      '/etc/maxsink/maxsink.yaml',
      '--json',
    );
    expect(JSON.parse(report)).toMatchObject({ exitCode: 0, counts: { fail: 0, warn: 0 } });
  });

  it('has a registry that answers as the client asks', async () => {
    const registry = await urlOf('registry', 8080);
    const subjects = await until(
      () =>
        fetch(`${registry}/apis/ccompat/v7/subjects`).then(
          (answer) => answer.json(),
          () => null,
        ),
      { what: 'the registry', deadlineMs: 60_000, everyMs: 500 },
    );
    expect(subjects).toEqual([]);
  });

  it('is watched: Prometheus scrapes every process and has the rules', async () => {
    await compose('up', '--detach', '--no-build', '--scale', 'maxsink=2', 'maxsink');
    const up = async () => (await value('sum(up{job="maxsink"})')) === 2;
    await until(up, { what: 'both processes are scraped', deadlineMs: 90_000, everyMs: 1_000 });
    expect(await value('sum(maxsink_rows_written_total)')).toBeGreaterThan(0);
    const { groups } = await ask<{ groups: { rules: unknown[] }[] }>('rules');
    expect(groups.flatMap(({ rules }) => rules).length).toBeGreaterThan(0);
  });

  it('stops in order: every process ends with 0', async () => {
    await compose('stop', 'maxsink');
    expect(await states('maxsink')).toEqual(['exited 0', 'exited 0']);
    await compose('stop', 'emulator');
    expect(await states('emulator')).toEqual(['exited 0']);
  });

  it('has no container that was restarted', async () => {
    const ids = (await compose('ps', '--all', '--quiet')).split('\n');
    expect(new Set(await inspectAll('{{.RestartCount}}', ids))).toEqual(new Set(['0']));
    expect(await docker('volume', 'ls', '--quiet', '--filter', `name=${PROJECT}`)).toContain('dead-letters');
  });
});
