/** The words of a .proto text, one by one; blanks and comments are passed over. The empty text: the end. */
export interface Tokens {
  /** The next word, which stays. A string keeps its quotes. */
  peek(): string;
  next(): string;
  /** Passes over the next word if it is this one. */
  take(word: string): boolean;
  /** Passes over this word. */
  expect(word: string): void;
  /** Passes over a name without dots. */
  name(): string;
  /** `what`: "..." of the sentence "expected ...". */
  fail(what: string): never;
}

/** Each alternative ends where it began to fail, so that no text takes more than linear time. */
const BLANK = /(?:[\s\uFEFF]|\/\/[^\n]*)+/y;
const WORD =
  /[A-Za-z_]\w*|\.?\d(?:(?<=[eE])[+-]|[\w.])*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[{}()[\]<>=;:,.+-]|\/(?!\*)/y;
const NAME = /^[A-Za-z_]/;

/** @throws Error with the line, from every function, where the text is no .proto text */
export function tokenize(text: string): Tokens {
  let at = 0;
  let word: string | null = null;

  function skipBlank(): void {
    for (;;) {
      BLANK.lastIndex = at;
      if (BLANK.test(text)) at = BLANK.lastIndex;
      if (!text.startsWith('/*', at)) return;
      const end = text.indexOf('*/', at + 2);
      if (end < 0) throw new Error(`line ${line()}: a comment is not closed`);
      at = end + 2;
    }
  }

  function scan(): string {
    skipBlank();
    if (at >= text.length) return '';
    WORD.lastIndex = at;
    const found = WORD.exec(text);
    if (found === null) throw new Error(`line ${line()}: ${JSON.stringify(text[at])} cannot stand here`);
    at = WORD.lastIndex;
    return found[0];
  }

  function line(): number {
    return text.slice(0, at).split('\n').length;
  }

  function peek(): string {
    word ??= scan();
    return word;
  }

  function next(): string {
    const found = peek();
    word = null;
    return found;
  }

  function fail(what: string): never {
    const found = peek();
    throw new Error(
      `line ${line()}: expected ${what}, but ${found === '' ? 'the text ends' : `found ${found.slice(0, 80)}`}`,
    );
  }

  return {
    peek,
    next,
    fail,
    take(wanted) {
      if (peek() !== wanted) return false;
      word = null;
      return true;
    },
    expect(wanted) {
      if (peek() !== wanted) fail(`'${wanted}'`);
      word = null;
    },
    name() {
      return NAME.test(peek()) ? next() : fail('a name');
    },
  };
}
