import { textOf } from '../encoding/utf8.ts';
import { KEEP, type Unmapped, type UnmappedKind } from '../path/unmapped.ts';
import { LETTER_F, LETTER_N, LETTER_T, OPEN_ARRAY, OPEN_OBJECT, QUOTE } from './text.ts';

/** FNV-1a of a name [from, end) in quotes: of all its bytes, for `addr1_city` and `addr2_city` are two names. */
export function nameHash(bytes: Uint8Array, from: number, end: number): number {
  let hash = end - from;
  for (let i = from + 1; i < end - 1; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  // Names are added up: without this, what differs in the last byte only would make near sums.
  return Math.imul(hash ^ (hash >>> 15), 0x9e3779b1);
}

/** A member that no path takes: bytes [from, end), its key [from, keyEnd) in quotes, its value from `valueAt` on. */
export function noteUnmapped(
  unmapped: Unmapped,
  bytes: Uint8Array,
  from: number,
  keyEnd: number,
  valueAt: number,
  end: number,
): void {
  if (unmapped.mode === KEEP) unmapped.keep(from, end);
  else unmapped.tell(String(JSON.parse(textOf(bytes, from, keyEnd))), ...kindAt(bytes, valueAt, end));
}

function kindAt(bytes: Uint8Array, at: number, end: number): [kind: UnmappedKind, scale?: number] {
  switch (bytes[at]) {
    case QUOTE:
      return ['text'];
    case OPEN_OBJECT:
    case OPEN_ARRAY:
      return ['nested'];
    case LETTER_T:
    case LETTER_F:
      return ['boolean'];
    case LETTER_N:
      return ['null'];
    default:
      return numberKind(textOf(bytes, at, end));
  }
}

/** Floating point would round an integer that has more than 64 bits. */
function numberKind(text: string): [kind: UnmappedKind, scale?: number] {
  if (!/^-?\d{1,38}$/.test(text)) return ['number'];
  return BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? ['integer'] : ['decimal', 0];
}
