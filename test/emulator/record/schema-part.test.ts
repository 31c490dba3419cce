import { expect, it } from 'vitest';
import { schemaPart } from '../../../src/emulator/record/schema-part.ts';

it('is the text as field 1, its checksum under the tag 2^25-512', () => {
  // CRC-32C of 01 00 00 00 and the text, by another implementation.
  expect(schemaPart('{}').toString('hex')).toBe('0a027b7d80e0ff7febe1828006');
});
