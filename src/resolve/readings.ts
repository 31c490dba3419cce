import type { Intent } from './find.ts';
import type { Judgement } from './judge.ts';

/** What may follow from each of the two ways to settle an intent, at most. */
export interface Readings {
  /** Rows that are lost if the batch is taken for committed: those that are not in the table. */
  readonly lost: number;
  /** Rows that come twice if the batch is read again: those that are in the table. */
  readonly twice: number;
}

/**
 * A session that is open counts as not in the table: with the intent gone nobody commits it any more, as long as
 * no process of the group lives on. A batch whose list is gone may have as many rows as its topic partitions
 * have records, and no batch has more.
 */
export function readingsOf(
  { own, list }: Pick<Intent, 'own' | 'list'>,
  { states, counts }: Pick<Judgement, 'states' | 'counts'>,
): Readings {
  const records = own.reduce((sum, { offset, pointer }) => sum + Math.max(0, pointer.end - offset), 0);
  if (list === null) return { lost: records, twice: records };
  let [lost, twice] = [0, 0];
  for (const { id, rows } of list.sessions) {
    const { least, most } = inTable(states.get(id), counts.get(id) ?? null, rows);
    lost += rows - least;
    twice += most;
  }
  return { lost: Math.min(lost, records), twice: Math.min(twice, records) };
}

/** How many of a session's rows are in the table. */
function inTable(
  state: string | undefined,
  found: number | null,
  rows: number,
): { readonly least: number; readonly most: number } {
  if (state === 'committed') return { least: rows, most: rows };
  if (state === 'open' || state === 'dead') return { least: 0, most: 0 };
  if (found === null) return { least: 0, most: rows };
  return { least: Math.min(found, rows), most: state === 'gone' ? Math.min(found, rows) : rows };
}
