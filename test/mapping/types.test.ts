import { describe, expect, it } from 'vitest';
import { parseColumnType, typeText } from '../../src/mapping/types.ts';

describe('column types', () => {
  it('are read in any case, with their parameters', () => {
    expect(parseColumnType('bigint')).toEqual({ name: 'BIGINT' });
    expect(parseColumnType(' Decimal( 10 , 2 ) ')).toEqual({ name: 'DECIMAL', precision: 10, scale: 2 });
    expect(parseColumnType('DECIMAL')).toEqual({ name: 'DECIMAL', precision: 38, scale: 18 });
    expect(parseColumnType('decimal(9)')).toEqual({ name: 'DECIMAL', precision: 9, scale: 0 });
    expect(parseColumnType('varchar(65535)')).toEqual({ name: 'VARCHAR', length: 65_535 });
    expect(parseColumnType('timestamp_ntz')).toEqual({ name: 'TIMESTAMP_NTZ' });
  });

  it('are null when not supported or outside their limits', () => {
    for (const text of [
      'array<bigint>',
      'map<string,string>',
      'struct<a:int>',
      'interval_day_time',
      'bigint(3)',
      'varchar',
      'varchar(0)',
      'varchar(65536)',
      'char(256)',
      'char(1,1)',
      'decimal(39,2)',
      'decimal(10,11)',
      'decimal(38,19)',
      'text',
      '',
    ]) {
      expect([text, parseColumnType(text)]).toEqual([text, null]);
    }
  });

  it('read back their own text', () => {
    for (const text of ['DECIMAL(10,2)', 'CHAR(3)', 'VARCHAR(20)', 'JSON', 'TIMESTAMP_NTZ'])
      expect(typeText(parseColumnType(text)!)).toBe(text);
  });
});
