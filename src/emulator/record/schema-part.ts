import { CRC_START, crcBytes, crcInt32, crcValue } from './crc32c.ts';
import { Output } from './output.ts';

const SCHEMA = (1 << 3) | 2;
const END_SCHEMA = 33553920 << 3;

/** A schema before the first record, with a checksum of its own: readers that have no session learn the columns from it. */
export function schemaPart(json: string): Buffer {
  const output = new Output(Buffer.byteLength(json) + 64);
  output.varint32(SCHEMA);
  const start = output.text(json);
  const crc = crcBytes(crcInt32(CRC_START, 1), output.bytes, start, output.at);
  output.varint32(END_SCHEMA);
  output.varint32(crcValue(crc));
  return output.take();
}
