import type { SinkError } from '../errors.ts';
import type { Decision } from '../ledger/decision.ts';
import type { IntentSession, SessionRef, TableName } from '../ledger/intent.ts';
import type { SessionState } from '../ledger/ports.ts';
import { tableName } from '../maxcompute/wire.ts';
import type { GroupFacts } from '../source/admin/group.ts';
import { type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { Found, Intent } from './find.ts';
import { type Judgement, needsDecision, sessionsOf } from './judge.ts';
import { type Readings, readingsOf } from './readings.ts';
import type { Outcome, Reading } from './settle.ts';

/** Everything that `maxsink resolve` has found and done: what it prints, and with `exitCode` its JSON. */
export interface ResolveReport {
  /** Of maxsink. */
  readonly version: string;
  /** The configuration. */
  readonly file: string;
  /** When it began, ms. */
  readonly at: number;
  readonly group: GroupReport;
  /** The oldest first. */
  readonly intents: readonly IntentReport[];
  readonly unreadable: readonly UnreadableReport[];
  /** Null: nothing was to be written. */
  readonly settlement: Settlement | null;
}

export interface GroupReport extends Pick<GroupFacts, 'state' | 'members'> {
  readonly id: string;
  /** Why its members are not known; null: they are. */
  readonly unknown: string | null;
}

export interface IntentReport {
  readonly batch: string;
  /** `project.table` or `project.schema.table`. */
  readonly table: string;
  /** When it was written, ms, and how long ago. */
  readonly createdAt: number;
  readonly ageMs: number;
  readonly anchor: string;
  /** Those that carry it. */
  readonly topicPartitions: readonly CarrierReport[];
  /** All topic partitions of the batch; null: the list is gone with the anchor's metadata. */
  readonly members: readonly string[] | null;
  /** Without the list only the witness. */
  readonly sessions: readonly SessionReport[];
  /** By the recovery table; null: it could not be told, see `problem`. */
  readonly now: Step | null;
  /** What follows once every owner has confirmed it; null: nothing waits for that. */
  readonly confirmed: Step | null;
  readonly decisionNeeded: boolean;
  /** What a start of the service does about it. */
  readonly service: string;
  readonly readings: Readings;
  /** Why rows could not be counted; null: nothing stood in the way. */
  readonly uncounted: string | null;
  readonly problem: { readonly code: string; readonly message: string } | null;
}

export type Step = Pick<Decision, 'row' | 'action' | 'why'>;

export interface CarrierReport extends TopicPartition {
  readonly offset: number;
  readonly end: number;
  readonly confirmed: boolean;
}

export interface SessionReport extends SessionRef {
  /** Null: it could not be asked. */
  readonly state: SessionState | null;
  readonly blocks: number | null;
  readonly rows: number | null;
  /** Rows found in the table; null: not counted. */
  readonly found: number | null;
}

export interface UnreadableReport extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
  readonly why: string;
}

export interface Settlement {
  readonly reading: Reading;
  readonly outcomes: readonly Outcome[];
  /** Why Kafka did not take the commit; null: it did. */
  readonly refused: string | null;
}

export function intentReport(intent: Intent, judgement: Judgement, now: number): IntentReport {
  const { batch, own, list } = intent;
  const { pointer } = own[0]!;
  const { decision, confirmed, states, counts, uncounted, problem } = judgement;
  return {
    ...{ batch, table: tableText(pointer.to), createdAt: pointer.createdAt },
    ...{ ageMs: Math.max(0, now - pointer.createdAt), anchor: topicPartitionKey(pointer.anchor) },
    topicPartitions: own.map(({ topic, partition, offset, pointer: { end, confirmed: said } }) => {
      return { topic, partition, offset, end, confirmed: said };
    }),
    members: list?.members.map(topicPartitionKey) ?? null,
    sessions: sessionsOf(intent).map((session) => sessionReport(session, states, counts)),
    ...{ now: stepOf(decision), confirmed: stepOf(confirmed), decisionNeeded: needsDecision(judgement) },
    service: serviceText(confirmed ?? decision),
    readings: readingsOf(intent, judgement),
    uncounted,
    problem: problem && problemOf(problem),
  };
}

export const tableText = ({ project, schema, table }: TableName): string =>
  tableName({ project, schema }, table);

function sessionReport(
  session: SessionRef & Partial<IntentSession>,
  states: Judgement['states'],
  counts: Judgement['counts'],
): SessionReport {
  const { tablePartition, id, table, blocks = null, rows = null } = session;
  return {
    ...{ tablePartition, id, state: states.get(id) ?? null, blocks, rows },
    found: counts.get(id) ?? null,
    ...(table !== undefined && { table }),
  };
}

const stepOf = (decision: Decision | null): Step | null =>
  decision && { row: decision.row, action: decision.action, why: decision.why };

const problemOf = ({ code, message }: SinkError) => ({ code, message });

function serviceText(decision: Decision | null): string {
  switch (decision?.action) {
    case undefined:
      return 'not known: MaxCompute could not be asked';
    case 'commit':
      return 'commits the open sessions and goes on behind the batch';
    case 'advance':
      return 'goes on behind the batch: its rows are in the table';
    case 'consume':
      return 'reads the batch again: its rows are not in the table and never will be';
    case 'decide':
      return 'stops with decision_needed';
    default:
      return 'waits and looks again until it is clear';
  }
}

export const unreadableReport = (found: Found): UnreadableReport => ({
  ...{ topic: found.topic, partition: found.partition, offset: found.offset, metadata: found.metadata },
  why: found.unreadable ?? '',
});

export type Result = 'nothing_pending' | 'settles_itself' | 'settled' | 'decision_needed' | 'unknown';

export function resultOf({ intents, unreadable, settlement }: ResolveReport): Result {
  const settled = new Set(
    settlement?.outcomes.filter((one) => one.settled).map((one) => topicPartitionKey(one)),
  );
  const open = ({ topicPartitions }: IntentReport) =>
    topicPartitions.some((one) => !settled.has(topicPartitionKey(one)));
  const left = intents.filter(open);
  const blind = unreadable.filter((one) => !settled.has(topicPartitionKey(one)));
  const failed = settlement?.outcomes.some((one) => !one.settled) ?? false;
  if (failed || blind.length > 0 || left.some(({ decisionNeeded }) => decisionNeeded))
    return 'decision_needed';
  if (left.some(({ problem }) => problem !== null)) return 'unknown';
  if (left.length > 0) return 'settles_itself';
  return settled.size > 0 ? 'settled' : 'nothing_pending';
}

const EXITS: Readonly<Record<Result, 0 | 1 | 4>> = {
  ...{ nothing_pending: 0, settles_itself: 0, settled: 0 },
  ...{ decision_needed: 4, unknown: 1 },
};

/** 0 nothing is left to decide; 4 something is; 1 it could not be told. */
export const exitOf = (report: ResolveReport): 0 | 1 | 4 => EXITS[resultOf(report)];

/** The one document of `--json`. */
export function reportJson(report: ResolveReport): object {
  const { version, file, at, ...rest } = report;
  const result = resultOf(report);
  return { version, file, at: new Date(at).toISOString(), result, exitCode: EXITS[result], ...rest };
}
