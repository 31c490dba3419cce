import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typeText as emulatorText, parseType as emulatorType } from '../../src/emulator/model/types.ts';
import { LIMITS } from '../../src/limits.ts';
import { parseColumnType, typeWarnings } from '../../src/mapping/parse-type.ts';
import { leafNames, typeText } from '../../src/mapping/types.ts';
import { anyType } from './any-type.ts';

describe('column types', () => {
  it('are read in any case, with their parameters', () => {
    expect(parseColumnType('bigint')).toEqual({ name: 'BIGINT' });
    expect(parseColumnType(' Decimal( 10 , 2 ) ')).toEqual({ name: 'DECIMAL', precision: 10, scale: 2 });
    expect(parseColumnType('DECIMAL')).toEqual({ name: 'DECIMAL', precision: 38, scale: 18 });
    expect(parseColumnType('decimal(9)')).toEqual({ name: 'DECIMAL', precision: 9, scale: 0 });
    expect(parseColumnType('varchar(65535)')).toEqual({ name: 'VARCHAR', length: 65_535 });
    expect(parseColumnType('timestamp_ntz')).toEqual({ name: 'TIMESTAMP_NTZ' });
    expect(parseColumnType('interval_day_time')).toEqual({ name: 'INTERVAL_DAY_TIME' });
  });

  it('nest, with blanks and names in back-quotes', () => {
    expect(
      parseColumnType(' array < map<string , struct< A:bigint,`b c`: char(3),`d``e` :JSON,decimal:int> > > '),
    ).toEqual({
      name: 'ARRAY',
      element: {
        name: 'MAP',
        key: { name: 'STRING' },
        value: {
          name: 'STRUCT',
          fields: [
            { name: 'A', type: { name: 'BIGINT' } },
            { name: 'b c', type: { name: 'CHAR', length: 3 } },
            { name: 'd`e', type: { name: 'JSON' } },
            { name: 'decimal', type: { name: 'INT' } },
          ],
        },
      },
    });
  });

  it('are null when not supported or outside their limits', () => {
    for (const text of [
      'array',
      'array<>',
      'array<bigint',
      'array<bigint>>',
      'array<bigint>(3)',
      'array<bigint,int>',
      'array<geography>',
      'map<string>',
      'map<string,string,string>',
      'map<array<int>,string>',
      'map<json,string>',
      'struct<>',
      'struct<a>',
      'struct<a int>',
      'struct<a:int,>',
      'struct<a:int,A:int>',
      'struct<``:int>',
      'struct<`a:int>',
      '`bigint`',
      'bigint bigint',
      'bigint(3)',
      'bigint;',
      'varchar',
      'varchar(0)',
      'varchar(65536)',
      'varchar(-1)',
      'char(256)',
      'char(1,1)',
      'decimal()',
      'decimal(1,1,1)',
      'decimal(39,2)',
      'decimal(10,11)',
      'decimal(38,19)',
      'text',
      '',
    ]) {
      expect([text, parseColumnType(text)]).toEqual([text, null]);
    }
  });

  it('nest up to a limit', () => {
    const nested = (depth: number) => `${'array<'.repeat(depth)}int${'>'.repeat(depth)}`;
    expect(parseColumnType(nested(LIMITS.typeDepth))).not.toBeNull();
    expect(parseColumnType(nested(LIMITS.typeDepth + 1))).toBeNull();
    expect(parseColumnType(nested(100_000))).toBeNull();
  });

  it('read back their own text, as the local MaxCompute does', () => {
    fc.assert(
      fc.property(anyType, (type) => {
        const text = typeText(type);
        expect(parseColumnType(text)).toEqual(type);
        expect(parseColumnType(emulatorText(emulatorType(text)))).toEqual(type);
      }),
    );
  });

  it('tell their leaves', () => {
    const type = parseColumnType('map<int,struct<a:array<date>,b:date,c:string>>')!;
    expect([...leafNames(type)]).toEqual(['INT', 'DATE', 'STRING']);
  });

  it('warn where the configuration says another type than the table, whatever the case of names', () => {
    const live = parseColumnType('struct<a:int>')!;
    expect(typeWarnings('STRUCT< A : INT >', live, 'k')).toEqual([]);
    expect(typeWarnings('struct<a:bigint>', live, 'k')).toEqual([
      'k.type: it says STRUCT<a:BIGINT>, the table says STRUCT<a:INT>',
    ]);
  });
});
