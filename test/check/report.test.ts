import { describe, expect, it } from 'vitest';
import {
  exitOf,
  fail,
  failed,
  type Item,
  notChecked,
  ok,
  type Report,
  reportJson,
  type Section,
  warn,
} from '../../src/check/report.ts';
import { reportText } from '../../src/check/text.ts';
import { SinkError } from '../../src/errors.ts';
import { displayWidth } from '../../src/terminal/text.ts';

const report = (...items: Item[]): Report => reportOf([{ step: 'kafka', items }]);
const reportOf = (sections: Section[]): Report => ({
  ...{ version: '1.2.3', file: 'c.yaml', startedAt: Date.UTC(2026, 10, 21, 8), durationMs: 1234 },
  sections,
});
const plain = { width: 80, paint: (_: string, text: string) => text };
const DENIED = fail('topic t Read', 'Broker: Topic authorization failed', 'Grant it.', 'kafka_denied');

describe('the exit code', () => {
  it.each([
    ['all well', [ok('a', 'b')], 0],
    ['warnings', [ok('a', 'b'), warn('c', 'd')], 0],
    ['things that were not checked', [notChecked('a', 'why')], 0],
    ['a failure', [ok('a', 'b'), DENIED], 3],
    ['an invalid configuration', [fail('file', 'c.yaml:1:1 x', null, 'config_invalid')], 2],
  ])('of %s', (_, items, code) => {
    expect(exitOf(report(...items))).toBe(code);
  });
});

describe('a failure', () => {
  it('has the message and the advice of the catalogue', () => {
    expect(failed('brokers', new SinkError('kafka_unreachable', 'no way'))).toEqual({
      ...{ what: 'brokers', status: 'fail', evidence: 'no way', code: 'kafka_unreachable' },
      advice: 'Check kafka.brokers, the network and the listeners that the brokers advertise.',
    });
    expect(failed('x', new TypeError('odd'))).toMatchObject({ code: 'unexpected', evidence: 'odd' });
  });
});

describe('as JSON', () => {
  it('is one plain document', () => {
    const facts = { brokers: 1 };
    const document = reportJson(reportOf([{ step: 'kafka', items: [ok('a', 'b'), DENIED], facts }]));
    expect(JSON.parse(JSON.stringify(document))).toEqual({
      ...{ version: '1.2.3', file: 'c.yaml', at: '2026-11-21T08:00:00.000Z', durationMs: 1234 },
      ...{ result: 'failed', exitCode: 3, counts: { ok: 1, warn: 0, fail: 1, not_checked: 0 } },
      sections: [
        {
          step: 'kafka',
          items: [{ what: 'a', status: 'ok', evidence: 'b', advice: null, code: null }, DENIED],
          facts,
        },
      ],
    });
  });
});

describe('as text', () => {
  it('says what was found, with advice below the evidence, and a verdict', () => {
    const long = 'word '.repeat(30).trim();
    const items = [ok('brokers', long), DENIED, notChecked('group', 'no answer')];
    const rows = [['t-0', '12']];
    const exhibits = [{ kind: 'table' as const, head: ['topic partition', 'log end'], rows }];
    const lines = reportText(reportOf([{ step: 'kafka', items, exhibits }]), plain).split('\n');
    expect(lines.every((line) => displayWidth(line) <= 80)).toBe(true);
    expect(lines).toContain('  FAIL  topic t Read  Broker: Topic authorization failed');
    expect(lines).toContain('                      -> Grant it.');
    expect(lines).toContain('  -     group         not checked: no answer');
    expect(lines).toContain('  t-0              12');
    expect(lines.at(-2)).toBe(
      'One thing has to be mended.  1 ok, 0 warnings, 1 failed, 1 not checked in 1.2 s.',
    );
  });

  it.each([
    [[ok('a', 'b')], 'All well.'],
    [[warn('a', 'b')], 'It would run; see the warnings.'],
    [[DENIED, DENIED], '2 things have to be mended.'],
  ])('ends with its verdict', (items, verdict) => {
    expect(reportText(report(...items), plain)).toContain(`\n${verdict}  `);
  });

  it('gives a very long name a line of its own', () => {
    const what = `topic ${'x'.repeat(60)}`;
    const lines = reportText(report(ok(what, 'fine')), plain).split('\n');
    expect(lines[3]).toBe(`  ok    ${what}`);
    expect(lines[4]!.trim()).toBe('fine');
  });
});
