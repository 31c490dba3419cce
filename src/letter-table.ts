import { type Clock, systemClock } from './clock.ts';
import type { Config } from './config/schema.ts';
import type { DeadLetter } from './deadletter/dead-letter.ts';
import { LETTER_COLUMNS, type LetterPlaces, letterPlaces, writeLetter } from './deadletter/table-row.ts';
import type { Piece } from './encode/job.ts';
import { makePiece } from './encode/piece.ts';
import { RecordWriter } from './encode/record-writer.ts';
import { SinkError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { createTableStatement, type TableDraft } from './mapping/create-table.ts';
import type { Compression } from './mapping/plan.ts';
import { isPassing } from './maxcompute/error.ts';
import type { MaxCompute, TableInfo } from './maxcompute/maxcompute.ts';
import { refuseUnsupported } from './plan.ts';
import { retry } from './retry.ts';
import { openTable } from './table.ts';

const draftOf = (name: string): TableDraft => ({
  name,
  columns: Object.fromEntries(Object.entries(LETTER_COLUMNS).map(([column, type]) => [column, { type }])),
  partitions: null,
});

/** The statement that creates the table of dead letters. */
export function letterTableStatement(
  { maxcompute }: { readonly maxcompute: { readonly project: string; readonly schema: string | null } },
  name: string,
): string {
  const made = createTableStatement(draftOf(name), maxcompute);
  return 'statement' in made ? made.statement : '';
}

export interface LoadedLetterTable {
  readonly table: TableInfo;
  readonly places: LetterPlaces;
  /** The statement that created it just now; null: it was there. */
  readonly created: string | null;
}

/**
 * Reads the table of dead letters; one that is missing is created first where `table.create` says so. An outage is
 * waited out until the signal aborts. Throws `table_missing`, `table_unsupported` and `mapping_mismatch`.
 */
export async function loadLetterTable(
  config: Config,
  name: string,
  maxcompute: MaxCompute,
  stop: AbortSignal,
): Promise<LoadedLetterTable> {
  const wanted = { maxcompute: config.maxcompute, table: { ...draftOf(name), create: config.table.create } };
  const { table, created } = await retry(() => openTable(wanted, maxcompute, stop), {
    ...{ clock: systemClock, signal: stop, attempts: Number.POSITIVE_INFINITY },
    ...{ baseMs: LIMITS.retryBaseMs, capMs: LIMITS.startRetryCapMs },
    decide: (error) => ({ retry: isPassing(error) }),
  });
  return { table, created, places: placesIn(config, table) };
}

/** Where its columns are. Throws `table_unsupported`, and `mapping_mismatch` with every mismatch at once. */
export function placesIn(config: Config, table: TableInfo): LetterPlaces {
  refuseUnsupported(config, table);
  const keys = table.partitionKeys.map(({ name }) => name);
  if (keys.length > 0)
    throw new SinkError(
      'table_unsupported',
      `deadLetters.table ${table.name} is partitioned by ${keys.join(', ')}: it must not be`,
    );
  const places = letterPlaces(table.columns);
  if (!('problems' in places)) return places;
  const list = places.problems.map((problem) => `\n  ${problem}`).join('');
  throw new SinkError('mapping_mismatch', `deadLetters.table ${table.name} cannot hold dead letters:${list}`);
}

export interface LetterPiecesOptions {
  readonly places: LetterPlaces;
  readonly pipeline: string;
  readonly compression: Compression;
  readonly clock: Clock;
}

/** Letters as rows, in pieces of bounded size. On the main thread: they are few, or nothing else is to be done. */
export function letterPieces({ places, pipeline, compression, clock }: LetterPiecesOptions) {
  return function* (batch: string, letters: readonly DeadLetter[]): Generator<Piece> {
    const writer = new RecordWriter();
    const now = clock.now();
    for (const letter of letters) {
      writeLetter(writer, places, letter, { pipeline, batch }, now);
      if (writer.rawBytes < LIMITS.letterPieceBytes) continue;
      yield makePiece('', writer, compression)!;
      writer.reset();
    }
    const rest = makePiece('', writer, compression);
    if (rest) yield rest;
  };
}
