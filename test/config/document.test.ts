import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readDocument } from '../../src/config/document.ts';
import { loadConfig } from '../../src/config/load.ts';
import { parse, problems, SMALLEST } from './support.ts';

describe('YAML', () => {
  it.each([
    ['a tab', 'name: a\n\tkafka: 1', /^2:1: a tab used as indentation/],
    ['an open quote', 'name: "a', /^1:9: a closing quote/],
    ['two documents', 'name: a\n---\nname: b\n', /expected one YAML document/],
    ['a nested map on one line', 'name: a: b', /^1:7: a nested map must start on a line of its own/],
    ['a wrong indentation', 'kafka:\n  a: 1\n b: 2\n', /^3:\d+: /],
  ])('%s is told with its place', (_, text, expected) => expect(problems(text)[0]).toMatch(expected));

  it('refuses a key that stands twice, and goes on', () => {
    const found = problems(`${SMALLEST}memory: 1MiB\nname: other\n`);
    expect(found).toEqual([
      expect.stringMatching(/^13:9 memory: expected/),
      '14:1: the key stands twice in this map',
    ]);
  });

  it.each([
    '*hunter2',
    '!hunter2 x',
    '%hunter2',
    '@hunter2',
    '"\\hunter2"',
    '`hunter2',
    '- hunter2',
    '{hunter2',
    '&hunter2',
    'a: hunter2',
  ])('does not quote the text of an unreadable value: %s', (value) => {
    const found = problems(SMALLEST.replace('accessKeySecret: key', `accessKeySecret: ${value}`));
    expect(found.length).toBeGreaterThan(0);
    expect(found.join('\n')).not.toContain('unter2');
  });

  it('keeps whole numbers past 2^53 exact or refuses them', () => {
    const column = `${SMALLEST}  columns: {a: {from: x, default: 12345678901234567890}}\n`;
    expect(parse(column).table.columns?.a?.default).toBe('12345678901234567890');
    expect(problems(`${SMALLEST}flush: {rows: 9007199254740993}\n`)).toEqual([
      '13:15 flush.rows: expected a whole number from 1 to 1000000000, received 9007199254740993',
    ]);
  });

  it('takes anchors, aliases and merged maps', () => {
    const text = SMALLEST.replace(
      '  name: ods_orders',
      '  name: ods_orders\n  partitions:\n    dt: &t {time: e, format: yyyyMMdd, zone: Asia/Shanghai}\n    hr: {<<: *t, format: HH}',
    );
    expect(parse(text).table.partitions?.hr).toMatchObject({
      kind: 'time',
      time: 'e',
      format: 'HH',
      zone: 'Asia/Shanghai',
    });
  });

  it.each([
    ['an alias in itself', 'a: &a [*a]', /an alias inside its own anchor/],
    ['a merge of text', 'a: {<<: text}', /expected a map to merge/],
    ['a map as key', '? {a: 1}\n: 2', /this cannot be a key/],
    ['__proto__', '__proto__: {name: x}', /this cannot be a key/],
    [
      'an alias bomb',
      `a0: &a0 [1,1,1,1,1,1,1,1,1,1]\n${[1, 2, 3, 4, 5, 6, 7].map((n) => `a${n}: &a${n} [${`*a${n - 1},`.repeat(10)}]\n`).join('')}`,
      /aliases make this file too large/,
    ],
    ['endless nesting', '['.repeat(50_000), /^1:\d+: /],
  ])('refuses %s', (_, text, expected) => expect(problems(text).join('\n')).toMatch(expected));

  it('takes a key as it is written', () => {
    expect(readDocument('007: a\ntrue: b\n"x y": c\n', null).data).toEqual({
      '007': 'a',
      true: 'b',
      'x y': 'c',
    });
  });

  it('counts lines and columns as editors do, also with CRLF and past other scripts', () => {
    const text = `# 订单\r\nname: "订单"\r\n${SMALLEST.split('\n').slice(1).join('\r\n')}`;
    expect(problems(text)).toEqual([expect.stringMatching(/^2:7 name: expected .*, received "订单"$/)]);
  });

  it.each([
    ['an empty file', ''],
    ['comments only', '# nothing\n'],
    ['a map without values', 'kafka:\nmaxcompute:\n'],
  ])('tells what %s lacks', (_, text) => {
    expect(problems(text)).toContainEqual(expect.stringMatching(/^1:1 name: expected .*, received nothing$/));
  });

  it.each([
    ['a list', '- a', 'a list'],
    ['text', 'abc', 'text'],
    ['a number', '5', 'a number'],
  ])('refuses a file that is %s, without showing it: it may be the wrong one', (_, text, received) =>
    expect(problems(text)).toEqual([`1:1: expected a map, received ${received}`]),
  );
});

describe('the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'maxsink-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const load = (name: string) => () => loadConfig(join(folder, name), {});

  it('is read with a byte order mark', () => {
    writeFileSync(join(folder, 'bom.yaml'), `\uFEFF${SMALLEST}`);
    expect(load('bom.yaml')().name).toBe('orders');
  });

  it('that is missing, a folder, without end or no UTF-8 is told so', () => {
    writeFileSync(join(folder, 'latin1.yaml'), Buffer.from('name: caf\xe9\n', 'latin1'));
    writeFileSync(join(folder, 'utf16.yaml'), Buffer.from(`\uFEFF${SMALLEST}`, 'utf16le'));
    writeFileSync(join(folder, 'endless'), '');
    truncateSync(join(folder, 'endless'), 4 * 1024 * 1024 + 1);
    expect(load('none.yaml')).toThrow(/none\.yaml: cannot be read: there is no such file/);
    expect(load('.')).toThrow(/cannot be read: it is a folder/);
    expect(load('endless')).toThrow(/cannot be read: it is larger than 4194304 bytes/);
    expect(load('latin1.yaml')).toThrow(/latin1\.yaml: is not UTF-8 text/);
    expect(load('utf16.yaml')).toThrow(/utf16\.yaml: is not UTF-8 text/);
  });

  it('gives a frozen configuration', () => {
    writeFileSync(join(folder, 'c.yaml'), SMALLEST);
    const config = load('c.yaml')();
    expect(() => Object.assign(config.kafka, { groupId: 'x' })).toThrow(TypeError);
  });
});
