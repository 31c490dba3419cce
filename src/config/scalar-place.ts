const BLANK = /\s/;

/**
 * Where character `at` of a scalar stands in the YAML text, whose notation begins at `start`: quotes, escapes, line breaks that
 * became blanks and indentation are passed over, by going through both texts side by side.
 */
export function offsetInside(text: string, start: number, value: string, at: number): number {
  let offset = bodyOf(text, start);
  for (let i = 0; i <= at; i++) {
    const found = i < value.length ? nextOf(text, offset, value[i]!) : offset;
    if (i === at) return found;
    offset = found + 1;
  }
  return offset;
}

/** Any blank stands for any other, and for several. */
function nextOf(text: string, from: number, char: string): number {
  if (!BLANK.test(char)) {
    const found = text.indexOf(char, from);
    return found < 0 ? from : found;
  }
  // Of several blanks the first takes them all.
  let end = from;
  while (end < text.length && BLANK.test(text[end]!)) end++;
  return end - 1;
}

/** The lines of a block begin below its header (`|`, `>-`). */
function bodyOf(text: string, start: number): number {
  const isBlock = text[start] === '|' || text[start] === '>';
  return isBlock ? text.indexOf('\n', start) + 1 : start;
}
