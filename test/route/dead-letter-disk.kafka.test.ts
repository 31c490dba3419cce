import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ownerName } from '../../src/deadletter/left.ts';
import { type EmulatorChild, startEmulatorChild } from '../support/process.ts';
import { until } from '../support/until.ts';
import { createPipeline, failure, type Pipeline } from './pipeline.ts';
import type { Service } from './service.ts';

const CLEAN = { code: 0, signal: null };
/** `-o` options, or why not: mounting needs rights that some machines withhold. */
const mount = (...args: string[]) => execFileSync('mount', args, { stdio: 'pipe' });

describe('the disk of the dead letters', () => {
  let emulator: EmulatorChild;
  const pipelines: Pipeline[] = [];
  const mounted: string[] = [];

  beforeAll(async () => {
    emulator = await startEmulatorChild();
  });
  afterAll(async () => {
    for (const folder of mounted) execFileSync('umount', [folder]);
    await Promise.all(pipelines.map((one) => one.end()));
    await emulator?.stop();
  });

  const make = async () => {
    const pipeline = await createPipeline(inject('kafka'), emulator, 1);
    pipelines.push(pipeline);
    return { pipeline, folder: path.join(pipeline.folder.path, 'dead-letters') };
  };
  /** False: this machine does not let us mount. */
  const onSmallDisk = (folder: string, size: string): boolean => {
    mkdirSync(folder);
    try {
      mount('-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder);
    } catch {
      return false;
    }
    mounted.push(folder);
    return true;
  };
  const ended = async (service: Service, folder: string, why: string) => {
    expect(await service.exited, service.tail()).toEqual({ code: 1, signal: null });
    const error = failure(service)!;
    expect(error.code).toBe('dead_letter_unwritable');
    expect(error.message).toContain(folder);
    expect(error.message).toContain(why);
  };
  const whole = async (pipeline: Pipeline, letters: number) => {
    const service = await pipeline.startAssigned();
    await pipeline.settled();
    const rows = pipeline.sent() - letters;
    expect(await pipeline.counts(), service.tail()).toEqual({
      ...{ rows, distinct: rows, acknowledged: pipeline.sent() },
    });
    expect(pipeline.letters().size).toBe(letters);
    expect(await service.stop(), service.tail()).toEqual(CLEAN);
  };

  it.concurrent('is full: ends, ends again after a restart, goes on once there is room', async (context) => {
    const { pipeline, folder } = await make();
    if (!onSmallDisk(folder, '64k')) return context.skip('needs the right to mount a tmpfs');
    const service = await pipeline.startAssigned();
    await pipeline.send(100, { brokenEvery: 10 });
    await pipeline.settled();
    // More letters than there is room for, in one batch.
    await pipeline.send(1_000, { brokenEvery: 2 });
    await ended(service, folder, 'ENOSPC');
    await ended(await pipeline.start(), folder, 'ENOSPC');
    expect((await pipeline.counts()).acknowledged).toBeLessThan(1_100);
    expect(readdirSync(folder).filter((name) => name.endsWith('.open'))).toEqual([]);
    mount('-o', 'remount,size=16m', folder);
    await whole(pipeline, 10 + 500);
  });

  it.concurrent('is made read-only: ends, goes on once it can be written', async (context) => {
    const { pipeline, folder } = await make();
    if (!onSmallDisk(folder, '1m')) return context.skip('needs the right to mount a tmpfs');
    const service = await pipeline.startAssigned();
    await pipeline.send(100, { brokenEvery: 10 });
    await pipeline.settled();
    mount('-o', 'remount,ro', folder);
    await pipeline.send(100, { brokenEvery: 10 });
    await ended(service, folder, 'EROFS');
    await ended(await pipeline.start(), folder, 'EROFS');
    mount('-o', 'remount,rw', folder);
    await whole(pipeline, 20);
  });

  it.concurrent('loses the folder: ends, the restart makes it anew', async () => {
    const { pipeline, folder } = await make();
    const service = await pipeline.startAssigned();
    await pipeline.send(100, { brokenEvery: 10 });
    await pipeline.settled();
    rmSync(folder, { recursive: true });
    await pipeline.send(100, { brokenEvery: 10 });
    await ended(service, folder, 'ENOENT');
    const again = await pipeline.startAssigned();
    await pipeline.settled();
    // The letters of the first batch were taken away with the folder.
    expect(pipeline.letters().size).toBe(10);
    expect((await pipeline.counts()).acknowledged).toBe(200);
    expect(await again.stop()).toEqual(CLEAN);
  });

  it.concurrent('can never take them: refused at the start', async () => {
    const { pipeline } = await make();
    const service = await pipeline.start({ env: { MAXSINK_DEAD_LETTERS_FILE: '/proc/nope' } });
    await ended(service, '/proc/nope', 'ENOENT');
  });

  it.concurrent('holds what killed processes left: it goes, or counts, by what the group has committed', async () => {
    const { pipeline, folder } = await make();
    const first = await pipeline.startAssigned();
    await pipeline.send(100, { brokenEvery: 10 });
    await pipeline.settled();
    expect(await first.stop()).toEqual(CLEAN);
    // As if they had died, and another host had finished the batches without seeing their files.
    for (const name of readdirSync(folder))
      renameSync(path.join(folder, name), path.join(folder, name.replace('.jsonl', '.sealed.open')));
    const owner = ownerName({ group: pipeline.group, host: hostname(), pid: 2 ** 30 });
    const left = (batch: number, ending: string, letter: string) => {
      const file = path.join(folder, `${owner}-3f2504e0-4f89-41d3-9a0c-0305e82c330${batch}.${ending}`);
      writeFileSync(file, letter);
      utimesSync(file, new Date(0), new Date(0));
    };
    left(1, 'open', '{"id":');
    const above = {
      id: `${pipeline.topic}-0-999`,
      topic: pipeline.topic,
      partition: 0,
      offset: 999,
      more: 1,
    };
    left(2, 'sealed.open', `${JSON.stringify(above)}\n`);
    expect(pipeline.letters().size).toBe(0);
    const again = await pipeline.startAssigned();
    const settled = () => readdirSync(folder).every((name) => name.endsWith('.jsonl'));
    await until(settled, { what: 'the files of dead letters are settled' });
    expect(pipeline.letters().size).toBe(10);
    // The file goes before the line that tells of it.
    const removals = () =>
      again.logged('removed dead letters of batches that were never acknowledged').length;
    await until(() => removals() === 2, { what: 'both removals are told' });
    expect(await again.stop()).toEqual(CLEAN);
  });
});
