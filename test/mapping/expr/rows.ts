import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { createRowMapper, type RowDirty } from '../../../src/mapping/row.ts';
import { chunkOf, type PlanInput, planOf, recorder, type TestRecord, type Written } from '../support.ts';

const TOPIC_PARTITIONS = [{ topic: 'orders', partition: 3 }];
const POLLED_AT = 1_795_252_147_123;

/** What becomes of a record: its row by column, why it is rejected, or null when the filter leaves it out. */
export type Outcome = Record<string, Written> | RowDirty | null;

export function mapRecords(input: PlanInput, records: readonly TestRecord[]): Outcome[] {
  const plan = planOf(input);
  const { value, key } = plan.decoders;
  const decoders = { value: value && createDecoder(value), key: key && createDecoder(key) };
  const mapper = createRowMapper(plan, decoders);
  mapper.beginChunk(chunkOf(records), TOPIC_PARTITIONS, POLLED_AT);
  return records.map((_, i) => {
    const out = recorder();
    const unopened = mapper.open(i);
    if (unopened) return unopened;
    if (mapper.filtered) return null;
    const names = Object.keys(input.columns);
    return (
      mapper.write(out) ?? Object.fromEntries([...out.row].map(([n, written]) => [names[n - 1]!, written]))
    );
  });
}

/** The column `x` of this type by an expression over one JSON value; undefined: NULL. */
export function expr(text: string, value: unknown, type = 'STRING'): Written | RowDirty | undefined {
  const json = typeof value === 'string' ? value : JSON.stringify(value);
  const [row] = mapRecords({ columns: { x: type }, table: { columns: { x: { from: '', expr: text } } } }, [
    { value: json },
  ]);
  return row && 'code' in row ? (row as RowDirty) : (row as Record<string, Written>).x;
}
