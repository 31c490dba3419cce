import { topicPartitionKey } from '../source/source.ts';
import type { TextOptions } from '../terminal/paint.ts';
import { table } from '../terminal/table.ts';
import { displayWidth, padded, wrap } from '../terminal/text.ts';
import { count, plural, some } from '../terminal/words.ts';
import {
  type GroupReport,
  type IntentReport,
  type ResolveReport,
  resultOf,
  type SessionReport,
  type Settlement,
  type UnreadableReport,
} from './report.ts';

const INDENT = '  ';
/** Topic partitions shown of a batch. */
const ROWS = 24;

/** The report for people. */
export function resolveText(report: ResolveReport, options: TextOptions): string {
  const { paint } = options;
  const title = `maxsink resolve ${report.file}`;
  return [
    `${paint('bold', title)}  ${paint('dim', `maxsink ${report.version}, ${timeText(report.at)}`)}`,
    '',
    ...wrap(groupText(report.group), options.width),
    ...report.intents.flatMap((intent) => ['', ...intentLines(intent, options)]),
    ...report.unreadable.flatMap((one) => ['', ...unreadableLines(one, options)]),
    ...(report.settlement ? ['', ...settlementLines(report.settlement, options)] : []),
    '',
    ...verdictLines(report, options),
    '',
  ].join('\n');
}

const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function groupText({ id, members, unknown }: GroupReport): string {
  if (unknown !== null) return `group ${id}: its members are not known: ${unknown}`;
  const who = members.map(({ clientId, host }) => `${clientId} at ${host}`);
  return `group ${id}: ${members.length === 0 ? 'nobody is in it' : `${plural(members.length, 'member')}: ${some(who)}`}`;
}

function intentLines(intent: IntentReport, options: TextOptions): string[] {
  const { paint } = options;
  const verdict = intent.decisionNeeded
    ? paint('red', 'decision needed')
    : intent.problem
      ? paint('yellow', 'not known')
      : paint('green', 'the service settles it');
  return [
    `${paint('bold', `batch ${intent.batch}`)}  ${verdict}`,
    ...facts(factsOf(intent), options.width),
    '',
    ...indented(sessionTable(intent.sessions, options.width)),
    '',
    ...indented(topicPartitionTable(intent, options.width)),
    '',
    ...facts(readingFacts(intent), options.width),
  ];
}

type Fact = readonly [name: string, text: string];

function factsOf(intent: IntentReport): Fact[] {
  const {
    table: name,
    createdAt,
    ageMs,
    problem,
    uncounted,
    now,
    confirmed,
    service,
    decisionNeeded,
  } = intent;
  return [
    ['table', name],
    ['written', `${timeText(createdAt)}, ${ageText(ageMs)} ago; its anchor is ${intent.anchor}`],
    ['members', membersText(intent)],
    ...(problem ? [['not known', `${problem.code}: ${problem.message}`] as const] : []),
    ...(uncounted && decisionNeeded ? [['not counted', uncounted] as const] : []),
    ...(now ? [['recovery table', `row ${now.row}: ${now.why}`] as const] : []),
    ...(confirmed ? [['once confirmed', `row ${confirmed.row}: ${confirmed.why}`] as const] : []),
    ['the service', service],
  ];
}

function membersText({ members, topicPartitions }: IntentReport): string {
  const confirmed = topicPartitions.filter((one) => one.confirmed).length;
  const carry = plural(topicPartitions.length, 'topic partition');
  if (members === null) return `${carry} left; the list of all is gone with the anchor's metadata`;
  const has = new Set(topicPartitions.map(topicPartitionKey));
  const left = members.filter((member) => !has.has(member));
  const gone = left.length === 0 ? 'all carry it' : `no longer on ${some(left)}`;
  return `${plural(members.length, 'topic partition')}, ${gone}, ${confirmed} confirmed`;
}

function readingFacts({ readings: { lost, twice }, batch, decisionNeeded }: IntentReport): Fact[] {
  const how = decisionNeeded ? '' : ` --batch ${batch}`;
  const rows = (most: number, what: string, none: string) =>
    most === 0 ? none : `at most ${plural(most, 'row')} ${what}`;
  return [
    [
      'assume committed',
      `offsets go to the ends of the batch: ${rows(lost, 'that are not in the table are lost', 'nothing is lost')} (--assume-committed${how})`,
    ],
    [
      'replay',
      `offsets stay and the batch is read again: ${rows(twice, 'that are in the table come twice', 'nothing comes twice')} (--replay${how})`,
    ],
  ];
}

