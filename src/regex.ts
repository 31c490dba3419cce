import { RE2JS } from 're2js';

/** A pattern whose time is linear in the text, whatever the pattern: no record can hold a worker with it. */
export interface Regex {
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
  /** The text with every match replaced; `$1`, `$<name>`, `$&` and `$$` in `replacement` as in JavaScript. */
  replace(text: string, replacement: string): string;
}

/** `\p{Script=Han}` and `\p{gc=Lu}` of JavaScript are `\p{Han}` and `\p{Lu}` here. */
const NAMED_PROPERTY = /(\\[pP]\{)(?:Script|sc|Script_Extensions|scx|General_Category|gc)=(?=\w+\})|(\\\\)/g;

/**
 * Compiles a pattern of RE2, or one of JavaScript that RE2 can take: `\d \s \w \b` are ASCII, a repetition
 * goes up to 1000.
 *
 * @throws Error whose message quotes the pattern and says what is wrong with it
 */
export function compileRegex(text: string): Regex {
  const compiled = compile(text);
  return {
    test: (subject) => compiled.test(subject),
    replace: (subject, replacement) => compiled.matcher(subject).replaceAll(replacement),
  };
}

function compile(text: string): RE2JS {
  try {
    // The translation would take the backslash of a backreference by name away.
    if (text.match(ESCAPE)?.includes('\\k')) throw new Error('\\k');
    const own = text.replace(NAMED_PROPERTY, (_, start?: string, backslash?: string) => start ?? backslash!);
    return RE2JS.compile(RE2JS.translateRegExp(own));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : 'unknown';
    throw new Error(
      `the pattern ${JSON.stringify(short(text))} cannot be used: ${short(reason)}${advice(text)}`,
    );
  }
}

const ESCAPE = /\\[\s\S]/g;
const SHOWN_CHARS = 100;

function short(text: string): string {
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}

function advice(text: string): string {
  if (/\(\?<?[=!]/.test(text)) return ' (patterns run in linear time, so they have no lookaround)';
  if (/\\[1-9]|\\k</.test(text)) return ' (patterns run in linear time, so they have no backreferences)';
  return '';
}
