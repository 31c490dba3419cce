import { expect, it } from 'vitest';
import { samples, total } from '../../src/demo/prometheus.ts';
import { createMetrics } from '../../src/ops/metrics.ts';

it('reads what the service writes', async () => {
  const metrics = createMetrics();
  metrics.rowsWritten.inc(42);
  metrics.acknowledgedOffset.set({ topic: 'orders', partition: 0 }, 17);
  metrics.acknowledgedOffset.set({ topic: 'orders', partition: 1 }, 2e15);
  metrics.recordsRejected.inc({ code: 'tombstone' }, 3);
  metrics.recordsRejected.inc({ code: 'late' }, 4);
  const text = await metrics.render();
  metrics.stop();
  expect(total(text, 'maxsink_rows_written_total')).toBe(42);
  expect(total(text, 'maxsink_records_rejected_total')).toBe(7);
  expect(samples(text, 'maxsink_acknowledged_offset')).toEqual([
    { labels: { topic: 'orders', partition: '0' }, value: 17 },
    { labels: { topic: 'orders', partition: '1' }, value: 2e15 },
  ]);
});

it('does not take one metric for another that starts alike, nor help text for a value', () => {
  const text =
    '# HELP maxsink_batches x 1\nmaxsink_batches_sealed_total 9\nmaxsink_batches{state="open"} 2\n';
  expect(total(text, 'maxsink_batches')).toBe(2);
  expect(samples(text, 'maxsink_absent')).toEqual([]);
});
