import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { hideSecrets, secretsOf } from '../config/secrets.ts';
import { SinkError } from '../errors.ts';
import { tableName } from '../maxcompute/wire.ts';
import type { TopicFacts } from '../source/admin/admin.ts';
import { openOffsetWriter } from '../source/admin/offset-writer.ts';
import { openProbe, type Probe } from '../source/admin/probe.ts';
import { kafkaError, UNKNOWN_TOPIC } from '../source/client/kafka-error.ts';
import type { TopicPartition } from '../source/source.ts';
import { plural, some } from '../terminal/words.ts';
import { VERSION } from '../version.ts';
import { type Judged, judgeAll } from './ask.ts';
import { type Found, findCommitted, type Intent, intentsOf } from './find.ts';
import { needsDecision } from './judge.ts';
import {
  type GroupReport,
  intentReport,
  type ResolveReport,
  type Settlement,
  unreadableReport,
} from './report.ts';
import { censusOf, intentMoves, type Move, type Reading, settle, unreadableMove } from './settle.ts';

export interface ResolveOptions {
  /** The configuration. */
  readonly file: string;
  /** Null: look only. */
  readonly reading: Reading | null;
  /** Only this one, whatever the service would do about it; null: all that need a decision. */
  readonly batch: string | null;
}

/** What the group's offsets say. */
interface Ledger {
  readonly found: ReadonlyMap<string, Found>;
  /** Topic partitions of each topic. */
  readonly sizes: ReadonlyMap<string, number>;
}

/**
 * Shows every intent of the group, and settles by `reading` those that need a decision. Throws what keeps Kafka from
 * answering, `usage` for a batch that is not there, and `decision_needed` when the group is not empty.
 */
export async function resolve(config: Config, options: ResolveOptions): Promise<ResolveReport> {
  const at = systemClock.now();
  const probe = await openProbe(config.kafka, config.memory);
  try {
    const ledger = await readLedger(config, probe);
    const intents = chosen(intentsOf(ledger.found), options.batch);
    const unreadable =
      options.batch === null ? [...ledger.found.values()].filter((one) => one.unreadable !== null) : [];
    const [judged, group] = await Promise.all([judgeAll(config, intents), askGroup(config, probe)]);
    const seen = { ledger, judged, unreadable, group };
    const { reading, batch } = options;
    const settlement = reading === null ? null : await settleChosen(config, probe, { reading, batch }, seen);
    const report = {
      ...{ version: VERSION, file: options.file, at, group, settlement },
      intents: judged.map(({ intent, judgement }) => intentReport(intent, judgement, at)),
      unreadable: unreadable.map(unreadableReport),
    };
    return hideSecrets(report, secretsOf(config));
  } finally {
    await probe.close();
  }
}

async function readLedger({ kafka }: Config, probe: Probe): Promise<Ledger> {
  try {
    const { topics, topicPattern } = kafka;
    const pattern = new RegExp(topicPattern ?? '');
    const names = topics ?? (await probe.topicNames()).filter((name) => pattern.test(name));
    const facts = await probe.topics(names);
    refuseFaults(facts);
    const sizes = new Map(facts.map(({ topic, leaders }) => [topic, leaders.length]));
    const list = [...sizes].flatMap(([topic, size]) =>
      Array.from({ length: size }, (_, partition): TopicPartition => ({ topic, partition })),
    );
    return { found: await findCommitted((wanted) => probe.committed(wanted), list), sizes };
  } catch (error) {
    throw kafkaError(`group ${kafka.groupId}`, error);
  }
}

/** What cannot be looked at may have an intent; a topic that is gone has none, its offsets went with it. */
function refuseFaults(facts: readonly TopicFacts[]): void {
  const missing = facts.filter(({ fault }) => fault?.code === UNKNOWN_TOPIC);
  if (facts.length > 0 && missing.length === facts.length)
    throw new SinkError(
      'topic_missing',
      `the brokers do not have ${missing.map(({ topic }) => topic).join(', ')}`,
    );
  const hidden = facts.find((one) => one.fault !== null && !missing.includes(one));
  if (hidden) throw Object.assign(new Error(`topic ${hidden.topic}: ${hidden.fault!.message}`), hidden.fault);
}

function chosen(intents: readonly Intent[], batch: string | null): readonly Intent[] {
  if (batch === null) return intents;
  const found = intents.filter((intent) => intent.batch === batch);
  if (found.length > 0) return found;
  const pending =
    intents.length === 0 ? 'none is pending' : `pending: ${intents.map((one) => one.batch).join(', ')}`;
  throw new SinkError('usage', `no intent of batch ${batch} is pending; ${pending}`);
}

async function askGroup({ kafka: { groupId: id } }: Config, probe: Probe): Promise<GroupReport> {
  try {
    const { state, members } = await probe.group();
    return { id, state, members, unknown: null };
  } catch (error) {
    return { id, state: 'UNKNOWN', members: [], unknown: (error as Error).message };
  }
}

interface Seen {
  readonly ledger: Ledger;
  readonly judged: readonly Judged[];
  readonly unreadable: readonly Found[];
  readonly group: GroupReport;
}

async function settleChosen(
  config: Config,
  probe: Probe,
  { reading, batch }: { readonly reading: Reading; readonly batch: string | null },
  { ledger, judged, unreadable, group }: Seen,
): Promise<Settlement> {
  const own = { pipeline: config.name, table: tableName(config.maxcompute, config.table.name) };
  const census = censusOf(ledger.found, ledger.sizes, own);
  const moves = [
    ...judged
      .filter(({ judgement }) => batch !== null || needsDecision(judgement))
      .flatMap(({ intent }) => intentMoves(intent, reading, census)),
    ...(reading === 'replay' ? unreadable.map((one) => unreadableMove(one, census)) : []),
  ];
  if (moves.length === 0) return { reading, outcomes: [], refused: null };
  refuseMembers(group);
  return { reading, ...(await commitMoves(config, probe, moves)) };
}

/** Kafka takes a commit from outside only while nobody is in the group. */
function refuseMembers({ id, members, unknown }: GroupReport): void {
  if (unknown !== null)
    throw new SinkError(
      'decision_needed',
      `nothing was written: the members of group ${id} are not known: ${unknown}`,
    );
  if (members.length === 0) return;
  const who = some(members.map(({ clientId, host }) => `${clientId} at ${host}`));
  const killed = 'one that was killed counts until its session has timed out, 45 s by default';
  throw new SinkError(
    'decision_needed',
    `nothing was written: group ${id} has ${plural(members.length, 'member')}: ${who}; stop them first (${killed})`,
  );
}

async function commitMoves(config: Config, probe: Probe, moves: readonly Move[]) {
  const writer = await openOffsetWriter(config.kafka, config.memory);
  try {
    return await settle(moves, {
      read: (list) => probe.committed(list),
      commit: (positions) => writer.commit(positions),
    });
  } finally {
    await writer.close();
  }
}
