import { deadLetterId } from '../deadletter/dead-letter.ts';
import type { StoredLetter } from '../deadletter/stored.ts';
import type { TextOptions } from '../terminal/paint.ts';
import { table } from '../terminal/table.ts';
import { printable, wrap } from '../terminal/text.ts';
import { count, plural, some } from '../terminal/words.ts';
import type { RejectedAgain } from './encode.ts';
import type { ListReport } from './list.ts';
import type { ReplayReport } from './run.ts';

/** Ids shown of a group. */
const SHOWN = 5;

/** `maxsink deadletters list` for people. */
export function listText(report: ListReport, { width, paint }: TextOptions): string {
  const { place, groups, unreadable, journal } = report;
  const letters = groups.reduce((sum, one) => sum + one.count, 0);
  const replayed = groups.reduce((sum, one) => sum + one.replayed, 0);
  const blocks = groups.map((group) => {
    const column = group.column === null ? '' : ` of column ${printable(group.column)}`;
    const id = `${printable(group.topic)}-${group.partition}`;
    return [
      paint(
        'bold',
        `${group.code}  ${plural(group.count, 'letter')} of ${id}, stage ${group.stage}${column}`,
      ),
      `  ${timeText(group.first)} to ${timeText(group.last)}${group.replayed > 0 ? `; ${count(group.replayed)} replayed` : ''}`,
      ...wrap(`newest: ${group.example.id}: ${printable(group.example.message)}`, width - 2).map(
        (line) => `  ${line}`,
      ),
      '',
    ];
  });
  const end = [
    `${plural(letters, 'dead letter')} in ${place}${replayed > 0 ? `, ${count(replayed)} of them replayed (${journal})` : ''}`,
    ...(unreadable > 0 ? [`${count(unreadable)} of what is there are no dead letters`] : []),
  ];
  return `${[...blocks.flat(), ...end].join('\n')}\n`;
}

const timeText = (ms: number | null): string => (ms === null ? 'no time' : new Date(ms).toISOString());

/** `maxsink deadletters show` for people: everything there is of one letter. */
export function letterText(letter: StoredLetter, { paint }: TextOptions): string {
  const { topic, partition, offset, timestamp, stage, code, column, message, sample, pipeline, batch } =
    letter;
  const facts: [string, string | null][] = [
    ['record', `${topic}-${partition} offset ${offset}`],
    ['timestamp', timeText(timestamp)],
    ['rejected', `${code}, stage ${stage}${column === null ? '' : `, column ${column}`}`],
    ['why', message],
    ['sample', sample],
    ['pipeline', pipeline ?? null],
    ['batch', batch ?? null],
    ['original', originalText(letter)],
    ['key', bytesText(letter.key)],
    ...letter.headers.map(({ name, value }): [string, string] => [`header ${name}`, bytesText(value)]),
    ['value', bytesText(letter.value)],
  ];
  const lines = facts.flatMap(([name, text]) =>
    text === null ? [] : `  ${printable(name).padEnd(12)}${printable(text)}`,
  );
  return `${[paint('bold', deadLetterId(letter)), ...lines].join('\n')}\n`;
}

function originalText({ original }: StoredLetter): string | null {
  if (original === undefined) return null;
  return original === 'dropped' ? 'not kept' : 'sealed: --key shows it';
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesText(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  try {
    return `${count(bytes.length)} bytes: ${UTF8.decode(bytes)}`;
  } catch {
    return `${count(bytes.length)} bytes, base64: ${Buffer.from(bytes).toString('base64')}`;
  }
}

/** `maxsink deadletters replay` for people. */
export function replayText(report: ReplayReport, options: TextOptions): string {
  const { dryRun, place, journal, letters, earlier, taken, rows, rejected, closed, unknown } = report;
  const { paint, width } = options;
  const would = dryRun ? 'would become ' : '';
  const lines = [
    ...settledLines(report),
    `${plural(letters, 'letter')} chosen in ${place}${earlier > 0 ? `; ${count(earlier)} of them replayed before (${journal})` : ''}`,
    paint(
      'bold',
      `${plural(taken, 'letter')} ${dryRun ? 'are taken' : 'replayed'}: ${would}${plural(rows, 'row')} of ${report.table}`,
    ),
    ...tablePartitionLines(report, width),
    ...rejectedLines(rejected, dryRun, options),
    ...closed.slice(0, SHOWN).map(({ id, why }) => paint('yellow', `${id}: ${why}`)),
    ...(closed.length > SHOWN ? [`and ${count(closed.length - SHOWN)} more that cannot be opened`] : []),
    ...(unknown.length > 0 ? [paint('yellow', `no such letter: ${some(unknown)}`)] : []),
    ...report.unclear.map(({ batch, to, sessions }) =>
      paint(
        'red',
        `batch ${batch}: whether the rows of ${plural(sessions.length, 'session')} are in ${to.table} is not known; its letters are not replayed by themselves. Look in the table; to replay them, remove ${batch}.unclear from ${journal}`,
      ),
    ),
  ];
  return `${lines.flatMap((line) => (line.startsWith(' ') ? line : wrap(line, width))).join('\n')}\n`;
}

function settledLines({ settled }: ReplayReport): string[] {
  const words = {
    committed: 'its rows are in the table',
    void: 'nothing of it is in the table',
    unclear: 'unclear',
  };
  return settled.map(
    ({ batch, result }) => `an earlier replay was cut off in batch ${batch}: ${words[result]}`,
  );
}

function tablePartitionLines({ tablePartitions }: ReplayReport, width: number): string[] {
  const list = [...tablePartitions].filter(([name]) => name !== '').sort(([a], [b]) => (a < b ? -1 : 1));
  return list.length === 0
    ? []
    : table(
        ['table partition', 'rows'],
        list.map(([name, rows]) => [name, count(rows)]),
        width - 2,
      ).map((line) => `  ${line}`);
}

function rejectedLines(
  rejected: readonly RejectedAgain[],
  dryRun: boolean,
  { paint }: TextOptions,
): string[] {
  if (rejected.length === 0) return [];
  const groups = new Map<string, RejectedAgain[]>();
  for (const one of rejected) {
    const reason = `${one.code}, stage ${one.stage}${one.column === null ? '' : `, column ${one.column}`}`;
    groups.set(reason, [...(groups.get(reason) ?? []), one]);
  }
  return [
    paint('yellow', `${plural(rejected.length, 'letter')} ${dryRun ? 'would be' : 'were'} rejected again:`),
    ...[...groups].flatMap(([reason, list]) => [
      `  ${reason}: ${count(list.length)}, for example ${printable(list[0]!.message)}`,
      `    ${some(
        list.map(({ id }) => id),
        SHOWN,
      )}`,
    ]),
  ];
}
