import { describe, expect, it } from 'vitest';
import { parseType, typeText } from '../../src/emulator/model/types.ts';
import { decimalDigits } from '../../src/emulator/store/value-text.ts';

describe('type texts', () => {
  it.each([
    ['BIGINT', 'bigint'],
    [' Decimal ( 10 , 2 ) ', 'decimal(10,2)'],
    ['decimal', 'decimal(38,18)'],
    ['DECIMAL(5)', 'decimal(5,0)'],
    ['varchar(20)', 'varchar(20)'],
    [
      'array<struct<x:map<string,array<bigint>>,y:string>>',
      'array<struct<x:map<string,array<bigint>>,y:string>>',
    ],
    ['STRUCT<`a b`: INT, c: timestamp_ntz>', 'struct<`a b`:int,c:timestamp_ntz>'],
  ])('%s is %s', (text, canonical) => {
    expect(typeText(parseType(text))).toBe(canonical);
  });

  it.each([
    '',
    'nothing',
    'varchar',
    'char(256)',
    'decimal(39,2)',
    'decimal(2,3)',
    'array<int',
    'map<int>',
    'int x',
  ])('"%s" is refused', (text) => {
    expect(() => parseType(text)).toThrow();
  });
});

describe('decimal digits', () => {
  it('round half up at the scale of the column and refuse what does not fit', () => {
    expect(decimalDigits('1.005', 10, 2)).toBe(101n);
    expect(decimalDigits('-0.115', 10, 2)).toBe(-12n);
    expect(decimalDigits('.5', 10, 2)).toBe(50n);
    expect(decimalDigits('-1.5e+1', 4, 2)).toBe(-1500n);
    expect(() => decimalDigits('99.995', 4, 2)).toThrow(/DECIMAL\(4,2\)/);
    for (const text of ['1e', '', '-', '.', 'NaN']) expect(() => decimalDigits(text, 10, 2)).toThrow();
  });
});
