import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { maxComputeOptions } from '../connections.ts';
import { asSinkError, SinkError } from '../errors.ts';
import { mappingHash } from '../ledger/mapping-hash.ts';
import type { Provenance } from '../ledger/ports.ts';
import { createLog } from '../log.ts';
import { provenanceColumns } from '../mapping/provenance.ts';
import { type MaxCompute, openMaxCompute } from '../maxcompute/maxcompute.ts';
import { matchTable } from '../plan.ts';
import { tableProvenance } from '../provenance.ts';
import { ledgerSessions } from '../sessions.ts';
import type { Intent } from './find.ts';
import { type Judgement, judge } from './judge.ts';

/** Longest time until the states of a batch's sessions are known, and until its rows are counted, ms. */
const STATES_MS = 60_000;
const COUNTS_MS = 600_000;
/** Somebody waits at a terminal. */
const REQUEST_MS = 15_000;

export interface Judged {
  readonly intent: Intent;
  readonly judgement: Judgement;
}

/** Asks MaxCompute about one batch after the other. */
export async function judgeAll(config: Config, intents: readonly Intent[]): Promise<Judged[]> {
  if (intents.length === 0) return [];
  const maxcompute = openMaxCompute({
    ...maxComputeOptions(config),
    limits: { requestTimeoutMs: REQUEST_MS },
  });
  try {
    const judged: Judged[] = [];
    for (const intent of intents) judged.push({ intent, judgement: await ask(config, maxcompute, intent) });
    return judged;
  } finally {
    await maxcompute.close();
  }
}

async function ask(config: Config, maxcompute: MaxCompute, intent: Intent): Promise<Judgement> {
  const { onUnknown } = config.ledger;
  const { endpoint } = config.maxcompute;
  const sessions = ledgerSessions(maxcompute, systemClock);
  const states = deadline(STATES_MS, `${endpoint} did not tell what became of the sessions`);
  const counts = deadline(STATES_MS + COUNTS_MS, `${endpoint} did not count the rows`);
  try {
    const counting = await provenanceOf(config, maxcompute, intent, states.signal);
    const provenance = 'count' in counting ? counting : null;
    const signals = { states: states.signal, counts: counts.signal };
    const judgement = await judge(intent, { sessions, provenance, onUnknown, cluster: null, signals });
    return 'lacks' in counting ? { ...judgement, uncounted: counting.lacks } : judgement;
  } finally {
    states.over();
    counts.over();
  }
}

function deadline(ms: number, what: string): { readonly signal: AbortSignal; over(): void } {
  const stop = new AbortController();
  const error = new SinkError('maxcompute_unreachable', `${what} within ${ms / 1000} s`);
  const timer = setTimeout(() => stop.abort(error), ms);
  return { signal: stop.signal, over: () => clearTimeout(timer) };
}

/** Counts rows as the service would; else why it cannot. */
async function provenanceOf(
  config: Config,
  maxcompute: MaxCompute,
  { list }: Intent,
  signal: AbortSignal,
): Promise<Provenance | { readonly lacks: string }> {
  try {
    const { plan } = matchTable(config, await maxcompute.table(config.table.name, signal));
    const columns = provenanceColumns(plan, config.kafka.topics?.length !== 1);
    if ('lacks' in columns) return { lacks: columns.lacks.join('; ') };
    if (list === null) return { lacks: 'the ranges of the batch are not known any more' };
    if (list.mapping !== mappingHash(plan)) return { lacks: 'the mapping or the table has changed since' };
    return tableProvenance({
      ...{ maxcompute, plan, columns, clock: systemClock, log: createLog({ level: 'silent' }) },
    });
  } catch (error) {
    return { lacks: asSinkError(error).message };
  }
}
