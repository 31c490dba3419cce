/** A member name or an array index. */
export type Step = string | number;

/** The way from the decoded value to one source; empty: the whole value. */
export type Path = readonly Step[];

const BARE_NAME = /[^.[\]`]+/y;
const QUOTED_NAME = /`((?:[^`]|``)+)`/y;
const INDEX = /\[(0|[1-9]\d{0,8})\]/y;

/**
 * Parses the path of a source: names joined by dots, indexes in brackets, names with
 * special characters in back-quotes (a back-quote inside is doubled): `tag.desc`, `items[0].sku`.
 *
 * @throws Error that names the character (from 1) at which the path is wrong
 */
export function parsePath(text: string): Path {
  const path: Step[] = [];
  let at = 0;
  while (at < text.length) {
    const index = match(INDEX, text, at);
    if (index !== null) {
      path.push(Number(index[1]));
      at += index[0].length;
      continue;
    }
    if (path.length > 0) at = expectDot(text, at);
    const name = match(QUOTED_NAME, text, at) ?? match(BARE_NAME, text, at);
    if (name === null) throw badPath(text, at, text[at] === '[' ? 'an index like [0]' : 'a name');
    path.push(name[1] === undefined ? name[0] : name[1].replaceAll('``', '`'));
    at += name[0].length;
  }
  if (path.length === 0) throw badPath(text, 0, 'a name');
  return path;
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function expectDot(text: string, at: number): number {
  if (text[at] !== '.')
    throw badPath(text, at, text[at] === '[' ? 'an index like [0]' : '`.`, `[` or the end');
  return at + 1;
}

function badPath(text: string, at: number, expected: string): Error {
  const found = at < text.length ? `found ${JSON.stringify(text[at])}` : 'the path ends';
  return new Error(
    `bad path ${JSON.stringify(text)}: expected ${expected} at character ${at + 1}, but ${found}`,
  );
}
