import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Emulator } from '../../../src/emulator/server.ts';
import { call, clientClock, encode, sql, start } from '../harness.ts';

/** Upserts of whole rows, of some columns, and deletes, as they come in packs of sessions. */
type Operation =
  | { readonly kind: 'row'; readonly id: number; readonly a: number | null; readonly b: string | null }
  | { readonly kind: 'part'; readonly id: number; readonly column: 'a' | 'b'; readonly to: number | null }
  | { readonly kind: 'delete'; readonly id: number };

const id = fc.integer({ min: 1, max: 4 });
const number = fc.option(fc.integer({ min: 0, max: 9 }));
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ kind: fc.constant('row' as const), id, a: number, b: fc.option(fc.string({ maxLength: 3 })) }),
  fc.record({
    kind: fc.constant('part' as const),
    id,
    column: fc.constantFrom('a' as const, 'b' as const),
    to: number,
  }),
  fc.record({ kind: fc.constant('delete' as const), id }),
);
const sessions = fc.array(fc.array(fc.array(operation, { maxLength: 6 }), { maxLength: 3 }), {
  maxLength: 4,
});

const INDEX = { a: 1, b: 2 };
const text = (value: number | null) => (value === null ? null : String(value));
const pack = (operations: readonly Operation[]) =>
  encode(
    operations.map((one) => {
      const tail = (kind: number, assigned: number[]) => [null, null, kind, null, assigned];
      if (one.kind === 'row') return [one.id, one.a, one.b, ...tail(85, [])];
      if (one.kind === 'delete') return [one.id, null, null, ...tail(68, [])];
      const { column, to } = one;
      const values = column === 'a' ? [to, null] : [null, text(to)];
      return [one.id, ...values, ...tail(85, [INDEX[column]])];
    }),
  );

type Row = { a: number | null; b: string | null };

/** What the table is afterwards: each operation in its turn. */
function applied(rows: ReadonlyMap<number, Row>, one: Operation): Map<number, Row> {
  const next = new Map(rows);
  if (one.kind === 'delete') next.delete(one.id);
  else if (one.kind === 'row') next.set(one.id, { a: one.a, b: one.b });
  else {
    const value = one.column === 'a' ? { a: one.to } : { b: text(one.to) };
    next.set(one.id, { a: null, b: null, ...rows.get(one.id), ...value });
  }
  return next;
}

describe('upserts', () => {
  let emulator: Emulator;
  beforeAll(async () => {
    clientClock.now = () => Date.now();
    emulator = await start();
  });
  afterAll(() => emulator.stop());

  const upserts = (sent: Parameters<typeof call>[2]) =>
    call(emulator.url, '/projects/demo/tables/m/upserts', sent);

  async function run(packs: readonly (readonly Operation[])[]): Promise<void> {
    const { json } = await upserts({ method: 'POST', query: { slotnum: '1' } });
    const query = { upsertid: String(json.id) };
    for (const operations of packs) {
      const at = { ...query, bucketid: '0', slotid: '0' };
      const flushed = await upserts({ method: 'PUT', query: at, body: pack(operations) });
      if (flushed.status !== 200) throw new Error(flushed.body);
    }
    expect((await upserts({ method: 'POST', query })).json.status).toBe('committed');
  }

  it('make of a table what their operations make of it one by one', async () => {
    await fc.assert(
      fc.asyncProperty(sessions, async (list) => {
        await emulator.sql('DROP TABLE IF EXISTS m;');
        await emulator.sql(`CREATE TABLE m (id BIGINT NOT NULL, a BIGINT, b STRING, PRIMARY KEY (id)) TBLPROPERTIES
          ('transactional'='true', 'write.bucket.num'='1', 'acid.partial.fields.update.enable'='true');`);
        let wanted = new Map<number, Row>();
        for (const packs of list) {
          await run(packs);
          wanted = packs.flat().reduce<Map<number, Row>>(applied, wanted);
          const lines = [...wanted]
            .sort(([x], [y]) => x - y)
            .map(
              ([key, { a, b }]) =>
                `${key},${a ?? '\\N'},${b === null ? '\\N' : `"${b.replaceAll('"', '""')}"`}`,
            );
          const { text: csv } = await sql(emulator, 'SELECT id, a, b FROM m ORDER BY id;');
          expect(csv).toBe(['"id","a","b"', ...lines, ''].join('\n'));
          expect(emulator.stats().tables.m?.rows).toBe(wanted.size);
        }
      }),
      { numRuns: 25 },
    );
  });
});
