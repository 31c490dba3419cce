import { layOut, type TextCell } from '../terminal/columns.ts';
import { cut, printable } from '../terminal/text.ts';
import type { Value } from './nested-value.ts';
import type { Preview, PreviewTable } from './preview.ts';
import type { PreviewRejection } from './run-records.ts';

/** Characters of a value that are looked at; more is a matter for `--json`. */
const LONGEST_CELL = 200;
const RIGHT = /^(?:TINYINT|SMALLINT|INT|BIGINT|FLOAT|DOUBLE|DECIMAL)/;

/** The lines for people; `room` is the width of the terminal, Infinity where there is none. */
export function printPreview(shown: Preview, wanted: number, room: number): string[] {
  return [
    ...(shown.table.exists
      ? []
      : [
          `the table ${shown.table.name} is missing: shown as it would be created (table.create: if_missing)`,
          '',
        ]),
    ...rowLines(shown, room),
    ...shown.rejections.flatMap((rejection, i) => rejectionLines(rejection, i, room)),
    ...(shown.rejections.length > 0 ? [''] : []),
    ...endLines(shown, wanted),
  ];
}

function rowLines({ rows, table }: Preview, room: number): string[] {
  if (rows.length === 0) return [];
  const { columns } = table;
  const partitioned = table.partitionKeys.length > 0;
  const place = (record: string, tablePartition: string): TextCell[] =>
    [record, ...(partitioned ? [tablePartition] : [])].map((text) => ({ text }));
  const head = [
    ...place('record', 'table partition'),
    ...columns.map(({ name, type }) => ({ text: name, right: RIGHT.test(type) })),
  ];
  const lines = rows.map((one) => [
    ...place(recordName(one), one.tablePartition),
    ...columns.map(({ name, type }) => ({ text: valueText(one.row[name]), right: RIGHT.test(type) })),
  ]);
  const layout = layOut([head, ...lines], room, partitioned ? 2 : 1);
  return [...layout.lines, ...hiddenLine(table, layout.hidden, room), ''];
}

function hiddenLine({ columns }: PreviewTable, hidden: number, room: number): string[] {
  if (hidden === 0) return [];
  const names = columns.slice(-hidden).map(({ name }) => name);
  return [cut(`without room, see --json: ${names.join(', ')}`, room)];
}

const valueText = (value: Value | null | undefined): string =>
  value === null || value === undefined ? 'NULL' : printable(plain(value).slice(0, LONGEST_CELL));

const plain = (value: Value): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

const recordName = (one: { readonly topic: string; readonly partition: number; readonly offset: number }) =>
  `${one.topic}-${one.partition}-${one.offset}`;

function rejectionLines(rejection: PreviewRejection, index: number, room: number): string[] {
  const { stage, code, column, message, sample } = rejection;
  const where = column === null ? '' : `column ${column}: `;
  return [
    ...(index === 0 ? ['rejected'] : []),
    printable(`${recordName(rejection)}  ${code} (${stage})  ${where}${message}`),
    ...(sample === null ? [] : [cut(printable(`  ${sample}`), room)]),
  ];
}

function endLines(shown: Preview, wanted: number): string[] {
  const { read, rows, rejections, table } = shown;
  const found = `${read.records} records read in ${(read.ms / 1000).toFixed(1)} s (--from ${read.from}): ${rows.length} rows of ${table.name}, ${rejections.length} rejected${leftOut(shown)}; nothing was written`;
  return [...(read.records === 0 ? [] : [found]), ...whyEnded(read, wanted)];
}

/** `, 3 filtered, 5 skipped (invalid_json 4, tombstone 1)`; empty where nothing was left out. */
function leftOut({ filtered, skipped }: Preview): string {
  const codes = Object.entries(skipped);
  const total = codes.reduce((sum, [, n]) => sum + n, 0);
  const list = codes.map(([code, n]) => `${code} ${n}`).join(', ');
  return (filtered > 0 ? `, ${filtered} filtered` : '') + (total > 0 ? `, ${total} skipped (${list})` : '');
}

function whyEnded(
  { ended, records, trouble, topicPartitions, from }: Preview['read'],
  wanted: number,
): string[] {
  if (ended === 'deadline')
    return [
      `time was up before ${wanted} records had come: raise --timeout${trouble === null ? '' : ` (${trouble})`}`,
    ];
  if (ended === 'records') return [];
  if (topicPartitions.every(({ first, end }) => first === end)) return ['the topic is empty'];
  if (records > 0) return ['there are no more records'];
  return [
    `there are no records from there on (--from ${from}); --from earliest shows the first ones, --from latest the last`,
  ];
}
