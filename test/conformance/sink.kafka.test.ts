import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Service, startService, untilAcknowledged } from '../route/service.ts';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { CLIENTS, type ClientName, type Program, startPrograms } from './clients.ts';
import { wrongReads } from './type-run.ts';
import { double, float, millis, nanos, type Value } from './types.ts';

/** A column of the table: what stands in the records, as JSON, and what both clients have to read. */
interface Column {
  readonly type: string;
  readonly json: readonly string[];
  readonly values: readonly Value[];
}

const column = (type: string, ...pairs: readonly (readonly [json: string, value: Value])[]): Column => ({
  type,
  json: pairs.map(([json]) => json),
  values: pairs.map(([, value]) => value),
});
const same = (type: string, ...texts: readonly string[]): Column =>
  column(type, ...texts.map((text) => [text, text] as const));
const quoted = (type: string, ...texts: readonly string[]): Column =>
  column(type, ...texts.map((text) => [JSON.stringify(text), text] as const));
const NINES = `${'9'.repeat(20)}.${'9'.repeat(18)}`;
const NULL = ['null', null] as const;

const COLUMNS: readonly Column[] = [
  column('boolean', ['true', true], ['false', false], NULL),
  same('tinyint', '-128', '127'),
  same('smallint', '-32768', '32767'),
  same('int', '-2147483648', '2147483647'),
  same('bigint', '-9223372036854775807', '9007199254740993', '9223372036854775807'),
  column('float', ['1.5', float(1.5)], ['-0.25', float(-0.25)], NULL),
  column('double', ['0.1', double(0.1)], ['1.7976931348623157e308', double(Number.MAX_VALUE)]),
  same('decimal(38,18)', NINES, `-${NINES}`),
  column('decimal(10,2)', ['12345678.99', '12345678.99'], ['-0.01', '-0.01'], NULL),
  quoted('string', '', 'größe "中文" 😀\n', 'nul\0inside'),
  quoted('varchar(20)', 'größe 中文 😀', '12345678901234567890'),
  quoted('char(20)', 'a', '12345678901234567890'),
  column('binary', ['"ab"', '6162'], ['"ü"', 'c3bc'], NULL),
  quoted('date', '0001-01-01', '1969-12-31', '9999-12-31'),
  column(
    'datetime',
    ['"2026-11-20T08:30:00.123+08:00"', millis('2026-11-20T00:30:00.123')],
    ['"0001-01-01T00:00:00Z"', millis('0001-01-01T00:00:00')],
    NULL,
  ),
  column(
    'timestamp',
    ['"2026-11-20T00:30:00.123456789Z"', nanos('2026-11-20T00:30:00', 123_456_789)],
    ['"1969-12-31T23:59:59.999999999Z"', nanos('1969-12-31T23:59:59', 999_999_999)],
    NULL,
  ),
  column('timestamp_ntz', ['"2026-11-20T08:30:00.000000001"', nanos('2026-11-20T08:30:00', 1)], NULL),
  column('interval_day_time', ['"P1DT2H0.5S"', '93600500000000'], NULL),
  column('interval_year_month', ['"P1Y2M"', '14'], NULL),
  column('json', ['{"a":[1,null,"x"]}', '{"a":[1,null,"x"]}'], ['[]', '[]'], NULL),
  column('array<bigint>', ['[1,null,-5]', ['1', null, '-5']], ['[]', []], NULL),
  column(
    'map<string,bigint>',
    [
      '{"k":1,"苹果":null}',
      [
        ['k', '1'],
        ['苹果', null],
      ],
    ],
    ['{}', []],
    NULL,
  ),
  column('struct<a:bigint,b:string>', ['{"a":7,"b":"x"}', ['7', 'x']], ['{"a":null}', [null, null]], NULL),
  column('array<struct<x:map<string,array<bigint>>,y:string>>', [
    '[{"x":{"k":[1,null]},"y":"z"},null]',
    [[[['k', ['1', null]]], 'z'], null],
  ]),
];
/** PyODPS takes no table with a JSON or INTERVAL_YEAR_MONTH column as Arrow, whatever columns are asked for. */
const WAYS = {
  PyODPS: ['records', 'sql', 'sql-arrow'],
  Java: ['records', 'arrow', 'sql', 'preview'],
} as const;
const ROWS = 40;
const at = <T>(list: readonly T[], row: number): T => list[row % list.length]!;

function* records() {
  for (let row = 0; row < ROWS; row++) {
    const fields = COLUMNS.map(({ json }, index) => `"c${index}":${at(json, row)}`);
    yield { value: `{"id":${row},${fields.join(',')}}`, topicPartition: 0 };
  }
}

describe('what maxsink writes, read by the official clients', () => {
  const bootstrap = inject('kafka');
  const [topic, group, table] = [uniqueName('everything'), uniqueName('maxsink'), 'everything'];
  let folder: TempDir;
  let emulator: EmulatorChild;
  let service: Service;
  let programs: Record<ClientName, Program>;

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    await createTopic(bootstrap, topic, { topicPartitions: 1 });
    await produce(bootstrap, topic, records());
    const columns = COLUMNS.map(({ type }, index) => `    c${index}: {from: c${index}, type: "${type}"}`);
    const mapping = `  create: if_missing\n  columns:\n    id: {from: id, type: BIGINT}\n${columns.join('\n')}`;
    const options = { folder, bootstrap, topic, group, emulator, table, mapping };
    service = await startService({ ...options, more: 'flush: {interval: 1s}' });
    await service.waitFor('topic partitions assigned');
    const committed = () => committedOffsets(bootstrap, group, topic);
    [programs] = await Promise.all([
      startPrograms(emulator, folder.path),
      untilAcknowledged(committed, await endOffsets(bootstrap, topic)),
    ]);
  });

  afterAll(async () => {
    for (const client of CLIENTS) programs?.[client].stop();
    expect(await service?.stop(), service?.tail()).toEqual({ code: 0, signal: null });
    await emulator?.stop();
    folder?.remove();
  });

  for (const client of CLIENTS)
    it(`${client} reads every value of every type as it stands in the records, in their ways`, async () => {
      const wrong: string[] = [];
      for (const [index, { type, values }] of COLUMNS.entries()) {
        const sample = { type, values: Array.from({ length: ROWS }, (_, row) => at(values, row)) };
        wrong.push(
          ...(await wrongReads(programs[client], { table, sample, column: `c${index}` }, WAYS[client])),
        );
      }
      expect(wrong).toEqual([]);
    });
});
