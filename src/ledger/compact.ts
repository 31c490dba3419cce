import { Buffer } from 'node:buffer';

/**
 * The bytes that a pointer is made of (`pointer.ts`): whole numbers of 7 bits a byte, and texts in as few bits
 * as their characters need. A text begins with a number, 4 x characters + kind (kind `utf8`: 4 x bytes):
 *
 *   utf8   anything
 *   hex    0-9 a-f                4 bits a character
 *   word   A-Z a-z 0-9 - _        6 bits a character
 *   uuid   a UUID, lower case     16 bytes
 */
export type Bytes = number[];

const KIND = { utf8: 0, hex: 1, word: 2, uuid: 3 } as const;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const HEX = /^[\da-f]+$/;
const WORD = /^[\w-]+$/;

/** From 0 to 2^53 - 1; throws a RangeError for another number. */
export function writeNumber(out: Bytes, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no whole number from 0`);
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128);
  out.push(rest);
}

export function writeText(out: Bytes, text: string): void {
  for (const byte of textBytes(text)) out.push(byte);
}

function textBytes(text: string): Bytes {
  if (UUID.test(text)) return [KIND.uuid, ...Buffer.from(text.replaceAll('-', ''), 'hex')];
  if (HEX.test(text)) return counted(text.length, KIND.hex, Buffer.from(evenly(text, 2, '0'), 'hex'));
  const bytes = Buffer.from(text, 'utf8');
  if (!WORD.test(text)) return counted(bytes.length, KIND.utf8, bytes);
  const packed = Buffer.from(evenly(text, 4, 'A'), 'base64url');
  return counted(text.length, KIND.word, packed.subarray(0, wordBytes(text.length)));
}

function counted(length: number, kind: number, bytes: Uint8Array): Bytes {
  const out: Bytes = [];
  writeNumber(out, length * 4 + kind);
  out.push(...bytes);
  return out;
}

const evenly = (text: string, of: number, filler: string): string =>
  text.padEnd(Math.ceil(text.length / of) * of, filler);

const wordBytes = (chars: number): number => Math.ceil((chars * 3) / 4);

/**
 * Texts that resemble their neighbours: each as the number of characters that it shares with the beginning of
 * the one before, and the rest. Never more than a byte longer than the text alone.
 */
export function writeTexts(out: Bytes, texts: readonly string[]): void {
  let before = '';
  for (const text of texts) {
    const whole = sharing(0, text);
    const shared = sharedChars(before, text);
    const short = shared === 0 ? whole : sharing(shared, text);
    out.push(...(short.length < whole.length ? short : whole));
    before = text;
  }
}

function sharing(shared: number, text: string): Bytes {
  const out: Bytes = [];
  writeNumber(out, shared);
  out.push(...textBytes(text.slice(shared)));
  return out;
}

function sharedChars(a: string, b: string): number {
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared++;
  // Half a character is none.
  return /[\ud800-\udbff]/.test(b[shared - 1] ?? '') ? shared - 1 : shared;
}

/** Reads what was written; throws for bytes that end too soon, a number too large or a text that is none. */
export interface Reader {
  number(): number;
  text(): string;
  texts(count: number): string[];
  /** A number of things that take a byte each at least. */
  count(): number;
  /** Throws unless everything was read. */
  end(): void;
}

export function createReader(bytes: Buffer): Reader {
  let at = 0;

  function take(length: number): Buffer {
    if (length > bytes.length - at) throw new Error('it ends too soon');
    at += length;
    return bytes.subarray(at - length, at);
  }

  function number(): number {
    let value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = take(1)[0]!;
      value += (byte & 127) * scale;
      if (byte < 128 && Number.isSafeInteger(value)) return value;
    }
    throw new Error('a number is too large');
  }

  function text(): string {
    const head = number();
    const length = Math.floor(head / 4);
    const kind = head % 4;
    if (kind === KIND.uuid)
      return take(16)
        .toString('hex')
        .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    if (kind === KIND.hex)
      return take(Math.ceil(length / 2))
        .toString('hex')
        .slice(0, length);
    if (kind === KIND.word) return take(wordBytes(length)).toString('base64url').slice(0, length);
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(take(length));
  }

  function texts(count: number): string[] {
    const list: string[] = [];
    for (let before = ''; list.length < count; list.push(before)) {
      const shared = number();
      if (shared > before.length) throw new Error('a text shares more than there is');
      before = before.slice(0, shared) + text();
    }
    return list;
  }

  function count(): number {
    const value = number();
    if (value > bytes.length - at) throw new Error('a count is too large');
    return value;
  }

  function end(): void {
    if (at < bytes.length) throw new Error('it has something behind its end');
  }

  return { number, text, texts, count, end };
}
