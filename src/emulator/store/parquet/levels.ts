import { Bytes } from './bytes.ts';

/** Repetition or definition levels of one page, run by run (Parquet's RLE). */
export class Levels {
  readonly #runs = new Bytes(64);
  #value = 0;
  #length = 0;

  add(value: number): void {
    if (value === this.#value) {
      this.#length += 1;
      return;
    }
    this.#end();
    this.#value = value;
    this.#length = 1;
  }

  #end(): void {
    if (this.#length === 0) return;
    this.#runs.varint(this.#length * 2);
    this.#runs.byte(this.#value);
    this.#length = 0;
  }

  /** Appends them with their size in front. */
  write(page: Bytes): void {
    this.#end();
    const runs = this.#runs.view();
    page.int32(runs.length);
    page.copy(runs, 0, runs.length);
  }

  get size(): number {
    return this.#runs.length + 12;
  }

  clear(): void {
    this.#runs.clear();
    this.#length = 0;
    this.#value = 0;
  }
}
