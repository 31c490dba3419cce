import { describe, expect, it } from 'vitest';
import { decimalNumber, plainDecimal } from '../../../src/emulator/model/decimal.ts';
import { parseType, typeText } from '../../../src/emulator/model/types.ts';

describe('type texts', () => {
  it.each([
    ['BIGINT', 'bigint'],
    [' Decimal ( 10 , 2 ) ', 'decimal(10,2)'],
    ['decimal', 'decimal(38,18)'],
    ['DECIMAL(5)', 'decimal(5,0)'],
    ['DECIMAL(54,18)', 'decimal(38,18)'],
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
    'decimal(54,17)',
    'decimal(2,3)',
    'array<int',
    'map<int>',
    'int x',
  ])('"%s" is refused', (text) => {
    expect(() => parseType(text)).toThrow();
  });
});

describe('decimal digits', () => {
  it('round half up at the scale of the column', () => {
    expect(decimalNumber('1.005', 2)).toBe(101n);
    expect(decimalNumber('-0.115', 2)).toBe(-12n);
    expect(decimalNumber('.5', 2)).toBe(50n);
    expect(decimalNumber(plainDecimal('-1.5e+1'), 2)).toBe(-1500n);
  });
});
