import type { RejectionCode } from '../errors.ts';
import { ALL_DEAD_LETTERS, dirtyActions, fateOf } from '../mapping/dirty.ts';
import type { Mended } from '../mapping/mend.ts';
import type { Plan } from '../mapping/plan.ts';
import type { RowDirty } from '../mapping/row.ts';
import type { EncodeResult, MendedValues, Rejection } from './job.ts';

/** What became of the records of one job that are no plain rows. */
export type Tallied = Required<
  Pick<
    EncodeResult,
    'rejections' | 'extraRows' | 'filtered' | 'skipped' | 'lastSkipped' | 'mended' | 'stopped'
  >
>;

/** Decides about dirty records by the rules of the configuration, and counts. */
export interface Tally {
  /** False: the record ends the service. */
  dirty(record: number, problem: RowDirty): boolean;
  /** A row was written in which these values were mended. */
  row(mended: readonly Mended[]): void;
  /** The filter leaves the record out. */
  filtered(): void;
  /** A record of several rows was written; 0: the filter leaves all of them out. */
  rows(rows: number, mended: readonly Mended[]): void;
  result(): Tallied;
}

/** A new tally for each job. */
export function createTally({
  dirty = ALL_DEAD_LETTERS,
  tombstone,
}: Pick<Plan, 'dirty' | 'tombstone'>): () => Tally {
  const given = dirtyActions(dirty);
  const actions = tombstone === 'skip' ? { ...given, tombstone: 'skip' as const } : given;
  return () => {
    const rejections: Rejection[] = [];
    const skipped: Partial<Record<RejectionCode, number>> = {};
    const mended = new Map<string, MendedValues>();
    let extraRows = 0;
    let filtered = 0;
    let lastSkipped: Rejection | null = null;
    let stopped: Rejection | null = null;

    return {
      dirty(record, problem) {
        const found = rejection(record, problem);
        const fate = fateOf(actions[problem.code]);
        if (fate === 'dead_letter') rejections.push(found);
        else if (fate === 'skip') {
          skipped[problem.code] = (skipped[problem.code] ?? 0) + 1;
          lastSkipped = found;
        } else stopped = found;
        return fate !== 'stop';
      },
      row: count,
      filtered: () => void filtered++,
      rows(rows, values) {
        if (rows === 0) filtered++;
        else extraRows += rows - 1;
        count(values);
      },
      result: () => ({
        rejections,
        extraRows,
        filtered,
        skipped,
        lastSkipped,
        stopped,
        mended: [...mended.values()],
      }),
    };

    function count(values: readonly Mended[]): void {
      for (const { code, action } of values) {
        const key = `${code} ${action}`;
        mended.set(key, { code, action, values: (mended.get(key)?.values ?? 0) + 1 });
      }
    }
  };
}

function rejection(record: number, { stage, code, column, message }: RowDirty): Rejection {
  return { record, stage, code, column: column ?? null, message };
}
