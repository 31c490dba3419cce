import { describe, expect, it } from 'vitest';
import { plainLine, previewCommand } from '../../src/cli/preview.ts';
import { tempDir } from '../support/process.ts';

const GIVEN = { config: 'none.yaml', records: 20, from: 'committed', timeout: '15s' };

describe('a complaint during a preview', () => {
  it.each([
    [{ msg: 'sent again', about: 'demo.t', message: 'refused' }, 'maxsink: sent again: demo.t: refused\n'],
    [{ msg: 'no registry', error: { message: 'gone' } }, 'maxsink: no registry: gone\n'],
    [{ msg: 'gone', error: { message: 'gone' } }, 'maxsink: gone\n'],
  ])('%j is one line of text', (fields, text) => {
    expect(plainLine(JSON.stringify({ level: 'warn', ...fields }))).toBe(text);
  });
});

describe('maxsink preview refuses', () => {
  it.each([
    [{ records: 0 }, /^--records must be a whole number from 1 to 10000/],
    [{ records: 1.5 }, /^--records must be/],
    [{ records: Number.NaN }, /^--records must be/],
    [
      { from: 'yesterday' },
      /^--from is committed, earliest, latest or a time with its zone .* not "yesterday"/,
    ],
    [{ from: '2026-11-20T00:00:00' }, /^--from is/],
    [{ timeout: '15' }, /^--timeout is a duration from 1s to 10m/],
    [{ timeout: '0s' }, /^--timeout is/],
  ])('%j', async (options, message) => {
    const refused = previewCommand({ ...GIVEN, ...options });
    await expect(refused).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
  });

  it('a configuration that is wrong, before anything is asked', async () => {
    const folder = tempDir();
    const config = folder.write('wrong.yaml', 'name: a\nkafka: {topic: b}\n');
    const refused = previewCommand({ ...GIVEN, config, from: '2026-11-20T00:00:00Z' });
    await expect(refused).rejects.toMatchObject({ code: 'config_invalid' });
    folder.remove();
  });
});
