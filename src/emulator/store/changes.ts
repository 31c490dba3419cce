import { malformed } from '../errors.ts';
import type { Table } from '../model/catalog.ts';
import type { Database } from './database.ts';
import type { Change } from './duckdb.ts';
import { literal, STAGING, whereAny } from './duckdb-sql.ts';
import type { Figures } from './figures.ts';
import { forgetFigures, saveAdded, saveCleared, saveSession } from './own-tables.ts';
import { type Placed, type Portions, union } from './portions.ts';
import type { Queries } from './queries.ts';
import type { Snapshots } from './snapshots.ts';
import { dropBlocks, filesOf, type StagedFile, sourceOf } from './staging.ts';
import type { CommitPlan, StagedBlock, Store, UpsertPlan } from './store.ts';
import { matches, nullKeyTest, nullTests, upsertStatements } from './upserts.ts';
import { createView, selectVisible } from './visible.ts';

/** What changes of rows need. */
export interface Parts {
  readonly database: Database;
  readonly queries: Queries;
  readonly snapshots: Snapshots;
  readonly figures: Figures;
  readonly portions: Portions;
}

/** Rows that come and go: each change is one transaction, with its session and its figures. */
export function createChanges(parts: Parts): Pick<Store, 'commit' | 'discard' | 'upsert'> {
  const { database, snapshots, figures, portions } = parts;
  let lastUpsert = 0;

  async function commit({ table, values, blocks, overwrite, session }: CommitPlan): Promise<void> {
    const constants = values.map((value) => `, ${literal(value)}`).join('');
    const files = filesOf(blocks).filter(({ rows }) => rows > 0);
    const added = { rows: total(blocks, 'rows'), bytes: total(blocks, 'bytes') };
    await database.exclusive(async (change) => {
      figures.checkKnown({ table, values });
      const at = figures.timeOf(table);
      if (overwrite) await snapshots.keep(change, table, [values]);
      const placed = portions.place(table, files);
      await change.run(
        ...(overwrite
          ? [...removeRows(portions.of(table), table, [values]), ...saveCleared(table, [values], at)]
          : []),
        ...placed.statements,
        ...groupsOf(files, placed.into).map(
          ([into, group]) => `INSERT INTO ${into} SELECT *${constants} FROM ${sourceOf(group)}`,
        ),
        ...viewOf(figures.newest(table), placed),
        saveAdded(table, values, added, at),
        ...(session ? [saveSession(session)] : []),
      );
      database.grown(table.columns);
      placed.done();
      if (overwrite) figures.clear(table, values, at);
      figures.add(table, values, added, at);
      if (overwrite) await dropEmpty(parts, change, table);
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
        if (packs.length) await snapshots.keep(change, table, [values]);
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
    const { stage, removal, rows: source } = upsertStatements(plan, changes, portions);
    for (const statement of stage) await change.run(statement);
    const counts = await change.rows(
      `SELECT (SELECT count(*) FROM ${STAGING}.${changes}_rows), (SELECT count(*) FROM ${STAGING}.${changes} d SEMI JOIN (FROM ${portions.from(table, values)}) t ON ${matches(table)})`,
    );
    await checkRequired(change, table, `${STAGING}.${changes}_rows`);
    const [written = 0, replaced = 0] = (counts[0] ?? []).map(Number);
    const rows = holder.rows - replaced + written;
    // A replaced row is taken for one of the table partition's average size.
    const after = {
      rows,
      bytes: Math.round(((holder.bytes + bytes) * rows) / Math.max(1, holder.rows + total(packs, 'rows'))),
    };
    const at = figures.timeOf(table);
    // Of merged rows only the sum is known: they stay together where it is small.
    const placed = portions.place(table, [{ rows: written, densest: total(packs, 'bytes') }]);
    await change.run(
      ...removal,
      ...placed.statements,
      `INSERT INTO ${placed.into[0]} FROM ${source}`,
      ...viewOf(figures.newest(table), placed),
      forgetFigures(table, [values]),
      saveAdded(table, values, after, at),
      saveSession(session),
    );
    database.grown(table.columns);
    placed.done();
    figures.set(table, values, after, at);
    await dropEmpty(parts, change, table);
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

/** Files that go to one place, so many at a time that a statement stays small. */
function groupsOf(
  files: readonly StagedFile[],
  into: readonly string[],
): (readonly [into: string, files: readonly StagedFile[]])[] {
  const groups: [string, StagedFile[]][] = [];
  for (const [at, file] of files.entries()) {
    const last = groups.at(-1);
    if (last && last[0] === into[at] && last[1].length < 256) last[1].push(file);
    else groups.push([into[at]!, [file]]);
  }
  return groups;
}

const total = (blocks: readonly StagedBlock[], figure: 'rows' | 'bytes'): number =>
  blocks.reduce((sum, block) => sum + block[figure], 0);

/** From the portions of a table, those of some table partitions or all; their figures are not in it. */
export const removeRows = (
  names: readonly string[],
  table: Table,
  each: readonly (readonly string[])[] | undefined,
): readonly string[] => names.map((name) => `DELETE FROM ${name}${whereAny(table, each)}`);

/** What queries see of a table that has more portions now. */
export const viewOf = (table: Table, { from }: Placed): readonly string[] =>
  from === undefined ? [] : [createView(table, selectVisible(table, from))];

/** Drops the portions of a table that its last change left without rows. */
export async function dropEmpty(
  { portions, snapshots, figures }: Pick<Parts, 'portions' | 'snapshots' | 'figures'>,
  change: Change,
  table: Table,
): Promise<void> {
  const empty = await portions.empty(change, table);
  if (!empty.length) return;
  const current = figures.newest(table);
  const left = portions.of(table).filter((name) => !empty.includes(name));
  const view = createView(current, selectVisible(current, union(left)));
  await change.run(view, ...empty.map((name) => `DROP TABLE ${name}`));
  portions.dropped(table, empty);
  snapshots.follow(table);
}
