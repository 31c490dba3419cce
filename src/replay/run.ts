import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { connectMaxCompute, connectRegistry } from '../connections.ts';
import { deadLetterId } from '../deadletter/dead-letter.ts';
import { openOriginal } from '../deadletter/original.ts';
import type { StoredLetter } from '../deadletter/stored.ts';
import { openPool } from '../encode/pool.ts';
import { SinkError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { MaxCompute } from '../maxcompute/maxcompute.ts';
import { tableName } from '../maxcompute/wire.ts';
import { createMetrics } from '../ops/metrics.ts';
import { matchTable, refuseUnsupported } from '../plan.ts';
import { ledgerSessions } from '../sessions.ts';
import { guardedTunnel } from '../tunnel.ts';
import { chosenLetters, type LetterChoice } from './choice.ts';
import { type Journal, openJournal, type ReplayIntent, readJournal } from './journal.ts';
import { createLetterIds } from './letter-ids.ts';
import { type Replayed, replayLetters } from './replay.ts';
import { type SettledReplay, settlePending } from './settle.ts';
import type { LetterStore } from './stored-letters.ts';

export interface ReplayRequest {
  readonly store: LetterStore;
  readonly choice: LetterChoice;
  /** Folder of the journal. */
  readonly journal: string;
  /** Opens sealed letters; null: none was given. */
  readonly key: KeyObject | null;
  readonly dryRun: boolean;
}

export interface ReplayReport extends Replayed {
  readonly dryRun: boolean;
  readonly table: string;
  /** Where the letters are, and the journal. */
  readonly place: string;
  readonly journal: string;
  /** Batches of earlier replays that were settled now. */
  readonly settled: readonly SettledReplay[];
  /** Batches of which it is not known whether they are in the table. */
  readonly unclear: readonly ReplayIntent[];
  /** Ids that were asked for and are in no letter. */
  readonly unknown: readonly string[];
}

/** 0 done; 3 something is left that should be looked at. */
export const exitOf = ({ rejected, closed, unclear, unknown }: ReplayReport): 0 | 3 =>
  rejected.length + closed.length + unclear.length + unknown.length > 0 ? 3 : 0;

/** Outages are waited out: who is tired of it ends the process, and loses nothing. */
const NEVER = new AbortController().signal;

/** Sends the chosen letters through the configuration's present mapping into its table, as it is. */
export async function runReplay(
  config: Config,
  request: ReplayRequest,
  log: Log,
  clock: Clock,
): Promise<ReplayReport> {
  const maxcompute = connectMaxCompute(config, createMetrics(), log);
  const journal = request.dryRun ? null : await openJournal(request.journal, clock.now());
  try {
    const settled = journal
      ? await settlePending(journal, ledgerSessions(maxcompute, clock), clock, NEVER)
      : [];
    return { ...(await replayNow({ config, request, maxcompute, journal, log, clock })), settled };
  } finally {
    await journal?.close();
    await maxcompute.close();
  }
}

interface Work {
  readonly config: Config;
  readonly request: ReplayRequest;
  readonly maxcompute: MaxCompute;
  readonly journal: Journal | null;
  readonly log: Log;
  readonly clock: Clock;
}

async function replayNow(work: Work): Promise<Omit<ReplayReport, 'settled'>> {
  const { config, request, maxcompute, journal, log, clock } = work;
  const { project, schema } = config.maxcompute;
  const table = await maxcompute.table(config.table.name);
  refuseUnsupported(config, table);
  const { plan } = matchTable(config, table);
  const { replayed, unclear } = await readJournal(request.journal);
  const registry = connectRegistry(config, createMetrics(), log);
  const pool = openPool({ plan, workers: 1 });
  const nothing = () => undefined;
  const upload = {
    tunnel: guardedTunnel(maxcompute, { table, outdated: () => undefined }, log),
    ...{ compression: config.maxcompute.compression, clock },
    ...{ onSession: nothing, onBlock: nothing, onCommit: nothing },
  };
  const found = createLetterIds();
  try {
    const done = await replayLetters(
      noted(chosenLetters(request.store.read('whole'), request.choice), found),
      {
        ...{ encoder: pool, schema: (id) => registry.schema(id, NEVER), now: clock.now(), replayed },
        maxTablePartitions: config.flush.maxTablePartitions,
        open: (letter) => openLetter(letter, request.key),
        into: journal && { journal, to: { project, schema, table: table.name }, upload, clock },
      },
    );
    const unknown = (request.choice.ids ?? []).filter((id) => !found.has(id)).map(deadLetterId);
    return {
      ...{ ...done, dryRun: request.dryRun, place: request.store.name, journal: request.journal },
      ...{ table: tableName({ project, schema }, table.name), unclear, unknown },
    };
  } finally {
    await pool.stop();
  }
}

async function* noted(
  letters: AsyncIterable<StoredLetter>,
  found: ReturnType<typeof createLetterIds>,
): AsyncGenerator<StoredLetter> {
  for await (const letter of letters) {
    found.add(letter);
    yield letter;
  }
}

/** The letter with its own bytes; throws an Error that says why they cannot be had. */
export function openLetter(letter: StoredLetter, key: KeyObject | null): StoredLetter {
  const { original } = letter;
  if (original === undefined) return letter;
  if (original === 'dropped') throw new Error('its own bytes were not kept (deadLetters.original: drop)');
  if (key === null) throw new Error('its own bytes are sealed: give the private key with --key');
  return openOriginal(letter, key);
}

/** Throws `usage` for a file that holds no private key. */
export function readPrivateKey(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file));
  } catch (error) {
    throw new SinkError('usage', `--key ${file} cannot be read: ${(error as Error).message}`, error);
  }
}
