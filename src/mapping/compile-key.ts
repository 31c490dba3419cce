import type { CompileInput, Findings } from './compile.ts';
import { findSource, type Slots } from './slots.ts';

/** Slots of the key of `table.deduplicate`; null: rows are not compared. */
export function compileKey(
  { table, decode }: CompileInput,
  slots: Slots,
  { problems }: Findings,
): readonly number[] | null {
  if (!table.deduplicate) return null;
  return table.deduplicate.key.flatMap((text) => {
    const source = findSource(text, decode);
    if (!('problem' in source)) return slots.add(source);
    problems.push(`table.deduplicate.key: ${source.problem}`);
    return [];
  });
}
