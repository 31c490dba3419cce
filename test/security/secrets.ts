import { randomBytes } from 'node:crypto';

/** Secrets that can be found again in whatever was printed, and the texts to look through. */
export interface Secrets {
  /** A secret with a part that stands nowhere else; `around` is put before and after that part. */
  make(name: string, around?: readonly [string, string]): string;
  /** A text from outside, e.g. that of a key file: each of its lines is looked for. */
  watch(name: string, text: string): string;
  /** Names of the secrets that stand in the text: plain, escaped, percent-encoded, base64 at any place. */
  foundIn(text: string): string[];
}

export function createSecrets(): Secrets {
  const forms = new Map<string, string>();
  const add = (name: string, text: string): void => {
    for (const encoded of base64Forms(text)) forms.set(encoded, `${name} (base64)`);
    forms.set(encodeURIComponent(text), `${name} (percent-encoded)`);
    forms.set(text, name);
  };
  return {
    make(name, [before, after] = ['', '']) {
      // Letters and digits: no escape changes them.
      const mark = `Mk${randomBytes(9).toString('hex')}`;
      add(name, mark);
      return `${before}${mark}${after}`;
    },
    watch(name, text) {
      for (const line of text.split('\n').filter((one) => one.length >= 32 && !one.startsWith('---')))
        add(name, line);
      return text;
    },
    foundIn: (text) => [...forms].filter(([form]) => text.includes(form)).map(([, name]) => name),
  };
}

/** The part of the base64 text that is the same whatever stands before and behind, for each of the three places. */
function base64Forms(text: string): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]).toString('base64');
    const first = Math.ceil((shift * 8) / 6);
    const last = Math.floor(((shift + Buffer.byteLength(text)) * 8) / 6);
    return encoded.slice(first, last);
  });
}
