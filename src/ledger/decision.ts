import { type TopicPartition, topicPartitionKey } from '../source/source.ts';
import type { IntentList, IntentSession, LedgerEntry, Pointer } from './intent.ts';
import type { SessionState } from './ports.ts';

/** What an operator wants where neither Kafka nor MaxCompute can tell whether rows are in the table. */
export type OnUnknown = 'stop' | 'assume_committed' | 'replay';

export interface IntendedEntry extends LedgerEntry {
  readonly pointer: Pointer;
}

/** What is known of one intent. Members are read first, then sessions, then rows: each stays true afterwards. */
export interface Facts {
  /** Own topic partitions that carry the intent, "R" below; at least one. */
  readonly own: readonly IntendedEntry[];
  /** The anchor's list; null: the anchor does not carry the intent any more. */
  readonly list: IntentList | null;
  /** What is committed for anchor and members; those without an offset are missing. */
  readonly entries: readonly LedgerEntry[];
  /** By id, the witness among them; null: not asked yet. */
  readonly states: ReadonlyMap<string, SessionState> | null;
  /** Rows found in the table, by session id; null: not counted yet. */
  readonly counts: ReadonlyMap<string, number> | null;
  /** Whether rows can be counted. */
  readonly provenance: boolean;
  readonly onUnknown: OnUnknown;
  /** Id of this cluster; null: unknown. */
  readonly cluster: string | null;
}

/**
 *   ask      learn the states of all known sessions, then decide again
 *   count    count the rows of `sessions`, then decide again
 *   confirm  commit R at O with the same intent, confirmed
 *   commit   commit `sessions`, the witness last
 *   advance  the rows are in the table: R goes to E
 *   consume  they are not and never will be: R is committed at O without the intent, and read from there
 *   look     look again soon
 *   wait     nothing to do but to look again now and then
 *   decide   nobody but the operator can tell
 */
type Action = 'ask' | 'count' | 'confirm' | 'commit' | 'advance' | 'consume' | 'look' | 'wait' | 'decide';

export interface Decision {
  /** Of the table below; 0: not known yet, more is asked for. */
  readonly row: number;
  readonly action: Action;
  /** A sentence for the operator. */
  readonly why: string;
  readonly sessions: readonly IntentSession[];
}

/**
 * The recovery table. `b` is the batch of the intent, O and E its beginning and end in a topic partition.
 *
 *  #  | metadata of the members        | sessions                                  | what is done
 * ----|--------------------------------|-------------------------------------------|------------------------------
 *  1  | all carry b, all confirmed     | some open, none dead, none unknown        | commit them, then 2
 *  2  | same                           | all committed                             | advance R to E
 *  3  | same                           | all dead                                  | consume R from O
 *  4  | same                           | some dead, some open, none committed      | wait until each is decided
 *  5  | same                           | some committed and some dead; any unknown | by rows, else by onUnknown (*)
 *  6  | all carry b, not all confirmed | any                                       | confirm R, wait for the others
 *  7  | a member does not carry b      | witness committed                         | b is done: advance R to E
 *  8  | same                           | witness open or dead                      | b was never whole: consume R
 *  9  | same                           | witness unknown; states that cannot be    | by onUnknown (*)
 *  10 | broken, or of another cluster  | any                                       | decide
 *
 * Busy sessions (COMMITTING, CLOSING): look again. CRITICAL, and words that nobody knows, are unknown.
 *
 * Why 7 and 8 ask for one session: a whole b leaves a member's metadata only by an advance, after all its
 * sessions were committed. Where the list is known and its states cannot follow from that, another tool has
 * erased the intent of a member: row 9. (Witnesses are committed last, so that even then 7 loses nothing.)
 *
 * (*) With provenance columns the rows of a session that is unknown or gone are counted, after its state
 * was asked. As many as it has: it is in, whatever may follow. None: it is not in, if it is gone. A commit of an
 * id that the service does not know is refused, and while a commit that somebody had sent before still ran
 * the session was there, busy; so nothing can appear after the count. A session in state unknown is still
 * there, and the commit of a zombie may yet go through: none means nothing. What remains unclear is the
 * operator's. In row 9 the ranges of those who left are not known, so nothing can be counted.
 * Without provenance columns `onUnknown` rules: `assume_committed` never takes a session for committed
 * that is known not to be, `replay` reads again, and rows may be there twice.
 */
