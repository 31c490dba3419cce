/** Bytes of rows that are read at once, about: what a reader holds while its client takes them. */
const AT_ONCE = 2 * 1024 * 1024;
/** Up to so many rows are looked for first and then read alone; of more, whole vectors of 2,048 rows are read. */
const FEW = 1024;
/** Nothing is known of the first ones: each time so many more are tried. */
const FIRST = 2;
const GROWTH = 16;
/** Of a vector, beyond which it is given up again. */
const VECTOR = 4 * AT_ONCE;

/** Rows that were read, and what their values hold. */
export interface Taken {
  readonly rows: number;
  readonly bytes: number;
}

/** How many rows of a table are read next, by the size of those before. */
export interface Pace {
  /** Undefined: all that are left, vector by vector. */
  next(): number | undefined;
  took(taken: Taken): void;
  /** Whether a vector of so many rows, the first of which are these, is too large to be held; then rows are looked for. */
  isTooLarge(taken: Taken, vectorRows: number): boolean;
  /** Fewer, because memory ended; false: it was said before. */
  less(): boolean;
}

export function createPace(): Pace {
  let rows = FIRST;
  let most = Number.POSITIVE_INFINITY;
  let lessened = false;

  const fits = (taken: Taken) => Math.floor(AT_ONCE / Math.max(1, taken.bytes / Math.max(1, taken.rows)));
  const set = (wanted: number) => {
    rows = Math.max(1, Math.min(wanted, most));
  };

  function less(): boolean {
    if (lessened) return false;
    lessened = true;
    most = FEW;
    set(Math.floor(Math.min(rows, FEW) / GROWTH));
    return true;
  }

  return {
    next: () => (rows > FEW ? undefined : rows),
    took: (taken) => set(Math.min(rows * GROWTH, fits(taken))),
    isTooLarge: (taken, vectorRows) => {
      if ((taken.bytes / Math.max(1, taken.rows)) * vectorRows <= VECTOR) return false;
      most = FEW;
      set(fits(taken));
      return true;
    },
    less,
  };
}
