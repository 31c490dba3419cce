/** Text in columns for a terminal, where Chinese characters are two cells wide. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const NARROWEST = 6;
const GAP = '  ';

export interface Cell {
  readonly text: string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

export interface Layout {
  readonly lines: readonly string[];
  /** Columns on the right that have no room. */
  readonly hidden: number;
}

const widthOf = (char: string): number => (/\p{M}|\u200d/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1);

/** Cells that a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += widthOf(char);
  return width;
}

/** The text, or as much of it as fits with an ellipsis behind it. */
export function cut(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const char of text) {
    used += widthOf(char);
    if (used > width - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** Nothing in a text may move the cursor, turn the writing round or ring a bell. */
export const printable = (text: string): string =>
  text.replace(/[\p{C}\u2028\u2029]/gu, (char) => NAMED[char] ?? `\\u{${char.codePointAt(0)!.toString(16)}}`);

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Rows in columns; the first row is the head. The widest columns are cut until a line fits into `room`, but not
 * the first `whole` ones and no numbers; columns that still have no room are left out.
 */
export function layOut(rows: readonly (readonly Cell[])[], room: number, whole: number): Layout {
  const natural = widestOf(rows);
  const mayCut = natural.map((_, i) => i >= whole && rows[0]?.[i]?.right !== true);
  const shown = columnsWithin(fitted(natural, room, mayCut), room);
  const widths = fitted(natural.slice(0, shown), room, mayCut);
  const line = (row: readonly Cell[]) =>
    row
      .slice(0, shown)
      .map((cell, i) => padded(cell, widths[i]!))
      .join(GAP)
      .trimEnd();
  return { lines: rows.map(line), hidden: natural.length - shown };
}

function widestOf(rows: readonly (readonly Cell[])[]): number[] {
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

function padded({ text, right }: Cell, width: number): string {
  const kept = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - displayWidth(kept)));
  return right ? blanks + kept : kept + blanks;
}
