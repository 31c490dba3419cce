import { expect, it } from 'vitest';
import { javaFormat } from '../../../../src/emulator/sql/query/scalars/java-format.ts';

it('a time before 1970 with parts of a millisecond is in its own second', () => {
  const pattern = 'yyyy-MM-dd HH:mm:ss.SSSSSS';
  expect(javaFormat(-500n, pattern)).toBe('1969-12-31 23:59:59.999500');
  expect(javaFormat(-1_000_000n, pattern)).toBe('1969-12-31 23:59:59.000000');
  expect(javaFormat(500n, pattern)).toBe('1970-01-01 00:00:00.000500');
});
