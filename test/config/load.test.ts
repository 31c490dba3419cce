import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse, problems, SMALLEST } from './support.ts';

const EXAMPLE = readFileSync(new URL('../../config/example.yaml', import.meta.url), 'utf8');
const ENV = { ODPS_ACCESS_ID: 'id', ODPS_ACCESS_KEY: 'key' };

/** A key with its value on one line of the example. Columns are 1-based. */
interface Line {
  readonly number: number;
  readonly path: readonly string[];
  readonly keyColumn: number;
  readonly valueColumn: number;
  readonly value: string;
}

function* keyLines(text: string): Generator<Line> {
  const path: { indent: number; key: string }[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const [, spaces, key, gap, value = ''] = /^( *)(\w+):( *)(.*?)( +#.*)?$/.exec(line) ?? [];
    if (spaces === undefined || key === undefined || gap === undefined) continue;
    while (path.length > 0 && path.at(-1)!.indent >= spaces.length) path.pop();
    path.push({ indent: spaces.length, key });
    const keyColumn = spaces.length + 1;
    const valueColumn = keyColumn + key.length + 1 + gap.length;
    yield { number: i + 1, path: path.map((part) => part.key), keyColumn, valueColumn, value };
  }
}

function replaced(text: string, { number, value }: Line, from: number, length: number, by: string): string {
  const lines = text.split('\n');
  const line = lines[number - 1]!;
  lines[number - 1] = line.slice(0, from - 1) + by + line.slice(from - 1 + length);
  expect(line).toContain(value);
  return lines.join('\n');
}

const LINES = [...keyLines(EXAMPLE)].filter((line) => line.value !== '');
const isUserKey = ({ path }: Line) =>
  path[0] === 'table' && path.length === 3 && ['columns', 'partitions'].includes(path[1]!);

describe('every key of the example', () => {
  it('is found by this test', () => expect(LINES.length).toBeGreaterThan(70));

  it('when misspelt, is named with its place and the right word', () => {
    const line = fc.constantFrom(...LINES.filter((one) => !isUserKey(one)));
    fc.assert(
      fc.property(line, fc.nat(), fc.constantFrom('x', 'q', '_z'), (at, where, letter) => {
        const key = at.path.at(-1)!;
        const cut = where % (key.length + 1);
        const wrong = key.slice(0, cut) + letter + key.slice(cut);
        const found = problems(replaced(EXAMPLE, at, at.keyColumn, key.length, wrong), ENV);
        const path = [...at.path.slice(0, -1), wrong].join('.');
        expect(found).toContain(`${at.number}:${at.keyColumn} ${path}: unknown key (did you mean ${key}?)`);
      }),
      { numRuns: 300 },
    );
  });

  it('with a value of the wrong type, is named with the place of the value', () => {
    const wrong = fc.constantFrom('[[1]]', '[{a: 1}]', '[]');
    fc.assert(
      fc.property(fc.constantFrom(...LINES), wrong, (at, value) => {
        const found = problems(replaced(EXAMPLE, at, at.valueColumn, at.value.length, value), ENV);
        const place = `${at.number}:${at.valueColumn} ${at.path.join('.')}: `;
        expect(found.filter((problem) => problem.startsWith(place))).toHaveLength(1);
        expect(found.join('\n')).not.toMatch(/Invalid|undefined/);
      }),
      { numRuns: 300 },
    );
  });

  it('several mistakes are all told, in the order of the file', () => {
    const some = fc.uniqueArray(fc.constantFrom(...LINES.filter((one) => !isUserKey(one))), {
      minLength: 2,
      maxLength: 6,
      selector: (one) => one.number,
    });
    fc.assert(
      fc.property(some, (all) => {
        const text = all.reduce((now, at) => replaced(now, at, at.keyColumn, 0, 'xx'), EXAMPLE);
        const found = problems(text, ENV).map((problem) => Number(/^\d+/.exec(problem)?.[0]));
        for (const at of all) expect(found).toContain(at.number);
        expect(found).toEqual([...found].sort((a, b) => a - b));
      }),
    );
  });
});

describe('problems', () => {
  it('are told all at once: file first, then variables', () => {
    const text = SMALLEST.replace('topics: [orders]', 'topic: [orders]')
      .replace('project: demo', 'project: "no good"')
      .replace('name: orders\n', '');
    expect(
      problems(`${text}brokers: x\nworkers: many\n`, { MAXSINK_MEMORY: '1MiB', MAXSINK_FLUSH_ROW: '1' }),
    ).toEqual([
      '1:1 name: expected letters, digits, dot, hyphen and underscore, received nothing',
      '1:1 kafka.topics: give kafka.topics or kafka.topicPattern',
      '3:3 kafka.topic: unknown key (did you mean topics?)',
      '6:12 maxcompute.project: expected letters, digits and underscore, received "no good"',
      '12:1 brokers: unknown key (did you mean kafka.brokers?)',
      '13:10 workers: expected a whole number from 1 to 64, received "many"',
      'MAXSINK_FLUSH_ROW: unknown variable (did you mean MAXSINK_FLUSH_ROWS?)',
      'MAXSINK_MEMORY memory: expected a size of at least 16MiB such as 64MiB (units KiB MiB GiB KB MB GB), received "1MiB"',
    ]);
  });

  it('name the place of a source, a time pattern and a format that cannot be read', () => {
    const table = `  columns:
    a: address..city
    b: {from: __valu__}
    c: {from: x, timeFormat: dd-QQ}
  partitions:
    dt: {time: t, format: YYYYMMDD}
    hr: {time: "'", format: HHX}
`;
    expect(problems(SMALLEST + table).map((problem) => problem.slice(0, problem.indexOf(': ')))).toEqual([
      '14:8 table.columns.a',
      '15:15 table.columns.b.from',
      '16:30 table.columns.c.timeFormat',
      '18:27 table.partitions.dt.format',
      '19:16 table.partitions.hr.time',
      '19:29 table.partitions.hr.format',
    ]);
  });

  it('name every key that a missing section needs', () => {
    expect(problems('name: a\n').map((problem) => problem.split(':')[1]?.slice(2))).toEqual([
      'kafka.brokers',
      'kafka.topics',
      'maxcompute.endpoint',
      'maxcompute.project',
      'maxcompute.credentials.accessKeyId',
      'maxcompute.credentials.accessKeySecret',
      'table.name',
    ]);
  });

  it.each([
    ['null', 'null'],
    ['12', '12'],
    ['.nan', 'NaN'],
    ['true', 'true'],
    ['{a: 1}', 'a map'],
    ['x'.repeat(100), `"${'x'.repeat(60)}..."`],
  ])('say what stands there: %s', (value, received) => {
    const [problem] = problems(`${SMALLEST}memory: ${value}\n`);
    expect(problem).toMatch(/^13:9 memory: expected a size/);
    expect(problem?.endsWith(`, received ${received}`)).toBe(true);
  });

  it.each([
    ['kafka.security.password', '  security: {password: [hunter2]}', 'a list'],
    ['kafka.security.password', '  security: {password: {hunter2: 1}}', 'a map'],
    ['kafka.security.password', '  security: {password: 20231}', 'a number'],
    ['kafka.options."ssl.key.password"', '  options: {ssl.key.password: [20231]}', 'a list'],
  ])('never show a secret: %s', (key, line, received) => {
    const found = problems(SMALLEST.replace('  topics', `${line}\n  topics`)).join('\n');
    expect(found).toContain(`${key}: expected`);
    expect(found).toContain(`received ${received}`);
    expect(found).not.toMatch(/hunter2|20231/);
  });

  it('never show user name and password of a URL', () => {
    const found = problems(SMALLEST.replace('http://localhost', 'http://u:hunter2@localhost'));
    expect(found).toEqual([expect.stringMatching(/received "http:\/\/\[secret\]@localhost/)]);
  });
});

describe('values', () => {
  it('of the example are complete and converted', () => {
    const config = parse(EXAMPLE, ENV);
    expect(config.kafka).toMatchObject({
      brokers: ['localhost:9092'],
      topics: ['orders'],
      groupId: 'maxsink-orders',
    });
    expect(config.flush).toEqual({
      interval: 60_000,
      rows: 5_000_000,
      bytes: 4 * 1024 ** 3,
      blockBytes: 64 * 1024 ** 2,
      maxTablePartitions: 40,
    });
    expect(config.table.columns?.amount).toEqual({
      from: 'amount',
      default: '0.00',
      trim: true,
      round: false,
      coercion: 'lenient',
      type: 'DECIMAL(18,2)',
    });
    expect(config.table.absurd).toEqual({ before: Date.UTC(2000, 0, 1), afterRecord: 86_400_000 });
  });

  it('of table partitions keep their order and are told apart', () => {
    const { partitions } = parse(EXAMPLE, ENV).table;
    expect(Object.keys(partitions ?? {})).toEqual(['dt', 'hr', 'region']);
    expect(partitions?.hr).toEqual({
      kind: 'time',
      time: 'event_time',
      timeFormat: null,
      timeZone: null,
      format: 'HHmm',
      zone: 'Asia/Shanghai',
      floor: 300_000,
    });
    expect(partitions?.region).toEqual({ kind: 'source', from: 'region', type: 'STRING' });
  });

  it.each([
    ['earliest', 'earliest'],
    ['latest', 'latest'],
    ['2026-11-20T00:00:00+08:00', { timestamp: Date.UTC(2026, 10, 19, 16) }],
    ['2026-11-20T00:00Z', { timestamp: Date.UTC(2026, 10, 20) }],
  ])('startAt %s', (value, startAt) => {
    expect(parse(SMALLEST.replace('  topics', `  startAt: ${value}\n  topics`)).kafka.startAt).toEqual(
      startAt,
    );
  });

  it.each([
    '2026-11-20',
    '2026-11-20T00:00:00',
    '2026-02-30T00:00:00Z',
    '2026-11-20T25:00:00Z',
    'yesterday',
    '1700000000000',
  ])('startAt %s is refused', (value) =>
    expect(problems(SMALLEST.replace('  topics', `  startAt: ${value}\n  topics`))[0]).toMatch(
      /startAt: expected earliest/,
    ),
  );

  it.each([
    ['a:9092,b:9093', ['a:9092', 'b:9093']],
    ['[a:9092, "[::1]:9092"]', ['a:9092', '[::1]:9092']],
    ['"a:9092 , SASL_SSL://b"', ['a:9092', 'SASL_SSL://b']],
  ])('brokers %s', (value, brokers) => {
    expect(parse(SMALLEST.replace('localhost:9092', value)).kafka.brokers).toEqual(brokers);
  });

  it('of columns come in one form', () => {
    const text = `${SMALLEST}  columns: {a: b, c: {from: d, format: iso, zone: +08:00}, e: {from: f, default: 0, timeZone: null}}\n`;
    expect(parse(text).table.columns).toEqual({
      a: { from: 'b' },
      c: { from: 'd', timeFormat: 'iso', timeZone: '+08:00' },
      e: { from: 'f', default: 0 },
    });
  });
});
