import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typeText as emulatorType } from '../../src/emulator/model/types.ts';
import { parseScript } from '../../src/emulator/sql/script.ts';
import { createTableStatement, draftSchema, type TableDraft } from '../../src/mapping/create-table.ts';
import { compile } from './support.ts';

const TABLE: TableDraft = {
  name: 'ods_orders',
  columns: {
    order_id: { type: 'bigint' },
    amount: { type: 'Decimal( 18 , 2 )' },
    select: { type: 'STRING' },
    total: { type: 'DECIMAL' },
  },
  partitions: { dt: {}, hr: { type: 'bigint' } },
};
const TWO_LAYERS = { project: 'demo', schema: null };

const statementOf = (table: TableDraft, place: Parameters<typeof createTableStatement>[1] = TWO_LAYERS) => {
  const made = createTableStatement(table, place);
  if ('problems' in made) throw new Error(made.problems.join('\n'));
  return made;
};

describe('the statement', () => {
  it('names every column and table partition column in order, each in back-quotes', () => {
    expect(statementOf(TABLE)).toEqual({
      statement: `CREATE TABLE IF NOT EXISTS \`demo\`.\`ods_orders\` (
  \`order_id\` BIGINT,
  \`amount\` DECIMAL(18,2),
  \`select\` STRING,
  \`total\` DECIMAL(38,18)
)
PARTITIONED BY (
  \`dt\` STRING,
  \`hr\` BIGINT
);`,
      settings: {},
    });
  });

  it('names the schema of a project with three layers', () => {
    const { statement } = statementOf(TABLE, { project: 'demo', schema: 'sales' });
    expect(statement).toMatch(/^CREATE TABLE IF NOT EXISTS `demo`\.`sales`\.`ods_orders` \(/);
  });

  it('has no table partitions when the configuration has none', () => {
    const { statement } = statementOf({ ...TABLE, partitions: null });
    expect(statement).not.toContain('PARTITIONED');
  });

  it('switches the JSON type on for a table that has it', () => {
    const columns = { a: { type: 'json' }, b: { type: 'STRING' } };
    expect(statementOf({ ...TABLE, columns }).settings).toEqual({ 'odps.sql.type.json.enable': 'true' });
  });

  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,20}$/);
  const type = fc.oneof(
    fc.constantFrom('TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'FLOAT', 'DOUBLE', 'STRING', 'BOOLEAN'),
    fc.constantFrom('DATE', 'DATETIME', 'TIMESTAMP', 'TIMESTAMP_NTZ', 'BINARY', 'JSON'),
    fc.integer({ min: 1, max: 255 }).map((n) => `CHAR(${n})`),
    fc.integer({ min: 1, max: 65_535 }).map((n) => `VARCHAR(${n})`),
    fc.tuple(fc.integer({ min: 18, max: 38 }), fc.nat(18)).map(([p, s]) => `DECIMAL(${p},${s})`),
  );

  it('is read by the local MaxCompute as it was meant, whatever the names', () => {
    const columns = fc.uniqueArray(fc.tuple(name, type), {
      minLength: 1,
      selector: ([word]) => word.toLowerCase(),
    });
    fc.assert(
      fc.property(columns, name, (list, table) => {
        const draft = { name: table, columns: Object.fromEntries(list.map(([n, t]) => [n, { type: t }])) };
        const [statement] = parseScript(statementOf({ ...draft, partitions: null }).statement).statements;
        if (statement?.kind !== 'create_table') throw new Error('no CREATE TABLE');
        expect(statement.name.parts).toEqual(['demo', table]);
        expect(statement.ifPresent).toBe('keep');
        expect(
          statement.table.columns.map((column) => [column.name, emulatorType(column.type), column.nullable]),
        ).toEqual(list.map(([n, t]) => [n.toLowerCase(), t.toLowerCase(), true]));
      }),
    );
  });
});

describe('what is missing or wrong', () => {
  it.each([
    [
      'no columns',
      { columns: null },
      ['table.columns: create: if_missing needs the columns, each with its type'],
    ],
    ['none of them', { columns: {} }, [expect.stringMatching(/^table\.columns: create: if_missing needs/)]],
    [
      'types, all at once',
      {
        columns: {
          a: {},
          b: { type: null },
          c: { type: 'ARRAY<POINT>' },
          hr: { type: 'INT' },
          d: { type: 'INT' },
        },
      },
      [
        expect.stringMatching(/^table\.columns\.a\.type: create: if_missing needs it/),
        expect.stringMatching(/^table\.columns\.b\.type: create: if_missing needs it/),
        expect.stringMatching(/^table\.columns\.c\.type: expected a column type .* received "ARRAY<POINT>"/),
        expect.stringMatching(/^table\.columns\.hr: it is a table partition column/),
      ],
    ],
    [
      'the type of a table partition column',
      { partitions: { dt: { type: 'DATETIME' }, hr: { type: 'FOO' } } },
      [
        expect.stringMatching(/^table\.partitions\.dt\.type: expected STRING/),
        expect.stringMatching(/^table\.partitions\.hr\.type: expected STRING/),
      ],
    ],
  ])('%s', (_, change, problems) => {
    expect(createTableStatement({ ...TABLE, ...change }, TWO_LAYERS)).toEqual({ problems });
  });
});

describe('the schema of a table that is not there yet', () => {
  it('is the one that the created table will have', () => {
    expect(draftSchema(TABLE)).toEqual({
      columns: [
        { name: 'order_id', type: 'BIGINT', nullable: true },
        { name: 'amount', type: 'DECIMAL(18,2)', nullable: true },
        { name: 'select', type: 'STRING', nullable: true },
        { name: 'total', type: 'DECIMAL(38,18)', nullable: true },
      ],
      partitionKeys: [
        { name: 'dt', type: 'STRING' },
        { name: 'hr', type: 'BIGINT' },
      ],
    });
  });
});

describe('a table that is there', () => {
  it('keeps its types: another one in the configuration is a warning', () => {
    const { plan, warnings } = compile({
      columns: { id: 'BIGINT', name: 'STRING' },
      partitionKeys: { dt: 'STRING', hr: 'BIGINT' },
      table: {
        columns: { id: { from: 'id', type: 'INT' }, name: { from: 'name', type: 'string' } },
        partitions: {
          dt: { kind: 'source', from: 'dt', type: 'DATE' },
          hr: { kind: 'source', from: 'hr', type: 'bigint' },
        },
      },
    });
    expect(plan?.columns[0]?.type).toEqual({ name: 'BIGINT' });
    expect(warnings).toEqual([
      'table.columns.id.type: it says INT, the table says BIGINT',
      'table.partitions.dt.type: it says DATE, the table says STRING',
    ]);
  });
});
