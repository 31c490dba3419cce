import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type TempDir, tempDir } from '../support/process.ts';
import { armText } from './points.ts';
import { createTrip } from './trip.ts';

describe('a fail point', () => {
  let folder: TempDir;
  const armed = (hit: number) => {
    folder = tempDir();
    const file = path.join(folder.path, 'arm');
    writeFileSync(file, armText(1, { point: 'after:intent', hit, action: 'stall' }));
    return file;
  };
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  afterEach(() => {
    kill.mockClear();
    folder.remove();
  });

  it('acts at the hit that was asked for, once', async () => {
    const trip = createTrip(armed(2));
    await trip('after:intent');
    expect(kill).not.toHaveBeenCalled();
    for (let n = 0; n < 3; n++) await trip('after:intent');
    expect(kill.mock.calls).toEqual([[process.pid, 'SIGSTOP']]);
  });

  it('acts nowhere else', async () => {
    const file = armed(1);
    await createTrip(file)('before:intent');
    expect(kill).not.toHaveBeenCalled();
    expect(existsSync(file)).toBe(true);
  });

  it('acts in one of the processes that share the file', async () => {
    const file = armed(1);
    await Promise.all([createTrip(file)('after:intent'), createTrip(file)('after:intent')]);
    expect(kill).toHaveBeenCalledTimes(1);
  });
});
