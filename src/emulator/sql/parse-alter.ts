import type { ColumnType } from '../model/types.ts';
import {
  type Cursor,
  expectWords,
  here,
  inParentheses,
  isSymbol,
  peekWord,
  readColumnName,
  readLiteral,
  readNumber,
  readText,
  takeSymbol,
  takeWords,
  unexpected,
} from './cursor.ts';
import { readAddedColumn, readType } from './parse-columns.ts';
import { LIFECYCLE_DAYS, readClustering } from './parse-create.ts';
import { readFilters } from './parse-filter.ts';
import { readName, readProperties, readSpec, readSpecs } from './parse-names.ts';
import { unsupported } from './statement-errors.ts';
import type { AddedColumn, Alteration, ChangeColumn, Spec, Statement, TableChange } from './statements.ts';

export function readAlter(cursor: Cursor): Statement {
  expectWords(cursor, 'ALTER');
  if (peekWord(cursor) === 'SCHEMA') throw unsupported(here(cursor), 'ALTER SCHEMA');
  if (!takeWords(cursor, 'VIEW')) expectWords(cursor, 'TABLE');
  const name = readName(cursor);
  return { kind: 'alter', name, change: readAlteration(cursor) };
}

function readAlteration(cursor: Cursor): Alteration {
  const start = cursor.at;
  const verb = peekWord(cursor) ?? '';
  const read = VERBS[verb];
  if (!read) throw unexpected(cursor);
  cursor.at += 1;
  const change = read(cursor);
  if (change) return change;
  cursor.at = start + 1;
  throw unexpected(cursor);
}

const VERBS: Record<string, (cursor: Cursor) => Alteration | undefined> = {
  ADD: readAdd,
  DROP: readDropPart,
  CHANGE: (cursor) => {
    takeWords(cursor, 'COLUMN');
    return readChangeColumn(cursor);
  },
  RENAME: (cursor) => {
    if (!takeWords(cursor, 'COLUMN')) {
      expectWords(cursor, 'TO');
      return { do: 'rename', to: readName(cursor) };
    }
    const from = readColumnName(cursor);
    expectWords(cursor, 'TO');
    return { do: 'change_column', from, to: readColumnName(cursor) };
  },
  SET: (cursor) => ({ do: 'set', what: readSet(cursor) }),
  UNSET: (cursor) => {
    expectWords(cursor, 'TBLPROPERTIES');
    const dropProperties: string[] = [];
    inParentheses(cursor, () => dropProperties.push(readLiteral(cursor).toLowerCase()));
    return { do: 'set', what: { dropProperties } };
  },
  ENABLE: (cursor) => readLifecycleSwitch(cursor, true),
  DISABLE: (cursor) => readLifecycleSwitch(cursor, false),
  CHANGEOWNER: (cursor) => {
    expectWords(cursor, 'TO');
    return { do: 'set', what: { owner: readLiteral(cursor) } };
  },
  OWNER: (cursor) => {
    expectWords(cursor, 'TO');
    return { do: 'set', what: { owner: readLiteral(cursor) } };
  },
  TOUCH: (cursor) => ({
    do: 'touch',
    filters: peekWord(cursor) === 'PARTITION' ? readFilters(cursor) : [],
  }),
  CLUSTERED: (cursor) => {
    expectWords(cursor, 'BY');
    return { do: 'set', what: { clustering: readClustering(cursor, 'hash') } };
  },
  RANGE: (cursor) => {
    expectWords(cursor, 'CLUSTERED', 'BY');
    return { do: 'set', what: { clustering: readClustering(cursor, 'range') } };
  },
  NOT: (cursor) => {
    expectWords(cursor, 'CLUSTERED');
    return { do: 'set', what: { clustering: null } };
  },
  PARTITION: readOneTablePartition,
  MERGE: readMerge,
  COMPACT: (cursor) => {
    expectWords(cursor, peekWord(cursor) === 'MINOR' ? 'MINOR' : 'MAJOR');
    return { do: 'nothing' };
  },
  ARCHIVE: () => ({ do: 'nothing' }),
};

function readAdd(cursor: Cursor): Alteration | undefined {
  if (takeWords(cursor, 'COLUMNS') || takeWords(cursor, 'COLUMN')) {
    const ifNotExists = takeWords(cursor, 'IF', 'NOT', 'EXISTS');
    const columns: AddedColumn[] = [];
    const add = () => columns.push(readAddedColumn(cursor));
    if (isSymbol(cursor, '(')) inParentheses(cursor, add);
    else add();
    return { do: 'add_columns', columns, ifNotExists };
  }
  const ifNotExists = takeWords(cursor, 'IF', 'NOT', 'EXISTS');
  return { do: 'add_table_partitions', ifNotExists, specs: readSpecs(cursor) };
}

