import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { createAvroDecoder } from '../../../src/decode/avro/avro.ts';
import { openRegistry, type Registry } from '../../../src/decode/schema/registry.ts';
import { framed } from '../../support/framed.ts';
import { startRegistry } from '../../support/registry.ts';
import { until } from '../../support/until.ts';
import { encode } from '../avro/samples.ts';
import { run } from '../cells.ts';

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

/** Version 1 of a subject, by the name of the type in it. */
const refer = (name: string, subject: string) => ({ name, subject, version: 1 });

/** With references, which the support function leaves out. */
async function registerReferring(
  subject: string,
  schema: unknown,
  references: object[],
  schemaType = 'AVRO',
): Promise<number> {
  const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
  const response = await fetch(`${server.url}/subjects/${subject}/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ schema: text, schemaType, references }),
  });
  const { id } = (await response.json()) as { id?: number };
  if (id === undefined) throw new Error(`${subject} was not registered`);
  return id;
}

/** The registry through a door that writes down what is asked. */
async function listening(): Promise<{ registry: Registry; asked: string[]; close: () => void }> {
  const asked: string[] = [];
  const door = createServer(async (request, response) => {
    asked.push(request.url!.replace(new URL(server.url).pathname, ''));
    const answer = await fetch(new URL(request.url!, server.url));
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  await new Promise<void>((done) => door.listen(0, '127.0.0.1', done));
  const { port } = door.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}${new URL(server.url).pathname}`;
  const options = { url, username: null, password: null, token: null, ca: null };
  return { registry: openRegistry(options, { clock: systemClock }), asked, close: () => door.close() };
}

beforeAll(async () => {
  server = await startRegistry();
});
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

  it('gives references of references, dependencies first and each once', async () => {
    const named = (name: string, ...fields: [string, string][]) => ({
      ...{ type: 'record', name, namespace: 'nested' },
      fields: fields.map(([field, type]) => ({ name: field, type })),
    });
    const money = named('Money', ['cents', 'long']);
    const line = named('Line', ['price', 'nested.Money']);
    const bill = named('Bill', ['line', 'nested.Line'], ['total', 'nested.Money']);
    await server.register('money', money);
    await registerReferring('line', line, [refer('nested.Money', 'money')]);
    const id = await registerReferring('bill', bill, [
      refer('nested.Line', 'line'),
      refer('nested.Money', 'money'),
    ]);
    const schema = await open().schema(id);
    expect(schema!.references.map(({ name }) => name)).toEqual(['nested.Money', 'nested.Line']);
    const paths = [
      ['line', 'price', 'cents'],
      ['total', 'cents'],
    ];
    const decoder = createAvroDecoder(paths);
    decoder.schemas!.add(id, schema);
    const value = framed(id, Buffer.of(6, 8));
    expect(run(decoder, paths, value, 0, value.length)).toEqual({
      cells: [{ integer: 3n }, { integer: 4n }],
    });
  });

  it('says of what type a schema is', async () => {
    const proto = 'syntax = "proto3"; message Typed { int64 id = 1; }';
    const ids = [
      await server.register('typed-avro', '"string"'),
      await server.register('typed-proto', proto, 'PROTOBUF'),
      await server.register('typed-json', '{"$schema":"http://json-schema.org/draft-07/schema#"}', 'JSON'),
    ];
    const schemas = await Promise.all(ids.map((id) => open().schema(id)));
    expect(schemas.map((schema) => schema?.type)).toEqual(['AVRO', 'PROTOBUF', 'JSON']);
    const decoder = createAvroDecoder([[]]);
    decoder.schemas!.add(ids[1]!, schemas[1]!);
    const value = framed(ids[1]!, Buffer.of(0));
    expect(run(decoder, [[]], value, 0, value.length)).toMatchObject({
      dirty: 'invalid_avro',
      message: expect.stringContaining('it is a schema of type PROTOBUF, not AVRO'),
    });
  });

  it('is asked once for each id, known or not, however many wait', async () => {
    const id = await server.register('asked-value', ITEM);
    const { registry, asked, close } = await listening();
    try {
      const ids = [id, 987_654, id, 987_654, 0xffff_ffff, id];
      const answers = await Promise.all(ids.map((one) => registry.schema(one)));
      expect(answers.map((answer) => answer !== null)).toEqual([true, false, true, false, false, true]);
      await Promise.all(ids.map((one) => registry.schema(one)));
      expect(asked.toSorted()).toEqual(['/schemas/ids/987654', `/schemas/ids/${id}`, '/subjects'].toSorted());
    } finally {
      close();
    }
  });

  it('may be restarted: what is known is served meanwhile, what is not is asked until it is back', async () => {
    const [known, next] = [
      await server.register('restart-value', ITEM),
      await server.register('restarted-value', { ...ITEM, name: 'Restarted' }),
    ];
    const registry = open();
    const schema = await registry.schema(known);
    await server.kill();
    expect(await registry.schema(known)).toBe(schema);
    const asked = registry.schema(next);
    await server.start();
    expect(await asked).toMatchObject({ type: 'AVRO', text: expect.stringContaining('Restarted') });
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
  });
});
