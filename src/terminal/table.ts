import { displayWidth, padded, wrap } from './text.ts';

const GAP = '  ';
const LEAST = 8;

/** Aligned columns with a rule below the head; cells wrap where the line would be longer than `width`. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width: number,
): string[] {
  const widths = columnWidths([head, ...rows], width);
  const rule = widths.map((columns) => '-'.repeat(columns));
  return [head, rule, ...rows].flatMap((cells) => tableRow(cells, widths));
}

function tableRow(cells: readonly string[], widths: readonly number[]): string[] {
  const columns = widths.map((width, at) => wrap(cells[at] ?? '', width));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, at) => padded(lines[line] ?? '', widths[at]!))
      .join(GAP)
      .trimEnd(),
  );
}

/** What each column needs; while that is too much, the widest ones give way. */
function columnWidths(rows: readonly (readonly string[])[], width: number): number[] {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((cells) => displayWidth(cells[at] ?? ''))));
  const total = () => widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1);
  while (total() > width && Math.max(...widths) > LEAST) widths[widths.indexOf(Math.max(...widths))]! -= 1;
  return widths;
}
