import type { Clock } from '../../../src/clock.ts';
import type { LedgerEntry } from '../../../src/ledger/intent.ts';
import type { LedgerStore, Sessions } from '../../../src/ledger/ports.ts';
import type { Tunnel } from '../../../src/sink/ports.ts';
import type { KafkaFault, RawPosition } from '../../../src/source/client/client.ts';
import type { Source, SourceListener } from '../../../src/source/source.ts';
import type { Member } from './member.ts';

/** Around the ports of a member: where mutants sit. */
export interface Wrap {
  readonly settleMs: number;
  clock(clock: Clock, member: Member): Clock;
  /** What the client is asked to commit. */
  send(send: Send, member: Member): Send;
  /** What the client says of a commit. */
  answer(fault: KafkaFault | null, member: Member): KafkaFault | null;
  /** As the membership sees the coordinator, and the other way round. */
  listener(listener: SourceListener, member: Member): SourceListener;
  source(source: Source, member: Member): Source;
  tunnel(tunnel: Tunnel, member: Member): Tunnel;
  sessions(sessions: Sessions, member: Member): Sessions;
  store(store: LedgerStore, member: Member): LedgerStore;
  /** What recovery begins with. */
  found(entries: LedgerEntry[], member: Member): LedgerEntry[];
}

export type Send = (list: RawPosition[]) => void;

/** `ledger.settle`: as long as an append may take. */
const SETTLE_MS = 5_000;

export const AS_THEY_ARE: Wrap = {
  settleMs: SETTLE_MS,
  clock: (clock) => clock,
  send: (send) => send,
  answer: (fault) => fault,
  listener: (listener) => listener,
  source: (source) => source,
  tunnel: (tunnel) => tunnel,
  sessions: (sessions) => sessions,
  store: (store) => store,
  found: (entries) => entries,
};
