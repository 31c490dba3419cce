import { malformed } from '../errors.ts';

/** Hands out the bytes of a body in the portions that a format asks for. */
export class ByteSource {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private readonly what: string;
  private held: Buffer[] = [];
  private size = 0;

  /** `what` names the format in the text of an error. */
  constructor(body: AsyncIterable<Uint8Array>, what: string) {
    this.pieces = body[Symbol.asyncIterator]();
    this.what = what;
  }

  /** Exactly so many bytes; throws MalformedDataStream when the body ends before. */
  async read(count: number): Promise<Buffer> {
    const bytes = await this.readOrEnd(count);
    if (!bytes && count > 0) throw this.cutOff();
    return bytes ?? Buffer.of();
  }

  /** The same, or undefined where the body ended already. */
  async readOrEnd(count: number): Promise<Buffer | undefined> {
    while (this.size < count) {
      const { done, value } = await this.pieces.next();
      if (done) {
        if (this.size === 0) return undefined;
        throw this.cutOff();
      }
      this.held.push(Buffer.from(value.buffer, value.byteOffset, value.length));
      this.size += value.length;
    }
    return this.take(count);
  }

  /** Passes over bytes without keeping them. */
  async skip(count: number): Promise<void> {
    for (let rest = count; rest > 0; ) {
      const portion = Math.min(rest, Math.max(1, this.size));
      await this.read(portion);
      rest -= portion;
    }
  }

  async close(): Promise<void> {
    await this.pieces.return?.();
  }

  private take(count: number): Buffer {
    const first = this.held[0];
    const all = first && first.length >= count ? first : Buffer.concat(this.held);
    if (all !== first) this.held = [all];
    const rest = all.subarray(count);
    if (rest.length) this.held[0] = rest;
    else this.held.shift();
    this.size -= count;
    return all.subarray(0, count);
  }

  private cutOff(): Error {
    return malformed(`the ${this.what} is cut off`);
  }
}

/** The same bytes in blocks of `size`, the last one shorter. */
export async function* inBlocks(body: AsyncIterable<Uint8Array>, size: number): AsyncIterable<Buffer> {
  let block = Buffer.allocUnsafe(size);
  let filled = 0;
  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + size - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < size) continue;
      yield block;
      block = Buffer.allocUnsafe(size);
      filled = 0;
    }
  }
  if (filled) yield block.subarray(0, filled);
}