function readDropPart(cursor: Cursor): Alteration | undefined {
  if (takeWords(cursor, 'COLUMNS') || takeWords(cursor, 'COLUMN')) {
    const names: string[] = [];
    if (isSymbol(cursor, '(')) inParentheses(cursor, () => names.push(readColumnName(cursor)));
    else
      do names.push(readColumnName(cursor));
      while (takeSymbol(cursor, ','));
    return { do: 'drop_columns', names };
  }
  const ifExists = takeWords(cursor, 'IF', 'EXISTS');
  const filters = readFilters(cursor);
  takeWords(cursor, 'PURGE');
  return { do: 'drop_table_partitions', ifExists, filters };
}

/** `c RENAME TO d`, `c COMMENT 'x'`, `c [NOT] NULL` or `c d TYPE [COMMENT 'x'] [FIRST | AFTER e]`. */
function readChangeColumn(cursor: Cursor): ChangeColumn {
  const from = readColumnName(cursor);
  if (takeWords(cursor, 'RENAME', 'TO')) return { do: 'change_column', from, to: readColumnName(cursor) };
  const ends = ['COMMENT', 'NULL', 'NOT', 'FIRST', 'AFTER'].includes(peekWord(cursor) ?? '');
  const renamed = ends ? {} : { to: readColumnName(cursor), type: readType(cursor) };
  const change = readColumnClauses(cursor, { do: 'change_column', from, ...renamed });
  if (Object.keys(change).length === 2) throw unexpected(cursor);
  return change;
}

interface ColumnClauses extends ChangeColumn {
  readonly type?: ColumnType;
}

function readColumnClauses(cursor: Cursor, change: ColumnClauses): ChangeColumn {
  if (takeWords(cursor, 'COMMENT'))
    return readColumnClauses(cursor, { ...change, comment: readText(cursor) });
  if (takeWords(cursor, 'NOT', 'NULL')) return readColumnClauses(cursor, { ...change, nullable: false });
  if (takeWords(cursor, 'NULL')) return readColumnClauses(cursor, { ...change, nullable: true });
  if (takeWords(cursor, 'FIRST')) return readColumnClauses(cursor, { ...change, after: null });
  if (takeWords(cursor, 'AFTER'))
    return readColumnClauses(cursor, { ...change, after: readColumnName(cursor) });
  return change;
}

function readSet(cursor: Cursor): TableChange {
  if (takeWords(cursor, 'COMMENT')) return { comment: readText(cursor) };
  if (takeWords(cursor, 'LIFECYCLE')) return { lifecycle: readNumber(cursor, 1, LIFECYCLE_DAYS) };
  expectWords(cursor, 'TBLPROPERTIES');
  return { properties: readProperties(cursor) };
}

function readLifecycleSwitch(cursor: Cursor, enabled: boolean, of?: Spec): Alteration {
  expectWords(cursor, 'LIFECYCLE');
  return { do: 'enable_lifecycle', enabled, ...(of ? { of } : {}) };
}

/** `PARTITION (...)` first: renamed, or its lifecycle switched. */
function readOneTablePartition(cursor: Cursor): Alteration {
  cursor.at -= 1;
  const from = readSpec(cursor);
  if (takeWords(cursor, 'RENAME')) {
    expectWords(cursor, 'TO');
    return { do: 'rename_table_partition', from, to: readSpec(cursor) };
  }
  if (takeWords(cursor, 'MERGE', 'SMALLFILES') || takeWords(cursor, 'COMPACT', 'MAJOR'))
    return { do: 'nothing' };
  if (takeWords(cursor, 'COMPACT', 'MINOR') || takeWords(cursor, 'ARCHIVE')) return { do: 'nothing' };
  const enabled = takeWords(cursor, 'ENABLE');
  if (!enabled) expectWords(cursor, 'DISABLE');
  return readLifecycleSwitch(cursor, enabled, from);
}

/** `MERGE SMALLFILES`, or `MERGE [IF EXISTS] PARTITION (...), ... OVERWRITE PARTITION (...) [PURGE]`. */
function readMerge(cursor: Cursor): Alteration {
  if (takeWords(cursor, 'SMALLFILES')) return { do: 'nothing' };
  const ifExists = takeWords(cursor, 'IF', 'EXISTS');
  const from = readFilters(cursor);
  expectWords(cursor, 'OVERWRITE');
  const to = readSpec(cursor);
  takeWords(cursor, 'PURGE');
  return { do: 'merge_table_partitions', ifExists, from, to };
}
