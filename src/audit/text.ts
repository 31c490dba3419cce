import { topicPartitionKey } from '../source/source.ts';
import type { TextOptions } from '../terminal/paint.ts';
import { table } from '../terminal/table.ts';
import { wrap } from '../terminal/text.ts';
import { count, plural, some } from '../terminal/words.ts';
import { copiesOf } from './copies.ts';
import { type Range, rangeText, total } from './ranges.ts';
import { type AuditReport, exitOf, foundIn, type TopicPartitionReport } from './report.ts';
import type { Duplicate } from './table-facts.ts';

const INDENT = '  ';
const ROWS = 40;
const HEAD = [
  ...['topic partition', 'log', 'committed', 'audited', 'rows'],
  ...['rejected', 'left out', 'no record', 'missing', 'twice'],
];

/** The report for people. */
export function auditText(report: AuditReport, { width, paint }: TextOptions): string {
  const at = new Date(report.startedAt).toISOString().slice(0, 19).replace('T', ' ');
  const room = width - INDENT.length;
  const lines = (sign: string, texts: readonly string[]) =>
    texts.flatMap((text) => wrap(text, room - 2).map((line, i) => `${i === 0 ? sign : ' '} ${line}`));
  const found = findings(report);
  return [
    `${paint('bold', `maxsink audit ${report.file}`)}  ${paint('dim', `maxsink ${report.version}, ${at} UTC`)}`,
    '',
    paint('bold', `Group ${report.group} and table ${report.table}`),
    ...indented(table(HEAD, tableRows(report), room)),
    ...section(paint('bold', 'Found'), indented(lines('!', found))),
    ...section(paint('bold', 'To know'), indented(lines('-', report.notes))),
    '',
    verdictLine(report, paint),
    '',
  ].join('\n');
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines];

const indented = (lines: readonly string[]): string[] => lines.map((line) => `${INDENT}${line}`.trimEnd());

/** Those with findings first. */
function tableRows(report: AuditReport): string[][] {
  const found = foundIn(report);
  const rest = report.topicPartitions.filter((one) => !found.includes(one));
  const rows = [...found, ...rest].slice(0, ROWS).map((one) => tableRow(one, report.duplicatesKnown));
  const more = report.topicPartitions.length - ROWS;
  return more > 0 ? [...rows, [`... ${count(more)} more`]] : rows;
}

function tableRow(one: TopicPartitionReport, duplicatesKnown: boolean): string[] {
  const { missing, surplus, rejected, leftOut, empty, unread, unlisted } = one.verdict;
  const unchecked = total(unread) + unlisted + copiesOf(one);
  return [
    ...[topicPartitionKey(one), `${count(one.logStart)}..${count(one.logEnd)}`],
    ...[one.committed === null ? '-' : count(one.committed), `${count(one.first)}..${count(one.end)}`],
    ...[count(one.rows), count(rejected), count(leftOut), count(empty)],
    `${count(total(missing))}${unchecked > 0 ? ` + ${count(unchecked)}?` : ''}`,
    duplicatesKnown ? count(surplus) : '?',
  ];
}

/** One text for each kind of finding in each topic partition. */
export function findings(report: AuditReport): string[] {
  const list = foundIn(report).flatMap(findingsOf);
  return report.duplicatesComplete ? list : [...list, 'There are more duplicates than are listed here.'];
}

function findingsOf(one: TopicPartitionReport): string[] {
  const { missing, surplus, duplicates, both, unread, unlisted } = one.verdict;
  const name = topicPartitionKey(one);
  const about = (offsets: number, what: string, ranges: readonly Range[]): string[] =>
    offsets === 0 ? [] : [`${name}: ${plural(offsets, 'offset')} ${what}: ${rangesText(ranges)}`];
  const copies =
    surplus === 0 ? [] : [`${name}: ${plural(surplus, 'row')} too many: ${copiesText(duplicates)}`];
  const left = `${name}: ${plural(unlisted, 'offset')} in gaps beyond those that a query lists were not checked: narrow the audit with --from and --to`;
  return [
    ...about(total(missing), 'with a record are in neither the table nor the dead letters', missing),
    ...copies,
    ...about(total(both), 'are in the table and in the dead letters too', both),
    ...about(total(unread), 'are in neither, and were not read from the log in time', unread),
    ...(unlisted > 0 ? [left] : []),
  ];
}

const rangesText = (ranges: readonly Range[]): string => some(ranges.map(rangeText));

function copiesText(duplicates: readonly Duplicate[]): string {
  return some(
    duplicates.map((one) => {
      const [low, high] = one.tablePartitions;
      const where = low === '' ? '' : ` in ${low === high ? low : `${low} .. ${high}`}`;
      return `${rangeText(one)} ${one.copies === 2 ? 'twice' : `${one.copies} times`}${where}`;
    }),
  );
}

function verdictLine(report: AuditReport, paint: TextOptions['paint']): string {
  const { topicPartitions, durationMs } = report;
  const offsets = topicPartitions.reduce((sum, one) => sum + one.end - one.first, 0);
  const seconds = (durationMs / 1000).toFixed(1);
  const tally = `${plural(offsets, 'offset')} of ${plural(topicPartitions.length, 'topic partition')}, ${plural(report.rows, 'row')} in ${seconds} s.`;
  const copies = topicPartitions.reduce((sum, one) => sum + copiesOf(one), 0);
  const but = copies === 0 ? '.' : `, but for ${plural(copies, 'offset')} that may hold copies.`;
  if (exitOf(report) === 0) return `${paint('green', `Every record is accounted for${but}`)}  ${tally}`;
  return `${paint('red', 'Not every record is accounted for once.')}  ${tally}`;
}
