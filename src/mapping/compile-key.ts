import type { CompileInput, Findings } from './compile.ts';
import { findExpression } from './expr/inputs.ts';
import { findSource, type Slots } from './slots.ts';

/** Slots of the key of `table.deduplicate`; null: rows are not compared. */
export function compileKey(
  { table, decode }: CompileInput,
  slots: Slots,
  { problems }: Findings,
): readonly number[] | null {
  if (!table.deduplicate) return null;
  return table.deduplicate.key.flatMap((part) => {
    const source = typeof part === 'string' ? findSource(part, decode) : findExpression(part.expr, decode);
    if (!('problem' in source)) return slots.add(source);
    problems.push(`table.deduplicate.key: ${source.problem}`);
    return [];
  });
}
