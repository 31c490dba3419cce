import { describe, expect, it } from 'vitest';
import type { DeadLetter } from '../../src/deadletter/dead-letter.ts';
import { type Outcome, problems, report } from '../../src/demo/report.ts';
import { createTerminal, styleFor, table } from '../../src/demo/terminal.ts';

const letter = (offset: number, code: string): DeadLetter => ({
  topic: 'orders',
  partition: 0,
  offset,
  timestamp: null,
  key: null,
  value: null,
  headers: [],
  stage: 'decode',
  code,
  column: null,
  message: 'the value is null',
  sample: null,
});

const right: Outcome = {
  produced: { records: 1_002, good: 1_000, broken: 2, ends: [1_002] },
  tablePartitions: [{ dt: '20261120', hr: '09', rows: 1_000 }],
  counts: { rows: 1_000, records: 1_000 },
  letters: [letter(1, 'tombstone'), letter(2, 'tombstone')],
  latencies: [1_000, 2_000, 3_000],
  latencyStep: 4,
  flushIntervalMs: 5_000,
  pollMs: 300,
  producedMs: 2_000,
};

describe('the sum of rows and dead letters', () => {
  it('is right when every record is where it belongs', () => {
    expect(problems(right)).toEqual([]);
  });

  it.each<[string, Partial<Outcome>, string]>([
    ['a lost row', { counts: { rows: 999, records: 999 } }, 'but 1,002 records were produced'],
    ['a row twice', { counts: { rows: 1_001, records: 1_000 } }, '1 rows are in the table twice'],
    [
      'a lost dead letter',
      { letters: [letter(1, 'late')] },
      '2 broken records were produced, 1 are dead letters',
    ],
    [
      'a good record as a dead letter',
      { counts: { rows: 999, records: 999 }, letters: [1, 2, 3].map((offset) => letter(offset, 'late')) },
      '1,000 good records were produced, 999 are in the table',
    ],
  ])('is wrong with %s', (_, change, text) => {
    expect(problems({ ...right, ...change }).join('\n')).toContain(text);
    expect(report({ ...right, ...change }, styleFor(false)).join('\n')).toContain('NOT RIGHT');
  });
});

it('the report shows table partitions, reasons, latency and who set the pace', () => {
  const text = report(right, styleFor(false)).join('\n');
  expect(text).toContain('dt=20261120  hr=09  1,000');
  expect(text).toMatch(/tombstone\s+2 {2}e\.g\. orders-0-1 {2}the value is null/);
  expect(text).toContain('p50 2.0 s   p99 3.0 s   max 3.0 s');
  expect(text).toContain('1,002 records = 1,000 rows + 2 dead letters: nothing lost, nothing twice');
  expect(text).toContain('501 records/s, paced by the demo');
});

describe('the terminal', () => {
  const written = (output: { isTTY?: boolean; hasColors?: () => boolean }) => {
    let now = 0;
    const parts: string[] = [];
    const write = (text: string) => void parts.push(text);
    const terminal = createTerminal({ ...output, columns: 20, write }, () => now);
    terminal.status('first');
    now = 1_000;
    terminal.status('second, longer than the line');
    terminal.line(terminal.good('done'));
    return parts.join('');
  };

  it('replaces the status line', () => {
    expect(written({ isTTY: true, hasColors: () => true })).toBe(
      'first\r\u001b[2Ksecond, longer than\r\u001b[2K\u001b[32mdone\u001b[39m\n',
    );
  });

  it('writes plain lines, seldom, where there is no terminal', () => {
    expect(written({ hasColors: () => true })).toBe('first\ndone\n');
  });

  it('has no colours where the user wants none', () => {
    expect(written({ isTTY: true, hasColors: () => false })).not.toContain('\u001b[32m');
  });
});

it('a table lines up', () => {
  expect(
    table([
      ['a', 1, 'x'],
      ['bcd', 12_345, ''],
    ]),
  ).toEqual(['a         1  x', 'bcd  12,345']);
});
