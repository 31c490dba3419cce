import { malformed } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import type { Database } from './database.ts';
import type { Change } from './duckdb.ts';
import { literal, STAGING, storage, where } from './duckdb-sql.ts';
import type { Figures } from './figures.ts';
import { saveAdded, saveCleared, saveSession } from './own-tables.ts';
import type { Queries } from './queries.ts';
import type { Snapshots } from './snapshots.ts';
import { dropBlocks, sourceOf } from './staging.ts';
import type { CommitPlan, StagedBlock, Store, UpsertPlan } from './store.ts';
import { matches, nullKeyTest, nullTests, upsertStatements } from './upserts.ts';

/** What changes of rows need. */
export interface Parts {
  readonly database: Database;
  readonly queries: Queries;
  readonly snapshots: Snapshots;
  readonly figures: Figures;
  readonly now: () => number;
}

/** Rows that come and go: each change is one transaction, with its session and its figures. */
export function createChanges({
  database,
  snapshots,
  figures,
  now,
}: Parts): Pick<Store, 'commit' | 'discard' | 'upsert'> {
  let lastUpsert = 0;

  async function commit({ table, values, blocks, overwrite, session }: CommitPlan): Promise<void> {
    const constants = values.map((value) => `, ${literal(value)}`).join('');
    const sources = groupsOf(blocks).map(sourceOf);
    const added = { rows: total(blocks, 'rows'), bytes: total(blocks, 'bytes') };
    await database.exclusive(async (change) => {
      figures.checkKnown({ table, values });
      const at = now();
      if (overwrite) await snapshots.keep(change, table, values);
      await change.run(
        ...(overwrite ? removeRows(table, values, at) : []),
        ...sources.map((source) => `INSERT INTO ${storage(table)} SELECT *${constants} FROM ${source}`),
        saveAdded(table, values, added, at),
        ...(session ? [saveSession(session)] : []),
      );
      database.grown(table.columns);
      if (overwrite) figures.clear(table, values, at);
      figures.add(table, values, added, at);
    });
    await dropBlocks(blocks);
  }

  async function upsert(plan: UpsertPlan): Promise<{ rows: number }> {
    const { table, values, packs } = plan;
    lastUpsert += 1;
    const changes = `upsert_${lastUpsert}`;
    const bytes = total(packs, 'bytes');
    const { rows } = await database.exclusive(async (change) => {
      figures.checkKnown({ table, values });
      for (const pack of packs)
        if ((await change.rows(nullKeyTest(table, pack))).length) throw malformed('a key column is NULL');
      try {
        if (packs.length) await snapshots.keep(change, table, values);
        return await applyUpsert(change, plan, changes, bytes);
      } finally {
        for (const name of ['_operations', '', '_rows'])
          await change.run(`DROP TABLE IF EXISTS ${STAGING}.${changes}${name}`);
      }
    });
    await dropBlocks(packs);
    return { rows };
  }

  async function applyUpsert(
    change: Change,
    plan: UpsertPlan,
    changes: string,
    bytes: number,
  ): Promise<{ rows: number; bytes: number }> {
    const { table, values, packs, session } = plan;
    const holder = figures.holder(table, values);
    if (!packs.length) {
      await change.run(saveSession(session));
      return holder;
    }
    const { stage, apply } = upsertStatements(plan, changes);
    for (const statement of stage) await change.run(statement);
    const counts = await change.rows(
      `SELECT (SELECT count(*) FROM ${STAGING}.${changes}_rows), (SELECT count(*) FROM ${STAGING}.${changes} d SEMI JOIN (FROM ${storage(table)}${where(table, values)}) t ON ${matches(table)})`,
    );
    await checkRequired(change, table, `${STAGING}.${changes}_rows`);
    const [written = 0, replaced = 0] = (counts[0] ?? []).map(Number);
    const rows = holder.rows - replaced + written;
    // A replaced row is taken for one of the table partition's average size.
    const after = {
      rows,
      bytes: Math.round(((holder.bytes + bytes) * rows) / Math.max(1, holder.rows + total(packs, 'rows'))),
    };
    const at = now();
    await change.run(
      ...apply,
      ...saveCleared(table, values, undefined),
      saveAdded(table, values, after, at),
      saveSession(session),
    );
    database.grown(table.columns);
    figures.set(table, values, after, at);
    return after;
  }

  return { commit, discard: dropBlocks, upsert };
}

/** A partial update of a key that is not there leaves the other columns of its row NULL. */
async function checkRequired(change: Change, table: Table, source: string): Promise<void> {
  const tests = nullTests(table);
  if (!tests.length) return;
  const [counts = []] = await change.rows(
    `SELECT ${tests.map(({ count }) => count).join(', ')} FROM ${source}`,
  );
  const found = tests.find((_test, at) => Number(counts[at]) > 0);
  if (found) throw malformed(`column ${found.name} is NULL in a row of the upsert, which it must not be`);
}

/** Blocks with rows, so many at a time that a statement stays small. */
function groupsOf(blocks: readonly StagedBlock[]): StagedBlock[][] {
  const full = blocks.filter((block) => block.rows > 0);
  const count = Math.ceil(full.length / 256);
  return Array.from({ length: count }, (_none, index) => full.slice(index * 256, (index + 1) * 256));
}

const total = (blocks: readonly StagedBlock[], figure: 'rows' | 'bytes'): number =>
  blocks.reduce((sum, block) => sum + block[figure], 0);

export function removeRows(
  table: Table,
  values: readonly string[] | undefined,
  now: number,
): readonly string[] {
  return [`DELETE FROM ${storage(table)}${where(table, values)}`, ...saveCleared(table, values, now)];
}
