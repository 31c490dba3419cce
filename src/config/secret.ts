import { inspect } from 'node:util';

const HIDDEN = '[secret]';

/**
 * Text that cannot be printed by accident: string conversion, JSON, `util.inspect` and `Object.keys` show
 * `[secret]` or nothing. Only {@link Secret.reveal} gives it, at the place that sends it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/**
 * Takes user name and password out of every URL in a text: `http://u:p@host` -> `http://[secret]@host`. A password
 * with a slash in it makes no valid URL, but it is hidden too: no port number can stand where it begins.
 */
export const hideUserInfo = (text: string): string =>
  text.replace(/(:\/\/)(?:[^/?#\s]*@|[^/?#\s:]*:(?!\d{1,5}(?:[/?#\s"']|$))[^\s]*@)/g, `$1${HIDDEN}@`);

/** Whether a text that is no URL could hold `user:password@host`. */
export const mayHoldUserInfo = (text: string): boolean => /:.*@/s.test(text);
