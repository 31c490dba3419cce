import { type Cell, INTEGER, MISSING, NULL, NUMBER, STRING } from '../cell/cell.ts';
import { setTemporal } from '../cell/semantic-cell.ts';
import { cellText } from '../encoding/utf8.ts';

/** A time as a count of units since 1970, where an envelope may tell it. */
export interface TimeCell {
  readonly cell: Cell;
  readonly perSecond: 1e3 | 1e6 | 1e9;
}

/** Digits that a number holds exactly. */
const SAFE_DIGITS = 15;

/**
 * Fills a cell with the first of the times that is there, as an INSTANT; MISSING when none is.
 *
 * @returns whether it is a whole number
 */
export function fillSourceTime(times: readonly TimeCell[], to: Cell): boolean {
  const found = times.find(({ cell }) => cell.kind > NULL);
  to.kind = MISSING;
  if (found === undefined) return true;
  const count = countOf(found.cell);
  return count !== null && setTemporal(to, { kind: 'instant', perSecond: found.perSecond }, count);
}

function countOf(cell: Cell): number | bigint | null {
  if (cell.kind === INTEGER) return cell.safe ? cell.num : cell.big;
  if (cell.kind !== NUMBER && cell.kind !== STRING) return null;
  const text = cellText(cell);
  if (!/^-?\d{1,19}$/.test(text)) return null;
  return text.length <= SAFE_DIGITS ? Number(text) : BigInt(text);
}
