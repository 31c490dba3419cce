/** A body in the Confluent wire format: byte 0, the schema id as u32 big endian, then the body. */
export function framed(id: number, body: Uint8Array): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, body]);
}
