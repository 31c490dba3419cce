/** A generator of random numbers that can be started again: mulberry32. */
export function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = (below: number) => number;

/** Texts that mean something to some decoder. */
const WORDS = [
  ...[
    'null',
    'true',
    '{}',
    '[]',
    '""',
    '{"',
    '":',
    ',',
    '-0',
    '1e999',
    '-1e-999',
    'NaN',
    '\\u0000',
    '\\ud800',
  ],
  ...[
    '__proto__',
    'constructor',
    'prototype',
    '9223372036854775808',
    '-9223372036854775808',
    '0'.repeat(400),
  ],
  ...['1'.repeat(60), '9999-12-31T23:59:59.999999999Z', '0000-00-00', '"', '\r\n', '|', '\0', '\ufeff'],
  ...['[['.repeat(600), '{"a":'.repeat(600), '(((((((((((((((((((((((((('],
].map((word) => Buffer.from(word));

const EXTREMES = [0, 1, 0x7f, 0x80, 0xff, 0xfe, 0xc0, 0xed];

/** Some changes of a value, one mostly: so that many records stay what they are; `others` give pieces to splice in. */
export function mutate(value: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let bytes: Buffer = Buffer.from(value);
  for (let change = random(3) === 0 ? random(4) : 0; change >= 0; change--)
    bytes = CHANGES[random(CHANGES.length)]!(bytes, random, others);
  return bytes;
}

type Change = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const cutAt = (bytes: Buffer, random: Random) => random(bytes.length + 1);

const insert = (bytes: Buffer, at: number, more: Uint8Array) =>
  Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);

/** Replaces a byte from `first` on, `count` different ones, by another of them. */
const other =
  (first: number, count: number): Change =>
  (bytes, random) => {
    const at = cutAt(bytes, random);
    const found = bytes.subarray(at).findIndex((byte) => byte >= first && byte < first + count);
    if (found >= 0) bytes[at + found] = first + random(count);
    return bytes;
  };

const CHANGES: readonly Change[] = [
  other(0x30, 10),
  other(0x30, 10),
  other(0x61, 26),
  other(0x61, 26),
  function flipBit(bytes, random) {
    if (bytes.length > 0) bytes[random(bytes.length)]! ^= 1 << random(8);
    return bytes;
  },
  function extremeByte(bytes, random) {
    if (bytes.length > 0) bytes[random(bytes.length)] = EXTREMES[random(EXTREMES.length)]!;
    return bytes;
  },
  function anyBytes(bytes, random) {
    return insert(
      bytes,
      cutAt(bytes, random),
      Uint8Array.from({ length: 1 + random(12) }, () => random(256)),
    );
  },
  function word(bytes, random) {
    return insert(bytes, cutAt(bytes, random), WORDS[random(WORDS.length)]!);
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, cutAt(bytes, random));
  },
  function remove(bytes, random) {
    const at = cutAt(bytes, random);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(20))]);
  },
  function repeat(bytes, random) {
    const at = cutAt(bytes, random);
    return insert(bytes, at, bytes.subarray(at, at + random(60)));
  },
  function splice(bytes, random, others) {
    const other = others[random(others.length)]!;
    return Buffer.concat([bytes.subarray(0, cutAt(bytes, random)), other.subarray(cutAt(other, random))]);
  },
  function largeNumber(bytes, random) {
    const varint = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, random(2)];
    return insert(bytes, cutAt(bytes, random), Uint8Array.from(varint.slice(random(9))));
  },
];
