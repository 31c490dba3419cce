/** Text in a terminal, where Chinese characters are two cells wide. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

const widthOf = (char: string): number => (/\p{M}|\u200d/u.test(char) ? 0 : WIDE.test(char) ? 2 : 1);

/** Cells that a text takes in a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += widthOf(char);
  return width;
}

/** The text with blanks behind it up to this many cells. */
export const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - displayWidth(text)));

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

/** Lines of at most `width` columns, broken at blanks, and inside a word only when it is longer than a line. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ').flatMap((one) => pieces(one, width))) {
      if (line !== '' && displayWidth(line) + 1 + displayWidth(word) > width) {
        lines.push(line);
        line = word;
      } else line = line === '' ? word : `${line} ${word}`;
    }
    lines.push(line);
  }
  return lines;
}

function pieces(word: string, width: number): string[] {
  if (displayWidth(word) <= width) return [word];
  const parts: string[] = [''];
  for (const char of word) {
    if (displayWidth(parts.at(-1)!) + displayWidth(char) > width) parts.push('');
    parts[parts.length - 1] += char;
  }
  return parts;
}
