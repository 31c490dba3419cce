/** DuckDB reads so many rows at once. */
const VECTOR_ROWS = 2048;

/** The most bytes of as many rows, one behind the other, as DuckDB reads at once; of whole row groups. */
export interface Density {
  add(rows: number, bytes: number): void;
  most(): number;
}

export function createDensity(): Density {
  /** Row groups that may be read together with the next one. */
  const near: { readonly rows: number; readonly bytes: number }[] = [];
  let [rows, bytes, most] = [0, 0, 0];
  return {
    most: () => most,
    add: (addedRows, addedBytes) => {
      near.push({ rows: addedRows, bytes: addedBytes });
      rows += addedRows;
      bytes += addedBytes;
      most = Math.max(most, bytes);
      for (let first = near[0]!; rows - first.rows >= VECTOR_ROWS; first = near[0]!) {
        rows -= first.rows;
        bytes -= first.bytes;
        near.shift();
      }
    },
  };
}
