import { expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { Config } from '../../src/config/schema.ts';
import type { UnmappedField } from '../../src/decode/path/unmapped.ts';
import { SinkError } from '../../src/errors.ts';
import type { Log } from '../../src/log.ts';
import type { MaxCompute } from '../../src/maxcompute/maxcompute.ts';
import { createMetrics } from '../../src/ops/metrics.ts';
import type { Planner } from '../../src/planner/planner.ts';
import { watchUnmapped } from '../../src/planner/unmapped.ts';

const log = { info: () => undefined } as unknown as Log;
const COLOUR: UnmappedField = { name: 'Colour', kind: 'text' };

it('wants a column until the table has it: the workers tell of a field once', async () => {
  const columns = [{ name: 'id' }];
  const outage = new SinkError('maxcompute_transient', 'busy');
  const failures = [outage, outage];
  const maxcompute = {
    table: async () => ({ columns }),
    async runSql(statement: string) {
      const failure = failures.shift();
      if (failure) throw failure;
      columns.push({ name: /ADD COLUMNS \(`(\w+)`/.exec(statement)![1]! });
    },
  } as unknown as MaxCompute;
  let outdated = 0;
  const planner = {
    table: { columns: [{ name: 'id' }], partitionKeys: [] },
    outdated: () => void outdated++,
  } as unknown as Planner;
  const config = {
    table: { name: 't', unknownFields: 'add_column', rest: null },
    maxcompute: { project: 'p', schema: null },
  } as unknown as Config;
  const watch = watchUnmapped(config, {
    ...{ maxcompute, metrics: createMetrics(), clock: systemClock, log },
    elected: () => true,
  });
  const { signal } = new AbortController();
  const tell = (...fields: UnmappedField[]) => watch.onUnmapped(fields, planner);
  const wanted = expect.objectContaining({ code: 'table_changed' });

  tell();
  expect(() => tell(COLOUR)).toThrow(wanted);
  await expect(watch.addWanted(planner.table, signal)).rejects.toMatchObject({ code: outage.code });
  // The records are read again: nobody tells of the field any more.
  expect(() => tell()).toThrow(wanted);
  await expect(watch.addWanted(planner.table, signal)).rejects.toMatchObject({ code: outage.code });
  await watch.addWanted(planner.table, signal);
  expect(outdated).toBe(2);
  expect(columns).toEqual([{ name: 'id' }, { name: 'colour' }]);
  watch.onUnmapped([], { ...planner, table: { ...planner.table, columns } } as unknown as Planner);
  tell();
});
