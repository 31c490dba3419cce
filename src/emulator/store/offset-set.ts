import type { OffsetReport } from './store.ts';

/** Offsets of one topic partition in pages of 65,536 bits, 8 KiB each; a page exists once it has an offset. */
export interface OffsetSet {
  readonly pages: Map<number, Uint32Array>;
  rows: number;
  duplicates: number;
  /** The page of the last offset: offsets come in runs. */
  page: Uint32Array | undefined;
  pageNumber: number;
}

const PAGE_BITS = 65536;

export const createOffsetSet = (): OffsetSet => ({
  pages: new Map(),
  rows: 0,
  duplicates: 0,
  page: undefined,
  pageNumber: -1,
});

export function addOffset(set: OffsetSet, offset: number): void {
  const pageNumber = Math.floor(offset / PAGE_BITS);
  if (pageNumber !== set.pageNumber || !set.page) selectPage(set, pageNumber);
  const page = set.page!;
  const bit = offset - pageNumber * PAGE_BITS;
  const mask = 1 << (bit & 31);
  set.rows += 1;
  if (page[bit >>> 5]! & mask) set.duplicates += 1;
  else page[bit >>> 5] = page[bit >>> 5]! | mask;
}

function selectPage(set: OffsetSet, pageNumber: number): void {
  let page = set.pages.get(pageNumber);
  if (!page) {
    page = new Uint32Array(PAGE_BITS / 32);
    set.pages.set(pageNumber, page);
  }
  set.page = page;
  set.pageNumber = pageNumber;
}

/** Adds the offsets of a block to those of the table. */
export function mergeOffsets(into: OffsetSet, from: OffsetSet): void {
  into.rows += from.rows;
  into.duplicates += from.duplicates;
  for (const [pageNumber, page] of from.pages) {
    selectPage(into, pageNumber);
    const target = into.page!;
    for (let index = 0; index < page.length; index += 1) {
      const word = page[index]!;
      if (word === 0) continue;
      into.duplicates += countBits(target[index]! & word);
      target[index] = target[index]! | word;
    }
  }
}

export function reportOffsets(topicPartition: number, set: OffsetSet): OffsetReport {
  const numbers = [...set.pages.keys()].sort((a, b) => a - b);
  const distinct = set.rows - set.duplicates;
  if (!numbers.length)
    return { topicPartition, first: -1, last: -1, rows: 0, distinct, missing: 0, duplicates: 0 };
  const lowest = numbers[0]!;
  const highest = numbers[numbers.length - 1]!;
  const first = lowest * PAGE_BITS + firstBit(set.pages.get(lowest)!);
  const last = highest * PAGE_BITS + lastBit(set.pages.get(highest)!);
  const missing = last - first + 1 - distinct;
  return { topicPartition, first, last, rows: set.rows, distinct, missing, duplicates: set.duplicates };
}

function firstBit(page: Uint32Array): number {
  const index = page.findIndex((word) => word !== 0);
  const word = page[index]!;
  return index * 32 + 31 - Math.clz32(word & -word);
}

function lastBit(page: Uint32Array): number {
  const index = page.findLastIndex((word) => word !== 0);
  return index * 32 + 31 - Math.clz32(page[index]!);
}

function countBits(word: number): number {
  let value = word - ((word >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  return Math.imul((value + (value >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
