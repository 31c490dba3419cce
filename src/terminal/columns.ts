import { cut, displayWidth, padded } from './text.ts';

const NARROWEST = 6;
const GAP = '  ';

export interface TextCell {
  readonly text: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

export interface Layout {
  readonly lines: readonly string[];
  /** Columns on the right that have no room. */
  readonly hidden: number;
}

/**
 * Rows in columns; the first row is the head. The widest columns are cut until a line fits into `room`, but not
 * the first `whole` ones and no numbers; columns that still have no room are left out.
 */
export function layOut(rows: readonly (readonly TextCell[])[], room: number, whole: number): Layout {
  const natural = widestOf(rows);
  const mayCut = natural.map((_, i) => i >= whole && rows[0]?.[i]?.right !== true);
  const shown = columnsWithin(fitted(natural, room, mayCut), room);
  const widths = fitted(natural.slice(0, shown), room, mayCut);
  const line = (row: readonly TextCell[]) =>
    row
      .slice(0, shown)
      .map((cell, i) => fill(cell, widths[i]!))
      .join(GAP)
      .trimEnd();
  return { lines: rows.map(line), hidden: natural.length - shown };
}

function widestOf(rows: readonly (readonly TextCell[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [i, { text }] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, displayWidth(text));
  return widths;
}

function fitted(natural: readonly number[], room: number, mayCut: readonly boolean[]): number[] {
  const widths = [...natural];
  for (let over = lineWidth(widths) - room; over > 0; over--) {
    const widest = Math.max(...widths.map((width, i) => (mayCut[i] ? width : 0)));
    if (widest <= NARROWEST) break;
    widths[widths.findIndex((width, i) => mayCut[i] && width === widest)]! -= 1;
  }
  return widths;
}

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * Math.max(0, widths.length - 1));

/** How many columns from the left fit; at least one. */
function columnsWithin(widths: readonly number[], room: number): number {
  let shown = widths.length;
  while (shown > 1 && lineWidth(widths.slice(0, shown)) > room) shown--;
  return shown;
}

function fill({ text, right }: TextCell, width: number): string {
  const kept = cut(text, width);
  return right ? ' '.repeat(Math.max(0, width - displayWidth(kept))) + kept : padded(kept, width);
}
