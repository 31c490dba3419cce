import { malformed } from '../errors.ts';

const damaged = () => malformed('the metadata of an Arrow message is damaged');

/** A table of a flatbuffer; every read stays inside the bytes or throws MalformedDataStream. */
export class FlatTable {
  private readonly bytes: Buffer;
  private readonly at: number;

  private constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  static root(bytes: Buffer): FlatTable {
    return FlatTable.behind(bytes, 0);
  }

  /** The table that the offset at `at` points to. */
  private static behind(bytes: Buffer, at: number): FlatTable {
    if (at + 4 > bytes.length) throw damaged();
    return new FlatTable(bytes, at + bytes.readUInt32LE(at));
  }

  number(field: number, size: 1 | 2 | 4): number {
    const at = this.find(field, size);
    return at === undefined ? 0 : this.bytes.readIntLE(at, size);
  }

  long(field: number): bigint {
    const at = this.find(field, 8);
    return at === undefined ? 0n : this.bytes.readBigInt64LE(at);
  }

  has(field: number): boolean {
    return this.find(field, 1) !== undefined;
  }

  table(field: number): FlatTable | undefined {
    const at = this.find(field, 4);
    return at === undefined ? undefined : FlatTable.behind(this.bytes, at);
  }

  /** A vector of pairs of 64-bit numbers, as nodes and buffers are. */
  pairs(field: number): (readonly [bigint, bigint])[] {
    const at = this.find(field, 4);
    if (at === undefined) return [];
    const start = at + this.bytes.readUInt32LE(at);
    this.check(start, 4);
    const count = this.bytes.readUInt32LE(start);
    this.check(start + 4, count * 16);
    return Array.from({ length: count }, (_, index) => {
      const pair = start + 4 + index * 16;
      return [this.bytes.readBigInt64LE(pair), this.bytes.readBigInt64LE(pair + 8)];
    });
  }

  /** Where a field's value is; undefined for a field that is left out. */
  private find(field: number, size: number): number | undefined {
    this.check(this.at, 4);
    const layout = this.at - this.bytes.readInt32LE(this.at);
    this.check(layout, 4);
    const entry = 4 + 2 * field;
    if (entry + 2 > this.bytes.readUInt16LE(layout)) return undefined;
    this.check(layout + entry, 2);
    const offset = this.bytes.readUInt16LE(layout + entry);
    if (offset === 0) return undefined;
    this.check(this.at + offset, size);
    return this.at + offset;
  }

  private check(at: number, size: number): void {
    if (at < 0 || at + size > this.bytes.length) throw damaged();
  }
}
