import { expect, it } from 'vitest';
import { createDecoder } from '../../../src/decode/create-decoder.ts';
import { parsePath } from '../../../src/decode/path/path.ts';
import { framed } from '../../support/framed.ts';
import { avroSchema, encode } from '../avro/samples.ts';
import { run } from '../cells.ts';

const named = (type: string, name: string, more: object = {}) => ({ type, 'connect.name': name, ...more });
const fieldsOf = (fields: Record<string, unknown>) =>
  Object.entries(fields).map(([name, type]) => ({ name, type }));

const VALUE = {
  ...{ type: 'record', name: 'Value' },
  fields: fieldsOf({
    id: 'int',
    at: ['null', named('long', 'io.debezium.time.MicroTimestamp')],
    amount: named('bytes', 'org.apache.kafka.connect.data.Decimal', { 'connect.parameters': { scale: '2' } }),
  }),
};
const SOURCE = { type: 'record', name: 'Source', fields: fieldsOf({ ts_ms: 'long', db: 'string' }) };
/** As Debezium's Avro converter writes it; before and after are unions with null. */
const ENVELOPE = {
  ...{ type: 'record', name: 'Envelope', namespace: 'shop.orders', 'connect.name': 'shop.orders.Envelope' },
  fields: fieldsOf({
    before: ['null', VALUE],
    after: ['null', 'Value'],
    source: SOURCE,
    op: 'string',
    ts_ms: ['null', 'long'],
  }),
};
const PATHS = [
  'id',
  'at',
  'amount',
  '__op__',
  '__source_time__',
  '__before__.id',
  '__source__.db',
  '__deleted__',
];

const row = (id: number, at: bigint | null, amount: number) => ({
  'shop.orders.Value': { id, at: at === null ? null : { long: at }, amount: Buffer.of(amount) },
});

it.each([
  [
    { before: row(1, null, 1), after: row(2, 1n, 0xff), op: 'u' },
    [{ integer: 2n }, { local: [0, 1000] }, { number: '-0.01' }, { string: 'update' }, false],
  ],
  [
    { before: row(1, null, 1), after: null, op: 'd' },
    [{ integer: 1n }, null, { number: '0.01' }, { string: 'delete' }, true],
  ],
])('change events of Debezium in Avro: %o', (event, [id, at, amount, op, deleted]) => {
  const paths = PATHS.map(parsePath);
  const decoder = createDecoder({ format: 'avro', envelope: 'debezium', paths });
  decoder.schemas!.add(7, avroSchema(JSON.stringify(ENVELOPE)));
  const value = framed(7, encode(ENVELOPE, { ...event, source: { ts_ms: 1500n, db: 'd' }, ts_ms: null }));
  expect(run(decoder, paths, value, 0, value.length)).toEqual({
    cells: [id, at, amount, op, { instant: [1, 500_000_000] }, { integer: 1n }, { string: 'd' }, deleted],
  });
});
