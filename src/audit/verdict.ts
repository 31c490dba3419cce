import type { TopicPartition } from '../source/source.ts';
import { common, joined, type Range, total, without } from './ranges.ts';
import type { Duplicate } from './table-facts.ts';

/**
 * What became of every offset [first, end) of a topic partition: one pure decision.
 *
 *  in the table | dead letter | in the log                     | the offset is
 *  -------------|-------------|--------------------------------|--------------------------------------------
 *  once         | no          | any                            | accounted for: a row
 *  no           | yes         | any                            | accounted for: rejected
 *  no           | no          | a record                       | MISSING
 *  no           | no          | one that the mapping leaves    | accounted for: left out, as the
 *               |             | out                            | configuration says now
 *  no           | no          | no record at this offset       | accounted for: end of a transaction,
 *               |             |                                | aborted, or compacted away
 *  no           | no          | deleted by retention           | not to be known any more
 *  no           | no          | not read (bound, deadline)     | NOT CHECKED
 *  more often   | any         | any                            | DUPLICATE
 *  yes          | yes         | any                            | BOTH: a row and a dead letter
 *
 * Where the list of gaps is cut off, the offsets that it leaves out are told by their number: as many as there
 * are dead letters outside the listed gaps are taken for rejected, the rest is NOT CHECKED.
 */
export interface Facts extends TopicPartition, Range {
  /** First offset that the log still holds. */
  readonly logStart: number;
  /** Different offsets of [first, end) in the table. */
  readonly offsets: number;
  /** Ranges of [first, end) without a row; of a list that is cut off the longest. */
  readonly gaps: readonly Range[];
  /** Offsets of dead letters, acknowledged or not. */
  readonly letters: readonly Range[];
  /** Of these: rows by a replay. */
  readonly replayed: readonly Range[];
  readonly duplicates: readonly Duplicate[];
  readonly surplus: number;
}

/** What the log told of the questions. */
export interface LogAnswer {
  /** Offsets asked for that hold a record. */
  readonly records: readonly Range[];
  /** And those whose record the configuration leaves out. */
  readonly leftOut: readonly Range[];
  /** Not read. */
  readonly unread: readonly Range[];
}

export interface Verdict {
  readonly missing: readonly Range[];
  /** Rows beyond the first of each record. */
  readonly surplus: number;
  readonly duplicates: readonly Duplicate[];
  readonly both: readonly Range[];
  /** In neither, and in the log, but not read. */
  readonly unread: readonly Range[];
  /** Offsets of gaps that are not listed. */
  readonly unlisted: number;
  /** In neither, and deleted from the log. */
  readonly deleted: readonly Range[];
  /** Offsets whose record the configuration leaves out: filtered, or skipped. */
  readonly leftOut: number;
  /** Offsets in neither that may be copies (`copies.ts`); absent: rows are not compared. */
  readonly copies?: { readonly offsets: number; readonly ranges: readonly Range[] };
  /** Offsets that never held a record for a reader. */
  readonly empty: number;
  readonly rejected: number;
}

/** Offsets that only the log can tell about. */
export function questions(facts: Pick<Facts, 'gaps' | 'letters' | 'logStart'>): Range[] {
  return without(without(facts.gaps, facts.letters), before(facts.logStart));
}

export function judge(facts: Facts, answer: LogAnswer): Verdict {
  const { first, end, gaps, logStart, duplicates, surplus } = facts;
  const letters = common(facts.letters, [{ first, end }]);
  const asked = questions(facts);
  const unread = common(answer.unread, asked);
  const missing = without(common(answer.records, asked), unread);
  const leftOut = total(without(common(answer.leftOut, asked), unread));
  const beyond = without(letters, gaps);
  const holes = Math.max(0, end - first) - facts.offsets - total(gaps);
  return {
    ...{ missing, unread, duplicates, surplus },
    both: holes > 0 ? [] : without(beyond, facts.replayed),
    unlisted: Math.max(0, holes - total(beyond)),
    deleted: common(without(gaps, letters), before(logStart)),
    leftOut,
    empty: total(asked) - total(unread) - total(missing) - leftOut,
    rejected: total(letters),
  };
}

/** Something that exit code 3 tells. */
export const isFinding = ({ missing, surplus, both, unread, unlisted }: Verdict): boolean =>
  missing.length > 0 || surplus > 0 || both.length > 0 || unread.length > 0 || unlisted > 0;

const before = (offset: number): Range[] => (offset > 0 ? [{ first: 0, end: offset }] : []);

/** Where the audit of a topic partition begins. */
export interface Beginning {
  /** Asked for by the operator; null: from the beginning of all that is known. */
  readonly from: number | null;
  /** Where a group begins that has committed nothing: the log's start, an offset of a time, or null for its end. */
  readonly startAt: number | null;
  readonly end: number;
  /** Offsets of the first row and the first dead letter; null: there is none. */
  readonly firstRow: number | null;
  readonly firstLetter: number | null;
}

/** With `startAt: latest` nobody knows what was there when the group began: it begins with what it left. */
export function beginning({ from, startAt, end, firstRow, firstLetter }: Beginning): number {
  if (from !== null) return Math.min(from, end);
  const known = [startAt, firstRow, firstLetter].filter((offset) => offset !== null);
  return Math.min(end, ...known);
}

/** Gaps between rows, with those before the first and behind the last one. */
export function allGaps(
  { first, end }: Range,
  inside: readonly Range[],
  lowest: number | null,
  highest: number | null,
): Range[] {
  if (lowest === null || highest === null) return joined([{ first, end }]);
  return joined([{ first, end: lowest }, ...inside, { first: highest + 1, end }]);
}
