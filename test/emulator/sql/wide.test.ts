import { expect, it } from 'vitest';
import { sql, start } from '../harness.ts';

it('1,200 columns of a table are filled and read', async () => {
  const emulator = await start();
  const names = Array.from({ length: 1200 }, (_none, at) => `c${at}`);
  try {
    await sql(emulator, `CREATE TABLE wide (${names.map((name) => `${name} STRING`).join(', ')});`);
    const filled = await sql(
      emulator,
      `INSERT INTO wide SELECT ${names.map((name) => `'${name}'`).join(', ')};`,
    );
    expect(filled).toEqual({ status: 'Success', text: '' });
    const { text } = await sql(emulator, 'SELECT * FROM wide;');
    expect(text.split('\n')[1]).toBe(names.map((name) => `"${name}"`).join(','));
  } finally {
    await emulator.stop();
  }
});
