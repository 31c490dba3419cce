import type { Style, TextOptions } from '../terminal/paint.ts';
import { table } from '../terminal/table.ts';
import { displayWidth, padded, wrap } from '../terminal/text.ts';
import { countsOf, type Exhibit, type Item, type Report, type Section, type Status } from './report.ts';

const TITLES: Record<Section['step'], string> = {
  configuration: 'Configuration',
  kafka: 'Kafka',
  schema_registry: 'Schema registry',
  table: 'Table',
  rights: 'Rights',
  mapping: 'Mapping',
  quota: 'Quota',
  machine: 'This machine',
};

const WORDS: Record<Status, string> = { ok: 'ok', warn: 'warn', fail: 'FAIL', not_checked: '-' };
const STYLES: Record<Status, Style> = { ok: 'green', warn: 'yellow', fail: 'red', not_checked: 'dim' };

const STATUS_WIDTH = 4;
const INDENT = '  ';
/** Names longer than this get a line of their own. */
const WHAT_MAX = 34;

/** The report for people. */
export function reportText(report: Report, options: TextOptions): string {
  const whatWidth = Math.min(
    WHAT_MAX,
    Math.max(0, ...report.sections.flatMap(({ items }) => items.map(({ what }) => displayWidth(what)))),
  );
  const { paint } = options;
  const at = new Date(report.startedAt).toISOString().slice(0, 19).replace('T', ' ');
  return [
    `${paint('bold', `maxsink check ${report.file}`)}  ${paint('dim', `maxsink ${report.version}, ${at} UTC`)}`,
    ...report.sections.flatMap((section) => ['', ...sectionLines(section, whatWidth, options)]),
    '',
    ...verdictLines(report, options),
    '',
  ].join('\n');
}

function sectionLines(section: Section, whatWidth: number, options: TextOptions): string[] {
  return [
    options.paint('bold', TITLES[section.step]),
    ...section.items.flatMap((item) => itemLines(item, whatWidth, options)),
    ...(section.exhibits ?? []).flatMap((exhibit) => ['', ...exhibitLines(exhibit, options.width)]),
  ];
}

function itemLines(item: Item, whatWidth: number, { width, paint }: TextOptions): string[] {
  const { what, status, evidence, advice } = item;
  const margin = INDENT.length + STATUS_WIDTH + INDENT.length + whatWidth + INDENT.length;
  const room = Math.max(30, width - margin);
  const left = `${INDENT}${paint(STYLES[status], padded(WORDS[status], STATUS_WIDTH))}${INDENT}`;
  const body = [
    ...wrap(status === 'not_checked' ? `not checked: ${evidence}` : evidence, room),
    ...(advice === null
      ? []
      : wrap(advice, room - 3).map((line, at) => `${at === 0 ? '-> ' : '   '}${line}`)),
  ];
  const blank = ' '.repeat(margin);
  if (displayWidth(what) > whatWidth) return [left + what, ...body.map((line) => blank + line)];
  return body.map((line, at) =>
    at === 0 ? `${left}${padded(what, whatWidth)}${INDENT}${line}` : blank + line,
  );
}

function exhibitLines(exhibit: Exhibit, width: number): string[] {
  const lines =
    exhibit.kind === 'table' ? table(exhibit.head, exhibit.rows, width - INDENT.length) : exhibit.lines;
  return lines.map((line) => `${INDENT}${line}`.trimEnd());
}

function verdictLines(report: Report, { paint }: TextOptions): string[] {
  const counts = countsOf(report);
  const tally = [
    `${counts.ok} ok`,
    `${counts.warn} ${counts.warn === 1 ? 'warning' : 'warnings'}`,
    `${counts.fail} failed`,
    `${counts.not_checked} not checked`,
  ].join(', ');
  const seconds = (report.durationMs / 1000).toFixed(1);
  const verdict =
    counts.fail > 0
      ? paint(
          'red',
          counts.fail === 1 ? 'One thing has to be mended.' : `${counts.fail} things have to be mended.`,
        )
      : paint('green', counts.warn > 0 ? 'It would run; see the warnings.' : 'All well.');
  return [`${verdict}  ${tally} in ${seconds} s.`];
}
