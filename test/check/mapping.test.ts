import { describe, expect, it } from 'vitest';
import { checkMapping } from '../../src/check/mapping.ts';
import { parse, SMALLEST } from '../config/support.ts';

const column = (name: string, type: string, nullable = true) => ({ name, type, nullable });
const configOf = (table: string) => parse(`${SMALLEST}${table}`);

describe('the mapping', () => {
  it('is a table of columns, with what each one loses', () => {
    const config = configOf('  columns: {id: id, at: at}\n  partitions: {dt: {time: at, format: yyyyMMdd}}');
    const { section, plan } = checkMapping(config, {
      columns: [column('id', 'bigint', false), column('at', 'datetime'), column('note', 'string')],
      partitionKeys: [{ name: 'dt', type: 'string' }],
    });
    expect(plan).not.toBeNull();
    expect(section.items).toEqual([
      expect.objectContaining({
        status: 'warn',
        evidence: '3 of 4 columns have a source; these stay NULL: note',
      }),
    ]);
    const [exhibit] = section.exhibits!;
    const rows = exhibit?.kind === 'table' ? exhibit.rows : [];
    expect(rows.map(([name, type, source, , loses]) => [name, type, source, loses])).toEqual([
      ['id', 'BIGINT NOT NULL', 'id', ''],
      ['at', 'DATETIME', 'at', 'digits below a millisecond are dirty unless round'],
      ['note', 'STRING', '-', ''],
      ['dt', 'STRING (table partition)', 'at', ''],
    ]);
  });

  it('has an item for every mismatch', () => {
    const config = configOf('  columns: {ghost: g, other: o}');
    const { section, plan } = checkMapping(config, {
      columns: [column('id', 'bigint', false)],
      partitionKeys: [{ name: 'dt', type: 'string' }],
    });
    expect(plan).toBeNull();
    const texts = section.items.map(({ status, code, evidence }) => `${status} ${code} ${evidence}`);
    expect(texts).toHaveLength(4);
    for (const word of ['ghost', 'other', 'id', 'dt'])
      expect(
        texts.filter((text) => text.startsWith('fail mapping_mismatch') && text.includes(word)),
      ).not.toEqual([]);
  });

  it('warns of options without effect', () => {
    const config = configOf('  columns: {id: {from: id, type: STRING}}');
    const { section } = checkMapping(config, { columns: [column('id', 'bigint')], partitionKeys: [] });
    expect(section.items.map(({ status }) => status)).toEqual(['ok', 'warn']);
    expect(section.items[1]!.evidence).toContain('it says STRING, the table says BIGINT');
  });

  it('is not checked without a table', () => {
    expect(checkMapping(configOf(''), null).section.items[0]!.status).toBe('not_checked');
  });
});
