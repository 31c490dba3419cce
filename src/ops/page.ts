import { createHash } from 'node:crypto';
import { bytes, count, duration, since } from './figures.ts';
import { type Html, html } from './html.ts';
import type { BatchStatus, Status, TopicPartitionStatus } from './status.ts';
import { SCRIPT, STYLE } from './style.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded from elsewhere, and nothing runs or colours the page but what is written here. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The status as a page that stands alone and refreshes itself. */
export function page(status: Status): string {
  const whole = html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${titleOf(status)}</title>
<link rel="icon" href="data:,">
<style>${{ html: STYLE }}</style>
${head(status)}
<main>
${cards(status)}
${topicPartitions(status)}
${pendingIntents(status)}
${batches(status)}
${tablePartitions(status)}
${rejections(status)}
${problems(status)}
${settings(status)}
</main>
<footer>
<p><a href="status">status (JSON)</a><a href="metrics">metrics</a><a href="live">live</a><a href="ready">ready</a></p>
</footer>
<script>${{ html: SCRIPT }}</script>
</html>
`;
  return whole.html;
}

const titleOf = ({ name, health }: Status): string => `${health.ready.ok ? '' : '⚠ '}${name} · maxsink`;

function head({ name, topics, table, group, guarantee, version, health, uptimeSeconds }: Status): Html {
  const { live, ready } = health;
  const badge = ready.ok
    ? html`<span class="badge good">ready</span>`
    : html`<span class="badge bad">not ready</span>`;
  return html`<header>
<h1>${name} ${badge}</h1>
<p>${topics} → ${table}</p>
<p class="quiet">group ${group} · ${guarantee.replaceAll('_', ' ')} · maxsink ${version} · up ${duration(uptimeSeconds)}</p>
<p class="note ${ready.ok ? 'good' : 'warn'}">${ready.reason}</p>
${live.ok ? null : html`<p class="note bad">not live: ${live.reason}</p>`}
<p class="note bad" id="away">This process does not answer; what you see is from before.</p>
</header>`;
}

function card(title: string, figure: string, more: Html | string, alarm = false): Html {
  const shown = alarm ? html`<b class="alarm">${figure}</b>` : html`<b>${figure}</b>`;
  return html`<div class="card"><span>${title}</span>${shown}<span>${more}</span></div>`;
}

function cards({ topicPartitions, records, memory, workers }: Status): Html {
  const known = topicPartitions.filter((tp) => tp.lagRecords !== null);
  const oldest = known.length === 0 ? null : Math.max(...known.map((tp) => tp.lagSeconds ?? 0));
  const behind = known.reduce((sum, tp) => sum + (tp.lagRecords ?? 0), 0);
  const used = memory.usedBytes / memory.budgetBytes;
  const bar = html`<progress max="1" value="${used.toFixed(3)}"></progress>${memory.paused ? 'reading is paused' : `of ${bytes(memory.budgetBytes)}; process ${bytes(memory.residentBytes)}`}`;
  const complete = records.completeness === 1;
  return html`<div class="cards">
${card('lag', oldest === null ? '–' : duration(oldest), `${count(behind)} records behind`)}
${card('acknowledged', count(records.acknowledged), `records; ${count(records.rows)} rows`)}
${card('dead letters', count(records.deadLetters), `${percent(records.dirtyRatio)} of the last ten batches`)}
${card('accounted for', complete ? '100 %' : percent(records.completeness), 'of the records acknowledged', !complete)}
${card('memory', bytes(memory.usedBytes), bar)}
${card('workers', `${workers.busy} / ${workers.threads}`, `busy; ${duration(workers.cpuSeconds)} CPU`)}
</div>`;
}

const percent = (ratio: number): string => `${(ratio * 100).toFixed(ratio > 0 && ratio < 0.1 ? 2 : 1)} %`;

/** Rows that are shown at once; the rest unfolds. */
const ROWS = 12;

/** `columns`: titles; those that end with `#` are numbers, those that start with `~` are for wide screens. */
function section(title: string, columns: readonly string[], rows: readonly Html[], none: string): Html {
  if (rows.length === 0) return html`<section><h2>${title}</h2><p class="quiet">${none}</p></section>`;
  const heads = columns.map((column) => {
    const classes = `${column.endsWith('#') ? 'n' : 't'}${column.startsWith('~') ? ' wide' : ''}`;
    return html`<th class="${classes}">${column.replace(/^~|#$/g, '')}</th>`;
  });
  const table = (part: readonly Html[]) =>
    html`<div class="scroll"><table><tr>${heads}</tr>${part}</table></div>`;
  const id = title.toLowerCase().replace(/\W+/g, '-');
  const rest = rows.slice(ROWS);
  const more = html`<details id="${id}"><summary>${rest.length} more</summary>${table(rest)}</details>`;
  return html`<section><h2>${title}</h2>${table(rows.slice(0, ROWS))}${rest.length === 0 ? null : more}</section>`;
}

function topicPartitions({ topicPartitions }: Status): Html {
  const rows = topicPartitions.toSorted(worstFirst).map(
    (tp) => html`<tr><td class="text">${tp.topic}</td><td class="n">${tp.partition}</td>
<td class="n">${tp.lagSeconds === null ? '–' : duration(tp.lagSeconds)}</td>
<td class="n">${tp.lagRecords === null ? '–' : count(tp.lagRecords)}</td>
<td class="n wide">${count(tp.acknowledged)}</td><td class="n wide">${count(tp.position)}</td>
<td class="n wide">${tp.stableEnd === null ? '–' : count(tp.stableEnd)}</td></tr>`,
  );
  const columns = ['topic', 'number#', 'lag#', 'records behind#', '~acknowledged#', '~read#', '~end#'];
  return section('Topic partitions of this process', columns, rows, 'none');
}

const worstFirst = (a: TopicPartitionStatus, b: TopicPartitionStatus): number =>
  (b.lagSeconds ?? 0) - (a.lagSeconds ?? 0) ||
  (b.lagRecords ?? 0) - (a.lagRecords ?? 0) ||
  Number(a.topic > b.topic) - Number(a.topic < b.topic) ||
  a.partition - b.partition;

function pendingIntents({ pendingIntents }: Status): Html {
  const rows = pendingIntents.map(
    (
      one,
    ) => html`<tr title="${one.batch}"><td class="t"><span class="badge warn">${one.state}</span>${one.row === null ? null : html`<small>row ${one.row}</small>`}</td>
<td class="n">${duration(one.ageSeconds)}</td><td class="text">${one.topicPartitions.join(' · ')}</td><td class="text">${one.waitsFor ?? ''}</td></tr>`,
  );
  const columns = ['state', 'age#', 'topic partitions', 'what is seen of it'];
  return section('Intents that are not done with', columns, rows, 'none');
}

const STATE_CLASS: Readonly<Record<string, string>> = { open: '', acknowledged: 'good' };

function batches({ batches, acknowledged, now }: Status): Html {
  const rows = [...batches.toReversed(), ...acknowledged].map((batch) => batchRow(batch, now));
  const columns = ['state', 'age#', 'rows#', 'dead letters#', '~size#', '~table partitions', '~phases'];
  return section('Batches', columns, rows, 'none yet');
}

function batchRow(batch: BatchStatus, now: string): Html {
  const { state, sealedBy, sessions } = batch;
  const names = sessions.map((one) => one.tablePartition || '(unpartitioned)');
  const places =
    names.length > 3 ? `${names.slice(0, 3).join(' · ')} · ${names.length - 3} more` : names.join(' · ');
  const phases = Object.entries(batch.phases).map(([phase, seconds]) =>
    `${phase} ${duration(seconds)}`.replaceAll(' ', '\u00a0'),
  );
  const age = state === 'acknowledged' ? since(batch.since, now) : duration(batch.ageSeconds);
  const waits =
    batch.waitsFor === null ? null : html`<small class="text">waits for ${batch.waitsFor}</small>`;
  const why = sealedBy === null ? null : html`<small>sealed by ${sealedBy.replaceAll('_', ' ')}</small>`;
  return html`<tr title="${batch.id}"><td class="t"><span class="badge ${STATE_CLASS[state] ?? 'warn'}">${state}</span>${why}${waits}</td>
<td class="n">${age}</td><td class="n">${count(batch.rows)}</td><td class="n">${count(batch.deadLetters)}</td>
<td class="n wide">${bytes(batch.rowBytes)}</td><td class="text wide">${places}</td><td class="wide quiet small">${phases.join(' · ')}</td></tr>`;
}

/** `2026-11-21 09:59:59 UTC`. */
const readable = (iso: string | null): string =>
  iso === null ? '–' : `${iso.slice(0, -5).replace('T', ' ')} UTC`;

function tablePartitions({ tablePartitions, now }: Status): Html {
  const rows = tablePartitions.map(
    (
      one,
    ) => html`<tr><td class="text">${one.tablePartition || '(unpartitioned)'}</td><td class="n">${count(one.rows)}</td>
<td class="n">${since(one.lastWritten, now)}</td><td class="t wide">${readable(one.newestEvent)}</td><td class="t wide">${readable(one.oldestEvent)}</td></tr>`,
  );
  const columns = ['table partition', 'rows#', 'last written#', '~newest event time', '~oldest event time'];
  return section('Written by this process since its start', columns, rows, 'nothing yet');
}

function rejections({ records }: Status): Html {
  const reasons = Object.entries(records.rejected).sort(([, a], [, b]) => b - a);
  const shown = reasons.map(([code, n]) => html`<li>${code} <b>${count(n)}</b></li>`);
  const list = reasons.length === 0 ? html`<p class="quiet">none</p>` : html`<ul>${shown}</ul>`;
  return html`<section><h2>Dead letters by reason</h2>${list}${leftOut(records)}</section>`;
}

/** What the configuration leaves out or replaces; nothing where it does neither. */
function leftOut({ filtered, deduplicated, skippedByCode, mended }: Status['records']): Html | null {
  const items: [string, number][] = [
    ['left out by the filter', filtered],
    ['left out as copies', deduplicated],
    ...Object.entries(skippedByCode).map(([code, n]): [string, number] => [`skipped: ${code}`, n]),
    ...mended.map(({ code, action, values }): [string, number] => [
      `${action.replaceAll('_', ' ')}: ${code}`,
      values,
    ]),
  ];
  const shown = items.flatMap(([what, n]) => (n > 0 ? [html`<li>${what} <b>${count(n)}</b></li>`] : []));
  return shown.length === 0 ? null : html`<p class="quiet">Not as they came</p><ul>${shown}</ul>`;
}

function problems({ problems, now }: Status): Html {
  const shown = problems.map((one) => {
    const kind = one.level === 'error' ? 'bad' : 'warn';
    return html`<div class="problem"><p><span class="badge ${kind}">${one.code}</span>
<span class="quiet small">${since(one.last, now)} · ${count(one.count)} ×</span></p><p class="text">${one.message}</p></div>`;
  });
  const none = problems.length === 0 ? html`<p class="quiet">none</p>` : null;
  return html`<section><h2>Warnings and errors</h2>${none}${shown}</section>`;
}

function settings({ settings }: Status): Html {
  return html`<section><details id="settings"><summary>Settings in force</summary><pre>${JSON.stringify(settings, null, 2)}</pre></details></section>`;
}
