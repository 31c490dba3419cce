import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { page } from '../../src/ops/page.ts';
import { type Server, startServer } from '../../src/ops/server.ts';
import type { Status } from '../../src/ops/status.ts';
import { tempDir } from '../support/process.ts';
import { SAMPLE } from './status-sample.ts';

const text = (status: Partial<Status> = {}) => page({ ...SAMPLE, ...status });
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

it('shows what the process does', () => {
  const shown = text();
  for (const part of [
    'orders',
    '订单明细',
    'demo.dwd.ods_orders',
    'not ready',
    'a batch has been uploaded for 240 s',
    '4 min 22 s', // the oldest of the lags
    '241,563 records behind',
    'reading is paused',
    'sealed by table partitions',
    'waits for commit of session',
    'row 6',
    'the owner of &lt;i&gt;orders&lt;/i&gt;-3 has not confirmed it yet',
    'dt=20261121,hr=19',
    '2026-11-21 11:55:35 UTC',
    'invalid_json',
    'Connection refused',
    '&quot;password&quot;: &quot;[secret]&quot;',
  ])
    expect(shown).toContain(part);
});

it('takes no name and no message for HTML', () => {
  const shown = text();
  for (const evil of ['<b>topic', '<img', '<script>alert', 'src=a&b']) expect(shown).not.toContain(evil);
  for (const name of ['&lt;b&gt;topic', '&lt;img src=x onerror=alert(1)&gt;', 'src=a&amp;b'])
    expect(shown).toContain(name);
});

it('lists topic partitions of the same lag in one order, whatever the language of the machine', () => {
  const [one] = SAMPLE.topicPartitions;
  const topicPartitions = ['a', 'B', 'ä', 'A'].map((topic) => ({ ...one!, topic }));
  const names = text({ topicPartitions }).matchAll(/<tr><td[^>]*>(\p{L})<\/td>/gu);
  expect([...names].map(([, name]) => name)).toEqual(['A', 'B', 'a', 'ä']);
});

it('loads nothing from elsewhere', () => {
  const links = [...text().matchAll(/(?:href|src)="([^"]*)"/g)].map(([, to]) => to);
  expect(links.sort()).toEqual(['data:,', 'live', 'metrics', 'ready', 'status']);
});

it('is there before there is anything to show', () => {
  const empty: Partial<Status> = {
    topicPartitions: [],
    pendingIntents: [],
    batches: [],
    acknowledged: [],
    tablePartitions: [],
  };
  const shown = text({ ...empty, problems: [], records: { ...SAMPLE.records, rejected: {} } });
  expect(shown).toContain('none yet');
  expect(shown).toContain('nothing yet');
});

it('shows what the configuration leaves out or replaces, where it does', () => {
  expect(text()).not.toContain('Not as they came');
  const mended = [{ code: 'too_long', action: 'set_null', values: 1_234 }];
  const records = {
    ...SAMPLE.records,
    filtered: 5,
    deduplicated: 6,
    skippedByCode: { tombstone: 7 },
    mended,
  };
  const shown = text({ records });
  for (const item of [
    'left out by the filter <b>5</b>',
    'left out as copies <b>6</b>',
    'skipped: tombstone <b>7</b>',
    'set null: too_long <b>1,234</b>',
  ])
    expect(shown).toContain(item);
});

it('marks records that are not accounted for', () => {
  expect(text()).not.toContain('class="alarm"');
  const records = { ...SAMPLE.records, completeness: 0.999 };
  expect(text({ records })).toContain('<b class="alarm">99.9 %</b>');
});

/** The page after `ms` of its own time in a real browser, as HTML. */
async function browse(url: string, ms: number): Promise<string> {
  const profile = tempDir();
  const options = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile.path}`];
  try {
    const asked = [...options, `--virtual-time-budget=${ms}`, '--dump-dom', url];
    return (await promisify(execFile)('chromium', asked, { timeout: 60_000 })).stdout;
  } finally {
    profile.remove();
  }
}

async function serve(status: () => Status): Promise<string> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    metrics: { render: async () => '', contentType: 'text/plain' },
    snapshot: () => {
      throw new Error('not asked');
    },
    status,
    log: createLog({ level: 'silent' }),
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}/`;
}

it('refreshes itself in a browser, under its own policy', { timeout: 90_000 }, async () => {
  let asked = 0;
  const url = await serve(() => ({ ...SAMPLE, topics: `asked ${++asked} times` }));
  const shown = await browse(url, 10_000);
  expect(asked).toBeGreaterThan(1);
  expect(shown).toContain(`asked ${asked} times`);
  expect(shown.match(/<header>/g)).toHaveLength(1);
  expect(shown).not.toContain('class="away"');
});

it('says in a browser that the process does not answer', { timeout: 90_000 }, async () => {
  let asked = 0;
  const url = await serve(() => {
    if (asked++ > 0) throw new Error('gone');
    return SAMPLE;
  });
  const shown = await browse(url, 5_000);
  expect(shown).toContain('class="away"');
  expect(shown).toContain('订单明细');
});
