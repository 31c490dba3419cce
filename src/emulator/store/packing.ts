import type { ColumnType } from '../model/types.ts';
import type { Change } from './duckdb.ts';
import { identifier, STAGING } from './duckdb-sql.ts';

/**
 * Until a checkpoint packs it, a column of a small table holds a whole vector (16 KB for numbers, of which 4 are left
 * then) that DuckDB cannot write to disk: some hundred results of queries, or tables, would fill its memory for good.
 */
const WORTH_A_LOOK = 2000;
const WORTH_PACKING = 192 * 1024 * 1024;

/** Counts the vectors of what is written and says when to look whether there is something to pack. */
export function createGrowth(look: () => void): (columns: readonly { readonly type: ColumnType }[]) => void {
  let vectors = 0;
  return (columns) => {
    for (const { type } of columns) vectors += vectorsOf(type);
    if (vectors < WORTH_A_LOOK) return;
    vectors = 0;
    look();
  };
}

/** One for each value, list and struct that a value of the type is made of. */
function vectorsOf(type: ColumnType): number {
  if (type.name === 'ARRAY') return 1 + vectorsOf(type.element);
  if (type.name === 'MAP') return 2 + vectorsOf(type.key) + vectorsOf(type.value);
  if (type.name !== 'STRUCT') return 1;
  return type.fields.reduce((sum, field) => sum + vectorsOf(field.type), 1);
}

/** Packs what is in memory when that is much, and answers whether it is; what was packed before costs nothing again. */
export async function pack(change: Change, catalogs: readonly string[]): Promise<boolean> {
  const [[bytes] = []] = await change.rows(
    "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'",
  );
  if (Number(bytes) < WORTH_PACKING) return false;
  // Transactions in between refuse it: then it is for the next look.
  for (const name of [STAGING, ...catalogs])
    await change.run(`CHECKPOINT ${identifier(name)}`).catch(() => {});
  return true;
}
