export interface TablePartition {
  /** Values in the order of the table partition columns. */
  readonly values: readonly string[];
  readonly createdAt: number;
  /** Kept by the store, as those of the table are. */
  rows: number;
  bytes: number;
  /** Of its rows, in ms. */
  lastModifiedAt: number;
  /** The LIFECYCLE of the table is switched off for it. */
  lifecycleOff: boolean;
}

/** A table partition without rows. */
export function newTablePartition(values: readonly string[], now: number): TablePartition {
  return { values, createdAt: now, rows: 0, bytes: 0, lastModifiedAt: now, lifecycleOff: false };
}

/** One text for the values of a table partition, and another for all others, whatever stands in them. */
export const valuesKey = (values: readonly string[]): string => JSON.stringify(values);

export const sameValues = (a: readonly string[], b: readonly string[]): boolean =>
  valuesKey(a) === valuesKey(b);

/** Bytes of a value. */
export const VALUE_LENGTH = 255;

/** Whether a table partition may have this value: up to 255 bytes without control characters. */
export const isStorable = (value: string): boolean =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  Buffer.byteLength(value) <= VALUE_LENGTH && !/[\x00-\x1f\x7f]/.test(value);

/** The table partitions of one table, found by their values. */
export class TablePartitions {
  readonly #known = new Map<string, TablePartition>();

  get size(): number {
    return this.#known.size;
  }

  has(values: readonly string[]): boolean {
    return this.#known.has(valuesKey(values));
  }

  get(values: readonly string[]): TablePartition | undefined {
    return this.#known.get(valuesKey(values));
  }

  add(one: TablePartition): void {
    this.#known.set(valuesKey(one.values), one);
  }

  delete(values: readonly string[]): void {
    this.#known.delete(valuesKey(values));
  }

  /** In the order in which they came. */
  all(): TablePartition[] {
    return [...this.#known.values()];
  }
}

/** Each once, by the first value, then the second. */
export const inOrder = (found: readonly TablePartition[]): TablePartition[] =>
  [...new Set(found)].sort((a, b) => compareValues(a.values, b.values));

function compareValues(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}
