import { type BrokerTrouble, isDecisive } from './broker-log.ts';

/** What the client's statistics (`event.stats`) tell of one broker. */
export interface BrokerStatistics {
  /** `host:port`; `:0` while it is not known. */
  readonly nodename: string;
  /** `logical` is the connection to the group coordinator, `configured` one of `bootstrap.servers`. */
  readonly source: 'learned' | 'configured' | 'internal' | 'logical';
  readonly state: string;
  /** Requests that wait for their answer. */
  readonly waitresp_cnt: number;
  /** Since the last byte came, microseconds. */
  readonly rxidle: number;
  /** Topic partitions that it leads, `topic-0`. */
  readonly toppars: Readonly<Record<string, unknown>>;
}

export interface Statistics {
  readonly brokers?: Readonly<Record<string, BrokerStatistics>>;
  readonly cgrp?: { readonly join_state: string };
}

/** Brokers that we need and cannot reach. */
export interface Unreachable {
  /** ms, the clock of `judge`. */
  readonly since: number;
  /** `host:port` and why. */
  readonly brokers: ReadonlyMap<string, string>;
  readonly topicPartitions: number;
  /** Without it there are no commits and no rebalances. */
  readonly coordinator: boolean;
  /** What each of them refuses for, when no broker can be reached at all. */
  readonly troubles: readonly BrokerTrouble[];
  /** Since when all of these are refusals that no further attempt will change; null: they are not. */
  readonly refusedSince: number | null;
}

export interface Outage {
  note(trouble: BrokerTrouble): void;
  /** What is out of reach now, and null when it is all there. Called every few seconds. */
  judge(statistics: Statistics, now: number): Unreachable | null;
}

/** An answer that is this late is no reason to doubt yet, ms. */
const PROMPT_MS = 2_000;

/**
 * Sees brokers that do not answer, dead or frozen, long before the client's own time-outs. A broker counts
 * when it leads topic partitions of ours or coordinates the group. It is out of reach when a connection
 * has failed and there is none, or when it has not been fine for `silentMs`, whatever the client tried meanwhile.
 */
export function createOutage(silentMs: number): Outage {
  const troubles = new Map<string, BrokerTrouble>();
  let fineAt = new Map<string, number>();
  let since: number | null = null;
  let refusedSince: number | null = null;

  /** A broker that refuses may also just hang up, which says less. */
  function note(trouble: BrokerTrouble): void {
    const before = troubles.get(trouble.broker);
    if (trouble.kind !== 'closed' || !before || !isDecisive(before)) troubles.set(trouble.broker, trouble);
  }

  /** When it answered for the last time, as far as we can tell. */
  function lastFine(broker: BrokerStatistics, joining: boolean, now: number): number {
    const before = fineAt.get(keyOf(broker)) ?? null;
    // `INIT` is also the state of a broker that nobody needs.
    if (broker.state === 'INIT' && !troubles.has(broker.nodename)) return now;
    if (broker.state !== 'UP') return before ?? now;
    // JoinGroup and SyncGroup are answered when the other members have come.
    const waitedMs =
      broker.waitresp_cnt > 0 && !(joining && isCoordinator(broker)) ? broker.rxidle / 1000 : 0;
    return waitedMs < PROMPT_MS ? now : Math.max(before ?? Number.NEGATIVE_INFINITY, now - waitedMs);
  }

  return {
    note,
    judge({ brokers = {}, cgrp }, now) {
      const joining = /^wait-(?:join|sync)/.test(cgrp?.join_state ?? '');
      const all = Object.values(brokers).filter(
        ({ source, nodename }) => source !== 'internal' && nodename !== ':0',
      );
      fineAt = new Map(all.map((broker) => [keyOf(broker), lastFine(broker, joining, now)]));
      const fine = (broker: BrokerStatistics) => now - fineAt.get(keyOf(broker))! < silentMs;
      const up = all.filter((broker) => broker.state === 'UP' && fine(broker));
      for (const { nodename } of up) troubles.delete(nodename);
      const down = needed(all).filter(
        (broker) => !fine(broker) || (broker.state !== 'UP' && troubles.has(broker.nodename)),
      );
      const rejoined = all.every((broker) => !isCoordinator(broker) || broker.state === 'UP');
      if (down.length === 0 && (since === null || rejoined)) {
        since = null;
        refusedSince = null;
        return null;
      }
      since ??= Math.min(now, ...down.map((broker) => fineAt.get(keyOf(broker))!));
      const reasons = up.length > 0 ? [] : [...troubles.values()];
      refusedSince = reasons.length > 0 && reasons.every(isDecisive) ? (refusedSince ?? now) : null;
      return {
        since,
        brokers: new Map(down.map(({ nodename }) => [nodename, troubles.get(nodename)?.why ?? 'no answer'])),
        topicPartitions: new Set(down.flatMap(({ toppars }) => Object.keys(toppars))).size,
        coordinator: down.some(isCoordinator),
        troubles: reasons,
        refusedSince,
      };
    },
  };
}

const isCoordinator = ({ source }: BrokerStatistics): boolean => source === 'logical';
const keyOf = ({ source, nodename }: BrokerStatistics): string => `${source} ${nodename}`;

/** Those in use; before the client has learned of any, the configured ones. */
function needed(brokers: readonly BrokerStatistics[]): readonly BrokerStatistics[] {
  const used = brokers.filter(
    ({ source, toppars }) =>
      source === 'logical' || (source === 'learned' && Object.keys(toppars).length > 0),
  );
  return used.length > 0 ? used : brokers;
}
