import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SinkError } from '../../src/errors.ts';
import { decodePointer, encodePointer } from '../../src/ledger/pointer.ts';
import { pointers, typicalPointer } from './pointers.ts';

/** The error's message; fails when there is none, or another code. */
function refusal(text: string): string {
  try {
    decodePointer(text);
  } catch (error) {
    expect(error).toBeInstanceOf(SinkError);
    expect((error as SinkError).code).toBe('ledger_unreadable');
    return (error as SinkError).message;
  }
  throw new Error(`was read: ${text}`);
}

describe('a pointer as text', () => {
  it('comes back as it was, in letters, digits, - and _', () => {
    fc.assert(
      fc.property(pointers, (pointer) => {
        const text = encodePointer(pointer);
        expect(text).toMatch(/^[\w-]+$/);
        expect(decodePointer(text)).toEqual(pointer);
      }),
    );
  });

  it('has a version of its own only where it names dead letters: others are read by those who know no other', () => {
    const pointer = typicalPointer(2, 2);
    const letters = { tablePartition: '', id: 'd1', blocks: 1, rows: 3, table: 'errors' };
    const list = { ...pointer.list!, sessions: [letters, ...pointer.list!.sessions] };
    expect(encodePointer(pointer)[0]).toBe('1');
    expect(encodePointer({ ...pointer, list })[0]).toBe('2');
    expect(encodePointer({ ...pointer, list: null })[0]).toBe('1');
    const witness = { tablePartition: '', id: 'd1', table: 'errors' };
    expect(encodePointer({ ...pointer, witness, list: null })[0]).toBe('2');
    const twice = { ...list, sessions: [...list.sessions, { ...letters, id: 'd2' }] };
    expect(() => encodePointer({ ...pointer, list: twice })).toThrow('d2 is a second one of dead letters');
  });

  it('has its members and sessions in one order, whatever theirs was', () => {
    const pointer = typicalPointer(20, 30);
    const { members, sessions, mapping } = pointer.list!;
    const reversed = { members: [...members].reverse(), sessions: [...sessions].reverse(), mapping };
    expect(encodePointer({ ...pointer, list: reversed })).toBe(encodePointer(pointer));
  });

  it('keeps its length and everything else when it is confirmed', () => {
    fc.assert(
      fc.property(pointers, (pointer) => {
        const text = encodePointer({ ...pointer, confirmed: false });
        const confirmed = encodePointer({ ...decodePointer(text), confirmed: true });
        expect(confirmed.length).toBe(text.length);
        expect(decodePointer(confirmed)).toEqual({ ...pointer, confirmed: true });
      }),
    );
  });

  it('is refused when it was cut anywhere, or has something behind it', () => {
    for (const tablePartitions of [1, 40]) {
      const text = encodePointer(typicalPointer(3, tablePartitions));
      for (let length = 0; length < text.length; length++) refusal(text.slice(0, length));
      for (const more of ['A', 'AAAA', '=', '\0', ';', ' ']) refusal(text + more);
    }
  });

  it('is refused after any change of one bit', () => {
    for (const pointer of [{ ...typicalPointer(3, 1), list: null }, typicalPointer(9, 12)]) {
      const text = encodePointer(pointer);
      for (let bit = 0; bit < text.length * 8; bit++) {
        const bytes = Buffer.from(text, 'latin1');
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        refusal(bytes.toString('latin1'));
      }
    }
  });

  it('is refused after other changes, and any other text is', () => {
    const changed = fc.tuple(pointers, fc.nat(), fc.nat(), fc.string({ maxLength: 5 }));
    fc.assert(
      fc.property(changed, ([pointer, a, b, middle]) => {
        const text = encodePointer(pointer);
        const [from, to] = [a % text.length, b % text.length].sort((x, y) => x - y) as [number, number];
        const other = text.slice(0, from) + middle + text.slice(to);
        if (other !== text) refusal(other);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^1[A-D][\w-]+$/)), (text) => !!refusal(text)),
    );
  });

  it('says which version it has when that is another one', () => {
    const text = encodePointer(typicalPointer(1, 1));
    expect(refusal(`3${text.slice(1)}`)).toBe(
      'the intent cannot be read: its version is "3", known are "1" and "2"',
    );
    expect(refusal(`2${text.slice(1)}`)).toContain('checksum');
    expect(refusal('')).toContain('its version is ""');
    expect(refusal(`${text}\0`)).toContain('checksum');
  });

  it('is refused without much work when it claims what it cannot have', () => {
    const body = (...bytes: number[]) => Buffer.from(bytes);
    const start = [3, ...Array(16).fill(7), 1, 1, 4, 4, 97, 4, 98];
    const topics = [1, 0, 4, 116, 0, 0];
    const huge = [255, 255, 255, 255, 15];
    const claims: Record<string, Buffer> = {
      'a count is too large': body(...start, ...huge),
      'it has too many members': body(...start, ...topics, 1, 0, ...huge),
      'it names what it does not have': body(...start, 1, 0, 4, 116, 7, 0, 0),
      'it ends too soon': body(...start, ...topics, 1, 0, 0, 1, 0),
      'a number is too large': body(3, ...Array(16).fill(7), ...Array(9).fill(255)),
      'a text shares more than there is': body(...start, 1, 9),
      'it has something behind its end': body(3, ...Array(16).fill(7), 1, 1, 0, 0, 0, 0, 0, 0, 0, 0),
    };
    for (const [why, bytes] of Object.entries(claims)) expect(refusal(sealed('A', bytes))).toContain(why);
    const bomb = deflateRawSync(Buffer.alloc(40_000_000));
    expect(bomb.length).toBeLessThan(45_000);
    expect(refusal(sealed('C', bomb))).toContain('Cannot create a Buffer larger than');
    expect(refusal(`1A${'A'.repeat(70_000)}`)).toBe('the intent cannot be read: it has 70002 characters');
  });

  it('does not leave with a witness or an anchor that is not of the batch', () => {
    const pointer = typicalPointer(2, 2);
    const witness = { tablePartition: 'dt=20261120,hr=00', id: 'other' };
    expect(() => encodePointer({ ...pointer, witness })).toThrow(
      'the witness other is no session of the batch',
    );
    const anchor = { topic: 'payments', partition: 0 };
    expect(() => encodePointer({ ...pointer, anchor })).toThrow('the anchor payments-0 is no member');
    expect(() => encodePointer({ ...pointer, end: -1 })).toThrow(RangeError);
  });

  it('is small: measured for 40 table partitions', () => {
    const chars = (topicPartitions: number, gaps: boolean) =>
      encodePointer(typicalPointer(topicPartitions, 40, gaps)).length;
    for (const count of [1, 16, 100, 500]) expect(chars(count, false)).toBeLessThan(1_320);
    expect(chars(100, true)).toBeLessThan(1_400);
    expect(chars(500, true)).toBeLessThan(1_600);
    expect(encodePointer({ ...typicalPointer(500, 40), list: null }).length).toBeLessThan(180);
  });
});

/** A body of one's own with the right checksum. */
function sealed(flags: 'A' | 'C', bytes: Buffer): string {
  const head = `1${flags}`;
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(bytes, crc32(head)));
  return head + Buffer.concat([bytes, checksum]).toString('base64url');
}
