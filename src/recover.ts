import type { Clock } from './clock.ts';
import type { Config } from './config/schema.ts';
import type { LedgerStore, LettersOfBatch, Provenance, Sessions } from './ledger/ports.ts';
import { recover } from './ledger/recovery.ts';
import { ledgerEntry, ledgerStore } from './ledger/store.ts';
import type { RecoveryEvents } from './ledger/work.ts';
import type { Log } from './log.ts';
import type { Plan } from './mapping/plan.ts';
import { provenanceColumns } from './mapping/provenance.ts';
import type { MaxCompute } from './maxcompute/maxcompute.ts';
import { tableProvenance } from './provenance.ts';
import { ledgerSessions } from './sessions.ts';
import type { Identity } from './sink/intend.ts';
import type { Recover } from './source/source.ts';

export interface RecoverParts {
  readonly config: Config;
  /** The plan in force. */
  readonly planned: { readonly plan: Plan };
  readonly maxcompute: MaxCompute;
  readonly identity: Identity;
  readonly letters: LettersOfBatch;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: RecoveryEvents;
  sessions(sessions: Sessions): Sessions;
  store(store: LedgerStore): LedgerStore;
}

/** Settles the intents that the source finds at an assignment, with the table and the letters of this service. */
export function createRecover(parts: RecoverParts): Recover {
  const { config, maxcompute, identity, letters, clock, log, events } = parts;
  const sessions = parts.sessions(ledgerSessions(maxcompute, clock));
  const { onUnknown } = config.ledger;
  let plan = parts.planned.plan;
  let provenance = openProvenance({ ...parts, plan });
  return (found, io) => {
    if (plan !== parts.planned.plan) {
      plan = parts.planned.plan;
      provenance = openProvenance({ ...parts, plan });
    }
    const { cluster, mapping } = identity;
    return recover(found.map(ledgerEntry), {
      ...{ sessions, letters, provenance, onUnknown, cluster, mapping, clock, log, events },
      ...{ store: parts.store(ledgerStore(io)), signal: io.signal },
    });
  };
}

/** Null: no columns say of each row which record it was. */
export function openProvenance({
  config,
  plan,
  maxcompute,
  clock,
  log,
}: Pick<RecoverParts, 'config' | 'maxcompute' | 'clock' | 'log'> & {
  readonly plan: Plan;
}): Provenance | null {
  const { topics } = config.kafka;
  const columns = provenanceColumns(plan, topics === null || topics.length > 1);
  if (!('lacks' in columns)) return tableProvenance({ maxcompute, plan, columns, clock, log });
  log.info(
    { lacks: columns.lacks },
    'rows cannot be counted by their records, should a batch ever be in doubt',
  );
  return null;
}
