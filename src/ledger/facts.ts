import { SinkError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { topicPartitionKey } from '../source/source.ts';
import { atMost } from './at-most.ts';
import { type Decision, decide, type Facts } from './decision.ts';
import { type IntentSession, type SessionRef, tableOf } from './intent.ts';
import type { Provenance, SessionState, Sessions } from './ports.ts';

interface Asked {
  readonly sessions: Sessions;
  readonly provenance: Provenance | null;
  readonly signal: AbortSignal;
  /** Rows cannot be counted: the sessions' states must do. */
  uncountable(error: SinkError): void;
}

/** Decides, and learns on the way what the decision asks for: states of sessions, counts of rows. */
export async function decideWith(known: Facts, asked: Asked): Promise<Decision> {
  let facts = known;
  for (;;) {
    const decision = decide(facts);
    if (decision.action === 'ask') facts = { ...facts, states: await statesOf(facts, asked) };
    else if (decision.action === 'count') facts = { ...facts, ...(await counted(facts, decision, asked)) };
    else return decision;
  }
}

async function statesOf({ own, list }: Facts, { sessions, signal }: Asked): Promise<Facts['states']> {
  const { to, witness } = own[0]!.pointer;
  const states = new Map<string, SessionState>();
  const refs: readonly SessionRef[] = list?.sessions ?? [witness];
  await atMost(LIMITS.commitsAtOnce, refs, async (session) => {
    states.set(session.id, await sessions.state(to, session, signal));
  });
  return states;
}

/** Rights to read the table may be missing: then nothing is counted. */
async function counted(
  facts: Facts,
  { sessions }: Decision,
  asked: Asked,
): Promise<Partial<Pick<Facts, 'counts' | 'provenance'>>> {
  try {
    return { counts: await countsOf(facts, sessions, asked) };
  } catch (error) {
    asked.signal.throwIfAborted();
    if (!(error instanceof SinkError) || error.action === 'retry') throw error;
    asked.uncountable(error);
    return { provenance: false };
  }
}

/** One statement after the other: they are large, and rare. */
async function countsOf(
  { own, entries, list }: Facts,
  sessions: readonly IntentSession[],
  { provenance, signal }: Asked,
): Promise<Facts['counts']> {
  const members = new Set(list!.members.map(topicPartitionKey));
  const ranges = entries.flatMap(({ topic, partition, offset, pointer }) =>
    pointer !== null && members.has(topicPartitionKey({ topic, partition }))
      ? [{ topic, partition, first: offset, end: pointer.end }]
      : [],
  );
  const counts = new Map<string, number>();
  const { to, batch } = own[0]!.pointer;
  for (const session of sessions)
    counts.set(session.id, await provenance!.count(tableOf(to, session), session, { batch, ranges }, signal));
  return counts;
}
