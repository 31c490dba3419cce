import { fullName } from '../check/table.ts';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { maxComputeOptions } from '../connections.ts';
import { asSinkError, SinkError } from '../errors.ts';
import type { TableName } from '../ledger/intent.ts';
import type { Provenance } from '../ledger/ports.ts';
import { createLog } from '../log.ts';
import { provenanceColumns } from '../mapping/provenance.ts';
import { type MaxCompute, openMaxCompute } from '../maxcompute/maxcompute.ts';
import { matchTable } from '../plan.ts';
import { tableProvenance } from '../provenance.ts';
import { ledgerSessions } from '../sessions.ts';
import type { Intent } from './find.ts';
import { type Judgement, judge } from './judge.ts';
import { tableText } from './report.ts';

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
    const counting = await provenanceOf(config, maxcompute, intent.own[0]!.pointer.to, states.signal);
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

/** Counts rows of the table of the configuration; else why they cannot be counted. */
async function provenanceOf(
  config: Config,
  maxcompute: MaxCompute,
  to: TableName,
  signal: AbortSignal,
): Promise<Provenance | { readonly lacks: string }> {
  const name = fullName(config);
  if (tableText(to) !== name) return { lacks: `the configuration is about ${name}` };
  try {
    const { plan } = matchTable(config, await maxcompute.table(config.table.name, signal));
    const columns = provenanceColumns(plan, config.kafka.topics?.length !== 1);
    if ('lacks' in columns) return { lacks: columns.lacks.join('; ') };
    return tableProvenance({
      maxcompute,
      plan,
      columns,
      clock: systemClock,
      log: createLog({ level: 'silent' }),
    });
  } catch (error) {
    return { lacks: asSinkError(error).message };
  }
}
