/** Text in columns for terminals. Pure. */

/** East Asian wide characters take two columns. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/g;

export function textWidth(text: string): number {
  const chars = [...text];
  return chars.length + (text.match(WIDE)?.length ?? 0) + chars.filter((char) => char > '\u{1ffff}').length;
}

export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - textWidth(text)));

/** Lines of at most `width` columns, broken at blanks, and inside a word only when it is longer than a line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ').flatMap((one) => pieces(one, width))) {
      if (line !== '' && textWidth(line) + 1 + textWidth(word) > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

function pieces(word: string, width: number): string[] {
  if (textWidth(word) <= width) return [word];
  const parts: string[] = [''];
  for (const char of word) {
    if (textWidth(parts.at(-1)!) + textWidth(char) > width) parts.push('');
    parts[parts.length - 1] += char;
  }
  return parts;
}

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
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((cells) => textWidth(cells[at] ?? ''))));
  const total = () => widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1);
  while (total() > width && Math.max(...widths) > LEAST) widths[widths.indexOf(Math.max(...widths))]! -= 1;
  return widths;
}
