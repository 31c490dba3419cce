import type { ColumnWriter } from './converter.ts';

/** Takes the value of one converted key, so that equal keys are found whatever their source looked like (`1`, `1.0`, `01`). */
export class KeyCapture implements ColumnWriter {
  /** The key last written: equal for equal keys only, among keys of one type. */
  value: string | number | bigint = 0;

  boolean(_column: number, value: number): void {
    this.value = value;
  }
  integer(_column: number, value: number): void {
    this.value = value;
  }
  bigInteger(_column: number, value: bigint): void {
    this.value = value;
  }
  float(_column: number, value: number): void {
    this.value = value;
  }
  double(_column: number, value: number): void {
    this.value = value;
  }
  bytes(_column: number, source: Uint8Array, start: number, end: number): void {
    this.value = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('latin1');
  }
  timestamp(_column: number, seconds: number, nanos: number): void {
    this.value = `${seconds}.${nanos}`;
  }
  // Keys are no containers.
  open(): void {}
  count(): void {}
  flag(): void {}
  undo(): void {}
}
