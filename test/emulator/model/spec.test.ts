import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newTable, type Table } from '../../../src/emulator/model/catalog.ts';
import { parseSpec, quotedSpec, specText, specValues } from '../../../src/emulator/model/spec.ts';
import { inOrder, newTablePartition, TablePartitions } from '../../../src/emulator/model/table-partitions.ts';
import { column } from '../store/support.ts';

const NAMES = ['pt', 'h', 'z'];
const table: Table = newTable(
  { schema: 'default', name: 't' },
  {
    ...{ columns: [], tablePartitionColumns: NAMES.map((name) => column(name, 'STRING')), comment: '' },
    ...{ lifecycle: -1, primaryKey: [], properties: {} },
  },
  0,
  'id',
);

/** Values made of what separates, quotes and names. */
const hostile = fc
  .array(
    fc.constantFrom('a', '1', ',', '=', "'", '"', '/', '%', '\\', ' ', '[', 'pt=', ',h=', "',z='", '","'),
    {
      ...{ minLength: 1, maxLength: 6 },
    },
  )
  .map((parts) => parts.join(''));
const values = fc.tuple(hostile, hostile, hostile);
const read = (text: string): string[] | undefined => {
  try {
    return specValues(table, parseSpec(text));
  } catch (error) {
    expect(error).toMatchObject({ status: 400, code: 'InvalidPartitionSpec' });
    return undefined;
  }
};

describe('the name of a table partition', () => {
  it('as services write it is read as its own values or refused, never as others', () => {
    const isNeverAnother = fc.property(values, (own) => {
      expect([own, undefined]).toContainEqual(read(quotedSpec(table, own)));
    });
    fc.assert(isNeverAnother, { numRuns: 10_000, examples: [[["a',h=", 'a', 'a']]] });
  });

  it('for people is another one for other values', () => {
    const isOwn = fc.property(values, values, (a, b) => {
      expect(specText(table, a) === specText(table, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
    });
    fc.assert(isOwn, { numRuns: 3000 });
    expect(specText(table, ['20240101', 'a b', 'a/b'])).toBe('pt=20240101,h=a b,z=a/b');
    expect(specText(table, ['a,h=1', '"', ' '])).toBe('pt="a,h=1",h="\\"",z=" "');
  });

  it.each([
    ['pt=a,h=1,z=2', ['a', '1', '2']],
    ['PT=\'a\', h = "1" ,z=2', ['a', '1', '2']],
    ["z='2',pt='a,h=1',h='it's'", ['a,h=1', "it's", '2']],
    ["pt='a,b',h='x=y',z=''''", ['a,b', 'x=y', "''"]],
    ['pt=x=y,h= 1,z=100%', ['x=y', ' 1', '100%']],
  ])('%s is read', (text, wanted) => expect(read(text)).toEqual(wanted));

  it.each([
    ...['', 'pt', 'pt=a,', ',pt=a', '=a', 'pt=a,b,h=1,z=2', 'pt=a,pt=b,h=1,z=2', "pt='a,h=1,z=2"],
    ...['pt=\'a",h=1,z=2', "pt='a'b,h=1,z=2", 'pt=a,h=1', 'pt=,h=1,z=2', 'pt=a,h=1,z=2,y=3'],
  ])('%s is refused', (text) => expect(read(text)).toBeUndefined());

  it('of a megabyte is read at once', () => {
    for (const part of ["'", '"', ' ', ',', '=', "',a", "' "])
      expect(read(`pt='${part.repeat(300_000)}`)).toBeUndefined();
  });
});

describe('table partitions', () => {
  it('are found by their values, whatever those hold', () => {
    fc.assert(
      fc.property(fc.uniqueArray(values, { selector: (one) => JSON.stringify(one) }), (all) => {
        const known = new TablePartitions();
        for (const one of all) known.add(newTablePartition(one, 0));
        expect(known.size).toBe(all.length);
        for (const one of all) expect(known.get(one)?.values).toEqual(one);
        const sorted = inOrder(known.all()).map((one) => one.values.join('\0'));
        expect(sorted).toEqual([...sorted].sort());
      }),
    );
  });
});