export function decide(facts: Facts): Decision {
  const broken = brokenWhy(facts);
  if (broken !== null) return given(10, 'decide', broken);
  const { cluster } = facts.own[0]!.pointer;
  if (cluster !== null && facts.cluster !== null && cluster !== facts.cluster) return foreign(facts, cluster);
  const without = withoutIntent(facts);
  if (facts.list === null || without.length > 0) return byWitness(facts, without);
  const unconfirmed = facts.list.members.filter((member) => !carried(facts, member)!.confirmed);
  if (unconfirmed.length > 0) return byConfirmation(facts, unconfirmed);
  return bySessions(facts, facts.list.sessions);
}

const given = (
  row: number,
  action: Action,
  why: string,
  sessions: readonly IntentSession[] = [],
): Decision => ({ row, action, why, sessions });

/** The intent as this topic partition carries it; null: it does not. */
function carried({ own, entries }: Facts, topicPartition: TopicPartition): Pointer | null {
  const key = topicPartitionKey(topicPartition);
  const entry = entries.find((one) => topicPartitionKey(one) === key);
  return entry?.pointer?.batch === own[0]!.pointer.batch ? entry.pointer : null;
}

/** Members that do not carry the intent, the anchor at least where its list is gone. */
function withoutIntent(facts: Facts): readonly TopicPartition[] {
  const members = facts.list?.members ?? [facts.own[0]!.pointer.anchor];
  return members.filter((member) => carried(facts, member) === null);
}

/** Row 10: what the writer of an intent never writes. */
function brokenWhy({ own, list, entries }: Facts): string | null {
  const { anchor, witness, batch } = own[0]!.pointer;
  const anchorKey = topicPartitionKey(anchor);
  const back = own.find(({ offset, pointer }) => pointer.end < offset);
  if (back) return `${topicPartitionKey(back)} would go back from ${back.offset} to ${back.pointer.end}`;
  if (own.some(({ pointer }) => topicPartitionKey(pointer.anchor) !== anchorKey))
    return 'its topic partitions name different anchors';
  const inAnchor = entries.find((entry) => topicPartitionKey(entry) === anchorKey)?.pointer;
  if (list === null) return inAnchor?.batch === batch ? `its anchor ${anchorKey} has no list` : null;
  const members = new Set(list.members.map(topicPartitionKey));
  const stranger = [anchor, ...own].find((one) => !members.has(topicPartitionKey(one)));
  if (stranger) return `its list does not name ${topicPartitionKey(stranger)}`;
  return list.sessions.some(({ id }) => id === witness.id) ? null : 'its list does not name the witness';
}

/** Its end is an offset of the other cluster: going there could skip records of this one. */
function foreign({ onUnknown, cluster }: Facts, from: string): Decision {
  const why = `it was written on cluster ${from}, and this is ${cluster}`;
  if (onUnknown === 'replay') return given(10, 'consume', `${why}; ledger.onUnknown says replay`);
  return given(10, 'decide', why);
}

/** Rows 7 to 9. */
function byWitness(facts: Facts, without: readonly TopicPartition[]): Decision {
  const { states, list, own } = facts;
  const left = leftWhy(facts, without);
  if (states === null) return given(0, 'ask', left);
  const { id } = own[0]!.pointer.witness;
  const witness = states.get(id) ?? 'unknown';
  const others = (list?.sessions ?? []).filter((one) => one.id !== id);
  const has = (wanted: SessionState) => others.some((one) => states.get(one.id) === wanted);
  if (witness === 'busy' || has('busy')) return given(7, 'look', `${left}; a session is being committed`);
  if (isUnclear(witness)) {
    return byPolicy(facts, 9, `${left} and the witness is ${witness}`, has('open') || has('dead'));
  }
  const torn = witness === 'committed' ? has('open') || has('dead') : has('committed');
  if (torn)
    return byPolicy(facts, 9, `${left}, yet only some sessions are committed: a tool was there`, true);
  if (witness === 'committed') return given(7, 'advance', `${left}, the witness is committed: it was done`);
  return given(8, 'consume', `${left}, the witness is ${witness}: it was never whole`);
}

function leftWhy({ entries }: Facts, without: readonly TopicPartition[]): string {
  const known = new Set(entries.map(topicPartitionKey));
  const gone = without.filter((one) => !known.has(topicPartitionKey(one)));
  const deleted = gone.length === 0 ? '' : ` (no offset at all for ${names(gone)}: was the topic deleted?)`;
  return `${names(without)} without the intent${deleted}`;
}

