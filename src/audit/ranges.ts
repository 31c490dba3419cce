/** Arithmetic of offset ranges [first, end). Lists are ascending and their ranges neither touch nor overlap. Pure. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** Any ranges as a list: sorted, joined where they touch or overlap, empty ones left out. */
export function joined(ranges: readonly Range[]): Range[] {
  const list: { first: number; end: number }[] = [];
  for (const { first, end } of [...ranges].sort((a, b) => a.first - b.first)) {
    const last = list.at(-1);
    if (end <= first) continue;
    if (last && first <= last.end) last.end = Math.max(last.end, end);
    else list.push({ first, end });
  }
  return list;
}

/** Any offsets as a list of ranges. */
export function rangesOf(offsets: Iterable<number>): Range[] {
  const list: { first: number; end: number }[] = [];
  for (const offset of Float64Array.from(offsets).sort()) {
    const last = list.at(-1);
    if (last && offset <= last.end) last.end = Math.max(last.end, offset + 1);
    else list.push({ first: offset, end: offset + 1 });
  }
  return list;
}

/** What is in both lists. */
export function common(a: readonly Range[], b: readonly Range[]): Range[] {
  const list: Range[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [one, other] = [a[i]!, b[j]!];
    const [first, end] = [Math.max(one.first, other.first), Math.min(one.end, other.end)];
    if (first < end) list.push({ first, end });
    if (one.end <= other.end) i += 1;
    else j += 1;
  }
  return list;
}

/** What is in `a` and not in `b`. */
export function without(a: readonly Range[], b: readonly Range[]): Range[] {
  const list: Range[] = [];
  let j = 0;
  for (const { first, end } of a) {
    let at = first;
    while (j < b.length && b[j]!.end <= at) j += 1;
    for (let k = j; k < b.length && b[k]!.first < end; k += 1) {
      if (b[k]!.first > at) list.push({ first: at, end: b[k]!.first });
      at = Math.max(at, b[k]!.end);
    }
    if (at < end) list.push({ first: at, end });
  }
  return list;
}

/** Offsets in the ranges. */
export const total = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { first, end }) => sum + end - first, 0);

/** `12`, `12-20`: the last offset is the last one of the range. */
export const rangeText = ({ first, end }: Range): string =>
  end - first === 1 ? `${first}` : `${first}-${end - 1}`;
