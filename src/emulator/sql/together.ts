import { insertPlans, type Plan, writePlans } from './insert.ts';
import { rewritePlan } from './rewrite.ts';
import type { Run } from './run.ts';
import type { Outcome } from './run-query.ts';
import type { Script } from './script.ts';
import { semantic, unsupported } from './statement-errors.ts';
import type { Insert, Rewrite, Statement } from './statements.ts';

/**
 * Script mode: one job for all statements. PyODPS and Java ask for it by this setting; the other one takes it back to
 * one statement after the other.
 */
export const isTogether = (settings: ReadonlyMap<string, string> | undefined): boolean =>
  settings?.get('odps.sql.submit.mode')?.toLowerCase() === 'script' &&
  settings.get('odps.sql.step.script.mode')?.toLowerCase() !== 'true';

type Writing = Insert | Rewrite | Extract<Statement, { kind: 'multi_insert' }>;

const WRITING: ReadonlySet<Statement['kind']> = new Set([
  'insert',
  'multi_insert',
  'update',
  'delete',
  'merge',
] satisfies Writing['kind'][]);

/** DML: what makes plans. */
export const isWriting = (statement: Statement): statement is Writing => WRITING.has(statement.kind);

export async function plansOf(run: Run, statement: Writing): Promise<readonly Plan[]> {
  switch (statement.kind) {
    case 'insert':
      return insertPlans(run, [statement]);
    case 'multi_insert':
      return insertPlans(run, statement.inserts);
    default:
      return [rewritePlan(run, statement)];
  }
}

/** What a statement of a script is: DDL stands before everything else. */
type Part = 'definition' | 'table of a query' | 'shown query' | 'writing' | 'variable' | 'display';

function partOf(statement: Statement): Part {
  if (isWriting(statement)) return 'writing';
  switch (statement.kind) {
    case 'query':
      return 'shown query';
    case 'assign':
      return 'variable';
    case 'create_table':
      return statement.as ? 'table of a query' : 'definition';
    default:
      return /^(show|describe|explain)/.test(statement.kind) ? 'display' : 'definition';
  }
}

/**
 * Executes a script in one job: its queries see the tables as they were before it, and all that it writes is written
 * in one transaction at its end, or nothing. Definitions have their effect at once.
 */
export async function writeTogether(
  run: Run,
  { statements, starts }: Script,
  execute: (statement: Statement) => Promise<Outcome>,
): Promise<Outcome> {
  const parts = statements.map(partOf);
  for (const [index, part] of parts.entries()) checkPlace(parts, index, part, starts[index]!);
  let shown: Outcome = { format: 'text', text: '' };
  try {
    const plans: Plan[] = [];
    for (const [index, statement] of statements.entries()) {
      if (isWriting(statement)) {
        const more = await plansOf(run, statement);
        checkTaken(run, more, starts[index]!);
        for (const { table } of more) run.taken.add(table.id);
        plans.push(...more);
      } else {
        const outcome = await execute(statement);
        if (parts[index] === 'shown query') shown = outcome;
      }
    }
    if (plans.length) await writePlans(run, plans);
    return shown;
  } catch (error) {
    await shown.rows?.release();
    throw error;
  }
}

function checkPlace(parts: readonly Part[], index: number, part: Part, at: string): void {
  const before = parts.slice(0, index);
  if (part === 'display') throw semantic(at, 'SHOW, DESC and EXPLAIN cannot stand in a script');
  if (part === 'shown query' && before.includes('shown query'))
    throw semantic(at, 'a script can show the rows of one query only');
  if (part === 'definition' && before.some((each) => each !== 'definition'))
    throw semantic(at, 'DDL of a script must stand before its queries and DML');
  if (part !== 'table of a query') return;
  if (index < parts.length - 1) throw semantic(at, 'CREATE TABLE AS must be the last statement of a script');
  if (before.includes('writing')) throw unsupported(at, 'CREATE TABLE AS behind DML in one script');
}

/** A statement that keeps rows of its table reads them: those of a statement before it are not there yet. */
function checkTaken(run: Run, plans: readonly Plan[], at: string): void {
  const twice = plans.find(({ rewrites, table }) => rewrites && run.taken.has(table.id));
  if (twice) throw semantic(at, `table ${twice.table.name} is read after this script wrote it`);
}
