import fc from 'fast-check';
import type { ColumnType, ScalarType } from '../../src/mapping/types.ts';

/** Column types of any nesting, with hostile field names. */
const scalar = fc.constantFrom<ScalarType>(
  { name: 'BIGINT' },
  { name: 'DECIMAL', precision: 20, scale: 4 },
  { name: 'VARCHAR', length: 7 },
  { name: 'TIMESTAMP_NTZ' },
  { name: 'INTERVAL_YEAR_MONTH' },
);
const fieldName = fc.constantFrom('a', 'b_2', 'c d', '时间', 'order', 'x.y', 'e:f', '<');

export const { anyType } = fc.letrec<{ anyType: ColumnType }>((tie) => ({
  anyType: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.record({ name: fc.constant('ARRAY' as const), element: tie('anyType') }),
    fc.record({
      name: fc.constant('MAP' as const),
      key: scalar,
      value: tie('anyType'),
    }) as fc.Arbitrary<ColumnType>,
    fc.record({
      name: fc.constant('STRUCT' as const),
      fields: fc.uniqueArray(fc.record({ name: fieldName, type: tie('anyType') }), {
        minLength: 1,
        maxLength: 4,
        selector: ({ name }) => name,
      }),
    }),
  ),
}));
