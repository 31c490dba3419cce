import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createAvroDecoder } from '../../src/decode/avro.ts';
import { openRegistry, type Registry } from '../../src/decode/registry.ts';
import { startRegistry } from '../support/registry.ts';
import { until } from '../support/until.ts';
import { encode, framed } from './avro-samples.ts';
import { run } from './cells.ts';

const ITEM = { type: 'record', name: 'Item', namespace: 'shop', fields: [{ name: 'sku', type: 'string' }] };
const ORDER = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'item', type: 'shop.Item' },
  ],
};

let server: Awaited<ReturnType<typeof startRegistry>>;

function open(): Registry {
  const options = { url: server.url, username: null, password: null, token: null, ca: null };
  return openRegistry(options, { clock: systemClock });
}

/** With references, which the support function leaves out. */
async function registerReferring(subject: string, schema: unknown, references: object[]): Promise<number> {
  const response = await fetch(`${server.url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: JSON.stringify(schema), references }),
  });
  return ((await response.json()) as { id: number }).id;
}

beforeAll(async () => {
  server = await startRegistry();
}, 180_000);
afterAll(() => server?.stop());

describe('a real schema registry', () => {
  it('gives the schema that decodes the record', async () => {
    const id = await server.register('item-value', ITEM);
    const schema = await open().schema(id);
    const decoder = createAvroDecoder([['sku']]);
    decoder.schemas!.add(id, schema);
    const value = framed(id, encode(ITEM, { sku: 'A-1' }));
    expect(run(decoder, [['sku']], value, 0, value.length)).toEqual({ cells: [{ string: 'A-1' }] });
  });

  it('gives schemas together with those they refer to', async () => {
    await server.register('item-value', ITEM);
    const id = await registerReferring('order-value', ORDER, [
      { name: 'shop.Item', subject: 'item-value', version: 1 },
    ]);
    const decoder = createAvroDecoder([['id'], ['item', 'sku']]);
    decoder.schemas!.add(id, await open().schema(id));
    const whole = { ...ORDER, fields: [ORDER.fields[0], { name: 'item', type: ITEM }] };
    const value = framed(id, encode(whole, { id: 2n ** 62n, item: { sku: 'A-1' } }));
    expect(run(decoder, [['id'], ['item', 'sku']], value, 0, value.length)).toEqual({
      cells: [{ integer: 2n ** 62n }, { string: 'A-1' }],
    });
  });

  it('lists its subjects', async () => {
    await server.register('listed-value', ITEM);
    expect(await open().subjects(new AbortController().signal)).toBeGreaterThan(0);
  });

  it('says when it does not know an id', async () => {
    expect(await open().schema(987_654)).toBe(null);
  });

  it('is waited for while it does not answer', async () => {
    const id = await server.register('frozen-value', ITEM);
    const errors: string[] = [];
    const options = { url: server.url, username: null, password: null, token: null, ca: null };
    const registry = openRegistry(options, {
      clock: systemClock,
      requestMs: 500,
      onRetry: (event) => errors.push(event.error),
    });
    server.freeze();
    const asked = [registry.schema(id), registry.schema(987_654)];
    await until(() => errors.length >= 2, { what: 'both are asked again' });
    server.thaw();
    expect(await Promise.all(asked)).toMatchObject([{ text: JSON.stringify(ITEM) }, null]);
  }, 60_000);
});
