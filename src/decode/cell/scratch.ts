const INITIAL_BYTES = 4096;
/** Memory grown beyond this for one large record is given back at the next. */
const KEEP_BYTES = 1024 * 1024;

/** Bytes that a decoder makes up for one record (unescaped text, decimal digits); cells point into them. */
export class Scratch {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  used = 0;

  /** Starts a new record: what was handed out before is no longer valid. */
  reset(): void {
    this.used = 0;
    if (this.bytes.length > KEEP_BYTES) this.bytes = new Uint8Array(INITIAL_BYTES);
  }

  /**
   * Makes room for `size` bytes and returns where they start in `bytes`. Growing makes a new array: cells
   * that point into the old one keep it.
   */
  reserve(size: number): number {
    if (this.used + size > this.bytes.length) {
      this.bytes = new Uint8Array(Math.max(size, this.bytes.length * 2));
      this.used = 0;
    }
    const at = this.used;
    this.used += size;
    return at;
  }
}
