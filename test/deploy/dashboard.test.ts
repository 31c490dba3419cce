import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TempDir, tempDir } from '../support/process.ts';
import { ALERTS, DASHBOARD, EXPRESSIONS, type Panel } from './monitoring.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

describe('the dashboard', () => {
  const { panels } = DASHBOARD;
  let folder: TempDir;
  let prometheus: Prometheus;

  beforeAll(async () => {
    folder = tempDir();
    prometheus = await startPrometheus({ folder });
  });
  afterAll(async () => {
    await prometheus.stop();
    folder.remove();
  });

  it('asks only what Prometheus understands', async () => {
    const refused: string[] = [];
    for (const { panel, expr } of EXPRESSIONS) {
      expect(expr).not.toContain('$');
      const asked = prometheus.get('format_query', { query: expr });
      await asked.catch((error: Error) => refused.push(`${panel}: ${error.message}`));
    }
    expect(refused).toEqual([]);
    await expect(prometheus.get('format_query', { query: 'sum(' })).rejects.toThrow('parse error');
  });

  it('has panels that Grafana can show: numbers, places, data source', () => {
    expect(DASHBOARD.schemaVersion).toBeGreaterThanOrEqual(39);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(panels.filter(({ gridPos: { x, w } }) => x < 0 || x + w > 24)).toEqual([]);
    const overlapping = panels.flatMap((one, i) => panels.slice(i + 1).filter((two) => overlap(one, two)));
    expect(overlapping.map(({ title }) => title)).toEqual([]);
    const drawn = panels.filter(({ type }) => type !== 'row');
    for (const { title, datasource, targets = [] } of drawn) {
      expect(datasource?.uid, title).toBe(`\${datasource}`);
      expect(targets.length, title).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).toBe(targets.length);
    }
    expect(DASHBOARD.templating.list.map(({ name }) => name)).toEqual([
      ...['datasource', 'job', 'pipeline', 'instance'],
    ]);
  });

  it('shows what each alert is about', () => {
    const shown = EXPRESSIONS.map(({ expr }) => expr).join('\n');
    const main = ALERTS.flatMap(({ expr }) => mainMetrics(expr));
    // Without metrics there is nothing to show.
    const drawn = main.filter((name) => name !== 'maxsink_build_info');
    expect(drawn.filter((name) => !shown.includes(name))).toEqual([]);
  });
});

/** The metric that an alert is about: the first of its expression, or each of a pattern of names. */
function mainMetrics(expr: string): string[] {
  const [, before, names, after] = /__name__=~"(\w+)\(([\w|]+)\)(\w+)"/.exec(expr) ?? [];
  if (names !== undefined) return names.split('|').map((name) => `${before}${name}${after}`);
  return [/\b(?:maxsink|process)_\w+/.exec(expr)![0]];
}

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
