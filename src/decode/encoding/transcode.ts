import { LIMITS } from '../../limits.ts';
import type { Dirty } from '../cell/cell.ts';
import { Scratch } from '../cell/scratch.ts';
import type { Decoder } from '../decoder.ts';
import { wrapDecoder } from '../wrap.ts';
import { type Charset, charsetOf } from './charset.ts';

/** Whether the formats can read bytes of this encoding as they are. */
export const isUtf8 = (encoding: string | undefined): boolean =>
  encoding === undefined || charsetOf(encoding)?.name === 'utf-8';

/**
 * Turns text of another character encoding into UTF-8 before the decoder inside reads it. A byte order mark is
 * dropped; bytes that are no text make the record dirty.
 */
export function transcoding(encoding: string | undefined, inner: Decoder): Decoder {
  const charset = isUtf8(encoding) ? null : charsetOf(encoding!);
  if (charset === null) return inner;
  const scratch = new Scratch();
  const writer = new TextEncoder();
  return wrapDecoder(inner, {
    decode(bytes, start, end, cells) {
      const text = textOf(charset, bytes.subarray(start, end));
      if (typeof text !== 'string') return text;
      scratch.reset();
      const length = Buffer.byteLength(text, 'utf8');
      const at = scratch.reserve(length + 1);
      writer.encodeInto(text, scratch.bytes.subarray(at));
      scratch.bytes[at + length] = 0; // without it the JSON decoder would copy the text
      return inner.decode(scratch.bytes, at, at + length, cells);
    },
  });
}

function textOf(charset: Charset, bytes: Uint8Array): string | Dirty {
  try {
    return charset.decode(bytes);
  } catch {
    const where = bytes.length > LIMITS.faultSearchBytes ? '' : `, at byte ${faultAt(charset, bytes)}`;
    return { code: 'invalid_encoding', message: `the bytes are not valid ${charset.name} text${where}` };
  }
}

/** Number, from 1, of the byte with which the text stops being valid; one behind the last for a text that is cut off. */
function faultAt(charset: Charset, bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (charset.begins(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return bad;
}
