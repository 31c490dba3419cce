import { describe, expect, it } from 'vitest';
import type { DecodeOptions } from '../../src/decode/format.ts';
import { parseColumnType } from '../../src/mapping/parse-type.ts';
import { findSource, wholeSource } from '../../src/mapping/slots.ts';

const formats = (value: DecodeOptions) => ({ value, key: { format: 'text' } as const });
const whole = (value: DecodeOptions, type: string) =>
  wholeSource({ kind: 'metadata', name: 'value' }, parseColumnType(type)!, formats(value));

const DECODED = { kind: 'value', path: [] };
const RAW = { kind: 'metadata', name: 'value' };

describe('a field of a value', () => {
  it('is nowhere in a scalar', () => {
    for (const format of ['text', 'bytes', 'long', 'double'] as const)
      expect(findSource('a.b', formats({ format }))).toEqual({
        problem: `decode.value.format is ${format}, which has no field a.b: map __value__, or change the format`,
      });
    expect(findSource('a.b', formats({ format: 'jsonschema' }))).toEqual({ kind: 'value', path: ['a', 'b'] });
  });
});

describe('__value__', () => {
  it('is the bytes where those are what was meant, and what they say otherwise', () => {
    expect(whole({ format: 'json' }, 'STRING')).toEqual(RAW);
    expect(whole({ format: 'json' }, 'JSON')).toEqual(DECODED);
    expect(whole({ format: 'json', compression: 'gzip' }, 'STRING')).toEqual(DECODED);
    expect(whole({ format: 'text', encoding: 'gbk' }, 'STRING')).toEqual(DECODED);
    expect(whole({ format: 'text', encoding: 'utf-8', compression: 'none' }, 'STRING')).toEqual(RAW);
    expect(whole({ format: 'long' }, 'BIGINT')).toEqual(DECODED);
    expect(whole({ format: 'long' }, 'BINARY')).toEqual(RAW);
  });
});