function sessionTable(sessions: readonly SessionReport[], width: number): string[] {
  const number = (value: number | null): string => (value === null ? '-' : count(value));
  const rows = sessions.map(({ tablePartition, table: letters, id, state, blocks, rows: written, found }) => [
    ...[
      letters === undefined ? tablePartition || '(none)' : `dead letters: ${letters}`,
      id,
      state ?? 'not asked',
    ],
    ...[number(blocks), number(written), number(found)],
  ]);
  const head = ['table partition', 'session', 'state', 'blocks', 'rows', 'found'];
  return table(head, rows, width - INDENT.length);
}

function topicPartitionTable({ topicPartitions }: IntentReport, width: number): string[] {
  const rows = topicPartitions
    .slice(0, ROWS)
    .map((one) => [
      ...[topicPartitionKey(one), count(one.offset), count(one.end), count(one.end - one.offset)],
      one.confirmed ? 'yes' : 'no',
    ]);
  const more = topicPartitions.length > ROWS ? [[`... ${count(topicPartitions.length - ROWS)} more`]] : [];
  const head = ['topic partition', 'committed', 'end of the batch', 'records', 'confirmed'];
  return table(head, [...rows, ...more], width - INDENT.length);
}

function unreadableLines(one: UnreadableReport, { width, paint }: TextOptions): string[] {
  const replay =
    'the metadata is discarded and reading goes on at the offset: rows of a batch that was under way may come twice (--replay)';
  return [
    `${paint('bold', topicPartitionKey(one))}  ${paint('red', 'decision needed')}`,
    ...facts(
      [
        ['committed', count(one.offset)],
        ['recovery table', `row 10: ${one.why}`],
        ['metadata', JSON.stringify(one.metadata)],
        ['the service', 'stops with ledger_unreadable'],
        ['newer version', 'run the version that wrote it: it settles its batch by itself'],
        ['replay', replay],
      ],
      width,
    ),
  ];
}

function settlementLines({ outcomes, refused, reading }: Settlement, options: TextOptions): string[] {
  const { paint, width } = options;
  const how = reading === 'replay' ? 'replay' : 'assume committed';
  if (outcomes.length === 0) return wrap(`${how}: nothing needs a decision, nothing was written`, width);
  const rows = outcomes.map((one) => [
    ...[topicPartitionKey(one), one.batch ?? 'unreadable', count(one.from), count(one.to)],
    one.settled ? 'settled' : 'NOT settled',
  ]);
  const lines = table(['topic partition', 'batch', 'from', 'to', 'result'], rows, width - INDENT.length);
  return [
    paint('bold', how),
    ...indented(lines),
    ...(refused === null
      ? []
      : indented(wrap(`Kafka refused the commit: ${refused}`, width - INDENT.length))),
  ];
}

function verdictLines(report: ResolveReport, { width, paint }: TextOptions): string[] {
  switch (resultOf(report)) {
    case 'nothing_pending':
      return [paint('green', 'No intent is pending.')];
    case 'settles_itself':
      return [paint('green', 'Nothing to decide: the service settles what is pending by itself.')];
    case 'settled':
      return [paint('green', 'Settled. Start the service again.')];
    case 'unknown':
      return [paint('yellow', 'MaxCompute could not be asked: look again when it answers.')];
    case 'decision_needed': {
      const first = paint('red', 'A decision is needed.');
      const how =
        'Stop every process of the group, then run this with --assume-committed or --replay (with --batch for one batch alone), and start again.';
      return [first, ...wrap(how, width)];
    }
  }
}

/** Names in one column, texts wrapped in the other. */
function facts(list: readonly Fact[], width: number): string[] {
  const left = Math.max(...list.map(([name]) => displayWidth(name)));
  const margin = INDENT.length * 2 + left;
  return list.flatMap(([name, text]) =>
    wrap(text, Math.max(30, width - margin)).map((line, at) =>
      at === 0 ? `${INDENT}${padded(name, left)}${INDENT}${line}` : ' '.repeat(margin) + line,
    ),
  );
}

const indented = (lines: readonly string[]): string[] => lines.map((line) => `${INDENT}${line}`.trimEnd());

/** `3 s`, `12 min`, `5 h 3 min`, `2 days 4 h`. */
export function ageText(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return `${Math.floor(ms / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}
