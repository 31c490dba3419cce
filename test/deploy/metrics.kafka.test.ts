import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { METRICS } from '../../src/ops/metrics.ts';
import type { Status } from '../../src/ops/status.ts';
import { createPipeline, type Pipeline } from '../route/pipeline.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { ROOT } from '../support/project.ts';
import { until } from '../support/until.ts';
import { EXPRESSIONS } from './monitoring.ts';
import { type Prometheus, startPrometheus } from './prometheus.ts';

const RECORDS = 2_000;
const BROKEN_EVERY = 100;
const TOTAL = 'maxsink_records_acknowledged_total';

/** Table partition -> epoch seconds. */
type Times = Record<string, number>;

describe('a running service, watched by a real Prometheus', () => {
  let emulator: EmulatorChild;
  let pipeline: Pipeline;
  let prometheus: Prometheus;
  let folder: TempDir;
  let url: string;
  /** Time of the scrape that saw the end, epoch seconds. */
  let end: number;

  /**
   * As of that scrape: a later one that a busy machine makes too late ends every series until the next, and rates
   * fall to nothing while the tests run.
   */
  const query = (expr: string) => prometheus.query(expr, end);
  const value = async (expr: string) => (await query(expr))[0]?.value;

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    pipeline = await createPipeline(inject('kafka'), emulator);
    // Garbage is collected often: its panel has nothing to show before it was collected once.
    const env = { NODE_OPTIONS: '--max-semi-space-size=1' };
    const service = await pipeline.startAssigned({ env });
    const port = service.logged('http listening')[0]!.port;
    url = `http://127.0.0.1:${port}`;
    const rules = [path.join(ROOT, 'deploy/prometheus/alerts.yaml')];
    prometheus = await startPrometheus({ folder, targets: [`127.0.0.1:${port}`], rules });
    await pipeline.send(RECORDS / 2, { brokenEvery: BROKEN_EVERY });
    const scraped = async (acknowledged: string) => {
      const all = 'on() (count(maxsink_lag_records) == 4)';
      const [found] = await prometheus.query(
        `timestamp(${TOTAL}) and on() (${TOTAL} ${acknowledged}) and ${all}`,
      );
      return found?.value;
    };
    await until(() => scraped('> 0'), { what: 'a scrape' });
    await pipeline.send(RECORDS / 2, { brokenEvery: BROKEN_EVERY });
    await pipeline.settled();
    end = await until(() => scraped(`== ${RECORDS}`), { what: 'a scrape of the end' });
  });
  afterAll(async () => {
    await prometheus?.stop();
    await pipeline?.end();
    await emulator?.stop();
    folder?.remove();
  });

  it('has metrics that promtool finds nothing wrong with', async () => {
    const page = await fetch(`${url}/metrics`).then((answer) => answer.text());
    const promtool = spawn('promtool', ['check', 'metrics'], { stdio: ['pipe', 'ignore', 'pipe'] });
    promtool.stdin.end(page);
    expect(await text(promtool.stderr)).toBe('');
    const missing = Object.values(METRICS).filter(({ name }) => !page.includes(`\n# TYPE ${name} `));
    expect(missing).toEqual([]);
  });

  it('accounts for every record', async () => {
    const broken = RECORDS / BROKEN_EVERY;
    const accounted = await query('maxsink_records_accounted_total');
    expect(Object.fromEntries(accounted.map((one) => [one.labels.outcome, one.value]))).toEqual({
      ...{ row: RECORDS - broken, dead_letter: broken, filtered: 0, skipped: 0, deduplicated: 0 },
    });
    expect(await value('maxsink_completeness_ratio')).toBe(1);
    expect(await value('sum(maxsink_records_read_total)')).toBe(RECORDS);
    expect(await value('maxsink_rows_written_total')).toBe(RECORDS - broken);
    expect(await value('maxsink_records_rejected_total{code="invalid_json"}')).toBe(broken);
    expect(await value('sum(maxsink_lag_records)')).toBe(0);
  });

  it('tells when each table partition was written, and its event times', async () => {
    const named = async (name: string) => {
      const found = await query(`maxsink_table_partition_${name}_timestamp_seconds`);
      return Object.fromEntries(found.map((one) => [one.labels.table_partition!, one.value])) as Times;
    };
    // Record n is of the hour n % 2 of that day.
    const midnight = Date.UTC(2026, 10, 20) / 1000;
    const times = { 'hr=00': midnight, 'hr=01': midnight + 3600 };
    expect(await named('newest_event')).toEqual(times);
    expect(await named('oldest_event')).toEqual(times);
    for (const at of Object.values(await named('last_written'))) {
      expect(Math.abs(Date.now() / 1000 - at)).toBeLessThan(300);
    }
  });

  it('gives data to the panels of the dashboard', async () => {
    const empty: string[] = [];
    for (const { panel, expr } of EXPRESSIONS) {
      if ((await query(expr)).length === 0) empty.push(panel);
    }
    // Nothing went wrong here, so nothing is to be seen; they show what went wrong.
    expect([...new Set(empty)].sort()).toEqual([
      ...['Batches abandoned in 5 minutes, by reason', 'Intents settled in 5 minutes, by row and action'],
      'Records left out per second, by reason',
      'Requests sent again, by code',
      'Requests to the schema registry sent again, by code',
      ...['Values mended per second, by reason and action', 'annotations'],
    ]);
  });

  it('rings no alarm', async () => {
    const { groups } = await prometheus.get<{ groups: { rules: { name: string; health: string }[] }[] }>(
      'rules',
    );
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  });

  it('shows the same in its status', async () => {
    const status = (await fetch(`${url}/status`).then((answer) => answer.json())) as Status;
    expect(status).toMatchObject({
      health: { live: { ok: true }, ready: { ok: true, reason: 'moving 4 topic partitions' } },
      records: { acknowledged: RECORDS, completeness: 1, rejected: { invalid_json: RECORDS / BROKEN_EVERY } },
    });
    expect(status.topicPartitions.map((tp) => [tp.partition, tp.lagRecords, tp.lagSeconds])).toEqual([
      ...[0, 1, 2, 3].map((partition) => [partition, 0, 0]),
    ]);
    expect(status.tablePartitions.map((one) => one.tablePartition)).toEqual(['hr=01', 'hr=00']);
    expect(status.acknowledged[0]!.sessions.map((one) => one.session)).not.toContain(null);
    expect(JSON.stringify(status)).not.toContain(emulator.accessKey);
    expect(await fetch(`${url}/`).then((answer) => answer.text())).toContain(pipeline.topic);
  });
});
