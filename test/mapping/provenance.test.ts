import { describe, expect, it } from 'vitest';
import { provenanceColumns } from '../../src/mapping/provenance.ts';
import { planOf, type SchemaText } from './support.ts';

const FROM = { p: '__partition__', o: '__offset__', t: '__topic__' } as const;
/** Columns whose first letter says where they come from. */
const found = (columns: SchemaText, severalTopics = false) => {
  const sources = Object.keys(columns).map((name) => [
    name,
    { from: FROM[name[0] as keyof typeof FROM] ?? 'f' },
  ]);
  return provenanceColumns(
    planOf({ columns, table: { columns: Object.fromEntries(sources) } }),
    severalTopics,
  );
};

describe('columns that say which record a row was', () => {
  it.each(['TINYINT', 'SMALLINT', 'INT', 'BIGINT', 'DECIMAL(20,0)', 'DECIMAL'])('are exact as %s', (type) => {
    expect(found({ p: type, o: type })).toEqual({
      topic: null,
      partition: { name: 'p', isText: false },
      offset: { name: 'o', isText: false },
    });
  });

  it.each(['STRING', 'VARCHAR(20)'])('are exact as %s, compared as numbers', (type) => {
    expect(found({ p: type, o: type })).toMatchObject({
      partition: { isText: true },
      offset: { isText: true },
    });
  });

  it('take the topic along when it is there, and need it when several topics are read', () => {
    const columns = { p: 'INT', o: 'BIGINT', t: 'STRING' };
    const topic = { name: 't', isText: true };
    expect(found(columns)).toMatchObject({ topic });
    expect(found(columns, true)).toMatchObject({ topic });
    expect(found({ p: 'INT', o: 'BIGINT' }, true)).toEqual({
      lacks: ['no column is mapped straight from __topic__'],
    });
    expect(found({ p: 'INT', o: 'BIGINT', t: 'CHAR(20)' })).toMatchObject({ topic: null });
  });

  it('say which row of its record it was, where a record may have several', () => {
    const of = (columns: SchemaText, from: Record<string, { from: string }>) =>
      provenanceColumns(planOf({ columns, table: { columns: from }, envelope: 'canal' }), false);
    const columns = { p: 'INT', o: 'BIGINT', n: 'BIGINT' };
    const from = { p: { from: '__partition__' }, o: { from: '__offset__' } };
    expect(of(columns, { ...from, n: { from: '__row__' } })).toMatchObject({
      row: { name: 'n', isText: false },
    });
    expect(of(columns, { ...from, n: { from: 'n' } })).toMatchObject({ row: null });
    expect(of(columns, { ...from, n: { from: '__topic__' } })).not.toHaveProperty('row');
  });

  it('are no fields of the value that have the same names', () => {
    const plan = planOf({
      columns: { p: 'INT', o: 'BIGINT', t: 'STRING' },
      table: { columns: { p: { from: 'partition' }, o: { from: 'offset' }, t: { from: 'topic.name' } } },
    });
    expect(provenanceColumns(plan, true)).toEqual({
      lacks: ['topic', 'partition', 'offset'].map((name) => `no column is mapped straight from __${name}__`),
    });
  });

  it('are not those that are masked or hashed', () => {
    const plan = planOf({
      columns: { p: 'INT', o: 'STRING' },
      table: { columns: { p: { from: FROM.p }, o: { from: FROM.o, hash: { algorithm: 'md5' } } } },
    });
    expect(provenanceColumns(plan, false)).toEqual({
      lacks: ['no column is mapped straight from __offset__'],
    });
  });

  it('may be table partition columns', () => {
    const plan = planOf({
      columns: { o: 'BIGINT' },
      partitionKeys: { kp: 'BIGINT', topic: 'STRING' },
      table: {
        columns: { o: { from: '__offset__' } },
        partitions: {
          kp: { kind: 'source', from: '__partition__' },
          topic: { kind: 'source', from: '__topic__' },
        },
      },
    });
    expect(provenanceColumns(plan, true)).toEqual({
      topic: { name: 'topic', isText: true },
      partition: { name: 'kp', isText: false },
      offset: { name: 'o', isText: false },
    });
  });

  it('are named when they are missing, or of a type that may not hold every value', () => {
    expect(found({ f: 'STRING' })).toEqual({
      lacks: [
        'no column is mapped straight from __partition__',
        'no column is mapped straight from __offset__',
      ],
    });
    expect(found({ p: 'BOOLEAN', o: 'DOUBLE', o2: 'CHAR(20)', t: 'BINARY' }, true)).toEqual({
      lacks: [
        '__topic__ is counted by STRING or VARCHAR: t is BINARY',
        '__partition__ is counted by whole numbers, DECIMAL, STRING or VARCHAR: p is BOOLEAN',
        '__offset__ is counted by whole numbers, DECIMAL, STRING or VARCHAR: o is DOUBLE, o2 is CHAR(20)',
      ],
    });
    expect(found({ p: 'INT', o: 'FLOAT', o2: 'BIGINT' })).toMatchObject({ offset: { name: 'o2' } });
  });
});
