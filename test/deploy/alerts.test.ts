import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/ops/metrics.ts';
import { ROOT } from '../support/project.ts';
import { read } from '../support/sources.ts';
import { ALERTS, EXPRESSIONS, metricsIn, RULE_TESTS } from './monitoring.ts';

const FOLDER = path.join(ROOT, 'deploy/prometheus');
const promtool = async (...args: string[]) =>
  (await promisify(execFile)('promtool', args, { cwd: FOLDER })).stdout;
const RUNBOOK = read('docs/runbook.md');

/** Names that `/metrics` has, those of a histogram included. */
async function metricNames(): Promise<ReadonlySet<string>> {
  const metrics = createMetrics();
  const text = await metrics.render();
  metrics.stop();
  const typed = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    typed.flatMap(([, name, type]) =>
      type === 'histogram' ? ['', '_bucket', '_sum', '_count'].map((end) => name + end) : [name!],
    ),
  );
}

describe('the alert rules', () => {
  it('are rules, and fire when they should and only then', async () => {
    expect(await promtool('check', 'rules', 'alerts.yaml')).toContain(`${ALERTS.length} rules found`);
    expect(await promtool('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  });

  it.each(ALERTS.map((alert) => [alert.alert, alert] as const))('%s', (name, { annotations, labels }) => {
    const own = RULE_TESTS.filter((test) => test.name.startsWith(`${name}: `));
    const asked = own.flatMap((test) => test.promql_expr_test);
    const [fires, silent] = ['fires', 'silent'].map((kind) =>
      own.filter((test) => test.name.startsWith(`${name}: ${kind}`)),
    );
    expect([fires!.length > 0, silent!.length > 0, fires!.length + silent!.length]).toEqual([
      ...[true, true, own.length],
    ]);
    expect(asked.filter(({ expr }) => !expr.includes(`alertname="${name}"`))).toEqual([]);
    for (const test of silent!) expect(test.promql_expr_test.flatMap((one) => one.exp_samples)).toEqual([]);
    for (const test of fires!)
      expect(test.promql_expr_test.every((one) => one.exp_samples.length > 0)).toBe(true);
    expect(['warning', 'critical']).toContain(labels.severity);
    expect(Object.keys(annotations).sort()).toEqual(['action', 'runbook_url', 'summary']);
    expect(annotations.runbook_url).toBe(`docs/runbook.md#${name.toLowerCase()}`);
    expect(RUNBOOK).toMatch(new RegExp(`^### ${name}$`, 'm'));
  });

  it('have the only tests and the only sections of the runbook', () => {
    const names = ALERTS.map(({ alert }) => alert);
    expect(RULE_TESTS.filter(({ name }) => !names.includes(name.split(':')[0]!))).toEqual([]);
    const sections = [...RUNBOOK.matchAll(/^### (Maxsink\w+)$/gm)].map(([, name]) => name!);
    expect(sections).toEqual(names);
  });
});

it('rules and dashboard ask for metrics that exist', async () => {
  const names = await metricNames();
  const asked = [...ALERTS, ...EXPRESSIONS].flatMap(({ expr }) => metricsIn(expr));
  expect(asked.length).toBeGreaterThan(50);
  expect([...new Set(asked)].filter((name) => !names.has(name))).toEqual([]);
});

it('the runbook names metrics that exist', async () => {
  const names = await metricNames();
  const named = metricsIn(RUNBOOK).filter((name) => name.startsWith('maxsink_'));
  expect([...new Set(named)].filter((name) => !names.has(name))).toEqual([]);
});
