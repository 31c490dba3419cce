import { expect, it } from 'vitest';
import { createMetrics, METRICS } from '../../src/ops/metrics.ts';

const line = (text: string, start: string) => text.split('\n').find((row) => row.startsWith(start));

it('every metric of the table is rendered with its help and type, under a name of its own', async () => {
  const metrics = createMetrics();
  const text = await metrics.render();
  metrics.stop();
  for (const { name, type, help, unit } of Object.values(METRICS)) {
    expect(unit).not.toBe('');
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}`);
    expect(help).toMatch(/^[A-Z0-9].{9,}\.$/);
    expect(name).toMatch(type === 'counter' ? /^maxsink_[a-z_]+_total$/ : /^maxsink_[a-z_]+(?<!_total)$/);
  }
  expect(new Set(Object.values(METRICS).map(({ name }) => name)).size).toBe(Object.keys(METRICS).length);
});

it('the process is measured beside', async () => {
  const metrics = createMetrics();
  const text = await metrics.render();
  metrics.stop();
  for (const name of [
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_seconds',
    'nodejs_gc_duration',
  ]) {
    expect(text).toContain(name);
  }
});

it('counters count with and without labels', async () => {
  const metrics = createMetrics();
  metrics.rowsWritten.inc();
  metrics.rowsWritten.inc(41);
  metrics.batchesSealed.inc({ reason: 'age' });
  metrics.recordsRead.inc({ topic: 'orders', partition: 3 }, 7);
  const text = await metrics.render();
  metrics.stop();
  expect(text).toContain('\nmaxsink_rows_written_total 42\n');
  expect(text).toContain('maxsink_batches_sealed_total{reason="age"} 1\n');
  expect(text).toContain('maxsink_batches_sealed_total{reason="revoke"} 0\n');
  expect(text).toContain('maxsink_records_read_total{topic="orders",partition="3"} 7\n');
});

it('a collect hook refreshes gauges before each render and can forget old label values', async () => {
  const metrics = createMetrics();
  let owned = [0, 1];
  metrics.onCollect(async () => {
    metrics.lagRecords.reset();
    for (const partition of owned) metrics.lagRecords.set({ topic: 't', partition }, 5);
    metrics.paused.set(owned.length);
  });
  expect(await metrics.render()).toContain('maxsink_lag_records{topic="t",partition="0"} 5');
  owned = [1];
  const text = await metrics.render();
  metrics.stop();
  expect(line(text, 'maxsink_lag_records{topic="t",partition="0"}')).toBeUndefined();
  expect(line(text, 'maxsink_lag_records{topic="t",partition="1"}')).toContain(' 5');
  expect(line(text, 'maxsink_paused ')).toBe('maxsink_paused 1');
});

it('histograms put observations into buckets', async () => {
  const metrics = createMetrics();
  metrics.batchPhaseSeconds.observe({ phase: 'commit' }, 0.3);
  const text = await metrics.render();
  metrics.stop();
  expect(text).toContain('maxsink_batch_phase_seconds_bucket{le="0.25",phase="commit"} 0\n');
  expect(text).toContain('maxsink_batch_phase_seconds_bucket{le="0.5",phase="commit"} 1\n');
});

it('two sets live side by side', async () => {
  const [a, b] = [createMetrics(), createMetrics()];
  a.pauses.inc();
  expect(line(await b.render(), 'maxsink_pauses_total')).toBe('maxsink_pauses_total 0');
  a.stop();
  b.stop();
});

it('every metric carries the labels of the process', async () => {
  const metrics = createMetrics({ pipeline: 'orders' });
  const text = await metrics.render();
  metrics.stop();
  const samples = text.split('\n').filter((row) => row !== '' && !row.startsWith('#'));
  expect(samples.filter((row) => !row.includes('pipeline="orders"'))).toEqual([]);
  expect(text).toContain('maxsink_batches{state="open",pipeline="orders"} 0');
});
