import { asSinkError, type SinkError } from '../errors.ts';
import { atMost } from '../ledger/at-most.ts';
import type { Decision, Facts, OnUnknown } from '../ledger/decision.ts';
import { decideWith } from '../ledger/facts.ts';
import type { LedgerEntry, SessionRef } from '../ledger/intent.ts';
import type { Provenance, SessionState, Sessions } from '../ledger/ports.ts';
import { LIMITS } from '../limits.ts';
import { topicPartitionKey } from '../source/source.ts';
import type { Intent } from './find.ts';

/** Whom to ask, and what the service would be told. */
export interface Judges {
  readonly sessions: Sessions;
  /** Null: no provenance columns are mapped. */
  readonly provenance: Provenance | null;
  readonly onUnknown: OnUnknown;
  /** Id of this cluster; null: unknown. */
  readonly cluster: string | null;
  readonly signals: { readonly states: AbortSignal; readonly counts: AbortSignal };
}

export interface Judgement {
  /** By the recovery table; null: it could not be told, see `problem`. */
  readonly decision: Decision | null;
  /** What follows once every owner has confirmed the intent; null: nothing waits for that. */
  readonly confirmed: Decision | null;
  /** By session id, as far as they were learned. */
  readonly states: ReadonlyMap<string, SessionState>;
  /** Rows found in the table, by session id; only where the state of a session does not tell. */
  readonly counts: ReadonlyMap<string, number>;
  /** Why rows cannot be counted; null: nothing stood in the way. */
  readonly uncounted: string | null;
  readonly problem: SinkError | null;
}

/** What the service would do about an intent at its next start, found out the way it does; nothing is changed. */
export async function judge(intent: Intent, judges: Judges): Promise<Judgement> {
  const known: Known = { states: new Map(), counts: new Map(), uncounted: null };
  const none = { decision: null, confirmed: null, problem: null };
  try {
    await learnStates(intent, judges, known);
    const blind = intent.entries.filter(({ unreadable }) => unreadable !== null);
    if (blind.length > 0) return { ...known, ...none, decision: cannotRead(blind) };
    const decide = (facts: Facts) => decideWith(facts, remembering(judges, known));
    const decision = await decide(factsOf(intent, judges));
    const confirmed = decision.row === 6 ? await decide(confirmedFacts(intent, judges)) : null;
    return { ...known, ...none, decision, confirmed };
  } catch (error) {
    return { ...known, ...none, problem: asSinkError(error) };
  }
}

interface Known {
  readonly states: Map<string, SessionState>;
  readonly counts: Map<string, number>;
  uncounted: string | null;
}

async function learnStates(intent: Intent, { sessions, signals }: Judges, { states }: Known): Promise<void> {
  const { to } = intent.own[0]!.pointer;
  await atMost(LIMITS.commitsAtOnce, sessionsOf(intent), async (session) => {
    states.set(session.id, await sessions.state(to, session, signals.states));
  });
}

/** As far as they are known: all of the list, else the witness. */
export const sessionsOf = ({ list, own }: Intent): readonly SessionRef[] =>
  list?.sessions ?? [own[0]!.pointer.witness];

/** Whether nobody but the operator can settle it; also when that could not be told. */
export const needsDecision = ({ decision, confirmed }: Judgement): boolean =>
  (confirmed ?? decision)?.action === 'decide';

const factsOf = ({ own, list, entries }: Intent, judges: Judges): Facts => ({
  ...{ own, list, entries, states: null, counts: null },
  ...{ provenance: judges.provenance !== null, onUnknown: judges.onUnknown, cluster: judges.cluster },
});

/** As if every owner had said that it honours the intent. */
function confirmedFacts(intent: Intent, judges: Judges): Facts {
  const confirm = <T extends LedgerEntry>(entry: T): T =>
    entry.pointer === null ? entry : { ...entry, pointer: { ...entry.pointer, confirmed: true } };
  const facts = factsOf(intent, judges);
  return { ...facts, own: facts.own.map(confirm), entries: facts.entries.map(confirm) };
}

/** What was asked before is not asked again, and every count is noted. */
function remembering({ provenance, signals, sessions }: Judges, known: Known): Asked {
  const count: Provenance['count'] = async (to, session, of, until) => {
    const rows = known.counts.get(session.id) ?? (await provenance!.count(to, session, of, until));
    known.counts.set(session.id, rows);
    return rows;
  };
  return {
    sessions: { ...sessions, state: async (_, { id }) => known.states.get(id)! },
    provenance: provenance === null ? null : { count },
    signal: signals.counts,
    uncountable: (error) => {
      known.uncounted = error.message;
    },
  };
}

type Asked = Parameters<typeof decideWith>[1];

const cannotRead = (blind: Intent['entries']): Decision => ({
  ...{ row: 10, action: 'decide', sessions: [] },
  why: `the metadata of ${blind.map(topicPartitionKey).join(', ')} cannot be read`,
});