/** Row 6. */
function byConfirmation({ own }: Facts, unconfirmed: readonly TopicPartition[]): Decision {
  const mine = own.filter(({ pointer }) => !pointer.confirmed);
  if (mine.length > 0) return given(6, 'confirm', `${names(mine)} has to be confirmed first`);
  return given(6, 'wait', `the owner of ${names(unconfirmed)} has not confirmed it yet`);
}

/** Rows 1 to 5. */
function bySessions(facts: Facts, sessions: readonly IntentSession[]): Decision {
  if (facts.states === null) return given(0, 'ask', 'every member has confirmed it');
  const states = new Map(sessions.map((session) => [session, stateOf(facts, session)]));
  const unclear = sessions.filter((session) => isUnclear(states.get(session)!));
  if (unclear.length === 0 || isBusy(states)) return byStates(facts, states);
  if (facts.provenance && facts.counts === null)
    return given(5, 'count', `what became of ${sessionNames(unclear)} is not known`, unclear);
  return unclearSessions(facts, states, unclear);
}

/** With what the count of its rows has made clear. */
function stateOf({ states, counts, provenance }: Facts, session: IntentSession): SessionState {
  const state = states!.get(session.id) ?? 'unknown';
  const found = provenance ? counts?.get(session.id) : undefined;
  if (!isUnclear(state) || found === undefined) return state;
  if (found === session.rows) return 'committed';
  return found === 0 && state === 'gone' ? 'dead' : state;
}

type States = ReadonlyMap<IntentSession, SessionState>;

const isUnclear = (state: SessionState): boolean => state === 'unknown' || state === 'gone';
const isBusy = (states: States): boolean => [...states.values()].includes('busy');

/** Rows 1 to 5, where every state is clear (or busy). */
function byStates(facts: Facts, states: States): Decision {
  const of = (wanted: SessionState) => [...states.keys()].filter((session) => states.get(session) === wanted);
  const [open, committed, dead, all] = [of('open'), of('committed'), of('dead'), states.size];
  if (isBusy(states)) return given(1, 'look', `${sessionNames(of('busy'))} is being committed`);
  if (committed.length === all) return given(2, 'advance', 'all its sessions are committed');
  if (dead.length === all) return given(3, 'consume', 'all its sessions are dead: its rows can never appear');
  if (dead.length > 0 && committed.length > 0)
    return byPolicy(facts, 5, `${sessionNames(dead)} is dead and others are committed`, true);
  if (dead.length > 0) return given(4, 'wait', `${sessionNames(open)} is open and others are dead`);
  return given(1, 'commit', `${open.length} of its ${all} sessions are open`, open);
}

function unclearSessions(facts: Facts, states: States, unclear: readonly IntentSession[]): Decision {
  const { provenance, counts, onUnknown } = facts;
  const rows = ({ id, rows }: IntentSession) => `${counts?.get(id) ?? 'unknown'} of ${rows}`;
  const found = provenance ? `; rows found in the table: ${unclear.map(rows).join(', ')}` : '';
  const why = `what became of ${sessionNames(unclear)} is not known${found}`;
  if (provenance || onUnknown !== 'assume_committed') return byPolicy(facts, 5, why, false);
  const assumed = [...states].map(([one, state]) => [one, isUnclear(state) ? 'committed' : state] as const);
  const then = byStates(facts, new Map(assumed));
  const how = `${why}; ledger.onUnknown says assume_committed`;
  return { ...then, row: 5, why: then.action === 'advance' ? how : `${how}; ${then.why}` };
}

/** Rows 5 and 9. `out`: a session is known not to be in the table. */
function byPolicy({ provenance, onUnknown }: Facts, row: 5 | 9, why: string, out: boolean): Decision {
  if ((row === 5 && provenance) || onUnknown === 'stop') return given(row, 'decide', why);
  if (onUnknown === 'replay') return given(row, 'consume', `${why}; ledger.onUnknown says replay`);
  if (out) return given(row, 'decide', `${why}: it cannot be assumed committed`);
  return given(row, 'advance', `${why}; ledger.onUnknown says assume_committed`);
}

/** Names shown of a long list. */
const SHOWN = 5;
const some = (list: readonly string[]): string =>
  list.length > SHOWN
    ? `${list.slice(0, SHOWN).join(', ')} and ${list.length - SHOWN} more`
    : list.join(', ');
const names = (list: readonly TopicPartition[]): string => some(list.map(topicPartitionKey));
const placed = ({ tablePartition, table = tablePartition, id }: IntentSession): string =>
  table === '' ? id : `${id} (${table})`;
const sessionNames = (list: readonly IntentSession[]): string => `session ${some(list.map(placed))}`;
