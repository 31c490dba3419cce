import path from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type EmulatorChild, startEmulatorChild, type TempDir, tempDir } from '../support/process.ts';
import { produce, produceEmptyValue, type TestRecord } from '../support/records.ts';
import { committedOffsets, createTopic, endOffsets, uniqueName } from '../support/topics.ts';
import { deadLetters, query, type Service, startService, untilAcknowledged } from './service.ts';

/** One record, and what must become of it: a row for which the SQL condition holds, or a dead letter with the code. */
type Case = readonly [record: TestRecord, fate: { row: string } | { code: string }];

const TABLE = 'hostile';
const COLUMNS = `tiny TINYINT, small SMALLINT, i INT, big BIGINT, f FLOAT, d DOUBLE, dec DECIMAL(38,18), s STRING,
  vc VARCHAR(5), ch CHAR(3), b BOOLEAN, dat DATE, dt DATETIME, ts TIMESTAMP, ntz TIMESTAMP_NTZ, bin BINARY, js JSON,
  ny DATETIME, sh DATETIME, rounded DATETIME, ms DATETIME, key_id STRING, trace STRING, headers STRING, weird STRING, kafka_offset BIGINT`;
const PATHS = 'tiny small i big f d dec s vc ch b dat dt ts ntz bin js'.split(' ');
const MAPPING = `  columns:
${PATHS.map((name) => `    ${name}: ${name}`).join('\n')}
    ny: {from: ny, timeFormat: "yyyy-MM-dd HH:mm:ss", timeZone: America/New_York}
    sh: {from: sh, timeFormat: "yyyy-MM-dd HH:mm:ss", timeZone: Asia/Shanghai}
    rounded: {from: rounded, round: true}
    ms: {from: ms, timeFormat: epoch_ms}
    key_id: __key__.id
    trace: __header.trace__
    headers: __headers__
    weird: "\`__proto__\`.constructor"
    kafka_offset: __offset__
  partitions: {p: p}`;

const MiB = 1024 * 1024;
const TIMESTAMP = Date.UTC(2026, 10, 20);

/** A value with these fields, written as JSON text, for table partition `x`. */
const fields = (text: string, more: Partial<TestRecord> = {}): TestRecord => ({
  value: `{"p":"x",${text}}`,
  ...more,
});
const row = (text: string, condition: string, more?: Partial<TestRecord>): Case => [
  fields(text, more),
  { row: condition },
];
const bad = (code: string, text: string, more?: Partial<TestRecord>): Case => [fields(text, more), { code }];
const whole = (value: Buffer | string | null, code: string): Case => [{ value }, { code }];
const integers = (name: string, bits: number): Case[] => {
  const max = 2n ** BigInt(bits - 1) - 1n;
  // BIGINT has no -2^63 on the wire.
  const min = bits === 64 ? -max : -max - 1n;
  return [
    row(`"${name}":${max}`, `${name} = ${max}`),
    row(`"${name}":"${min}"`, `${name} = ${min}`),
    row(`"${name}":${max}.000e0`, `${name} = ${max}`),
    bad('out_of_range', `"${name}":${max + 1n}`),
    bad('out_of_range', `"${name}":"${min - 1n}"`),
    bad('out_of_range', `"${name}":1e400`),
    bad('not_exact', `"${name}":0.5`),
    bad('wrong_type', `"${name}":"0x1F"`),
    bad('wrong_type', `"${name}":[1]`),
  ];
};
const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** Queries show DATETIME in the project's zone. */
const shanghai = (text: string) => `CAST('${text}' AS DATETIME)`;
const invalid = (prefix: string, suffix: string): Buffer =>
  Buffer.concat([Buffer.from(prefix), Buffer.from([0xc3, 0x28]), Buffer.from(suffix)]);

const same = (found: Uint8Array | null, sent: Buffer | string | null): boolean =>
  found === null || sent === null ? found === sent : Buffer.from(sent).equals(found);

const CASES: readonly Case[] = [
  // numbers
  ...integers('tiny', 8),
  ...integers('small', 16),
  ...integers('i', 32),
  ...integers('big', 64),
  row('"i":-0,"d":-0,"dec":-0.0,"s":-0', `i = 0 AND d = 0 AND dec = 0 AND s = '-0'`),
  row('"i":1E+2,"dec":0.1e-5,"s":1E+2', `i = 100 AND dec = 0.000001 AND s = '1E+2'`),
  row('"d":1e-400,"f":1e-60', 'd = 0 AND f = 0'),
  bad('out_of_range', '"d":1e400'),
  bad('out_of_range', '"f":3.5e38'),
  row(
    '"dec":99999999999999999999.999999999999999999',
    `CAST(dec AS STRING) = '99999999999999999999.999999999999999999'`,
  ),
  row('"dec":"-1e-18"', `CAST(dec AS STRING) = '-0.000000000000000001'`),
  row('"dec":0e999999999999', 'dec = 0'),
  bad('out_of_range', '"dec":100000000000000000000'),
  bad('out_of_range', '"dec":1e999999999999'),
  bad('not_exact', '"dec":1e-19'),
  bad('not_exact', '"dec":1e-999999999999'),
  // text
  row(`"s":"${'x'.repeat(MiB)}"`, `LENGTH(s) = ${MiB}`),
  row(`"s":"${'x'.repeat(8 * MiB)}"`, `LENGTH(s) = ${8 * MiB}`),
  bad('too_long', `"s":"${'x'.repeat(8 * MiB + 1)}"`),
  row(`"bin":"${'x'.repeat(8 * MiB)}"`, 'bin IS NOT NULL'),
  bad('too_long', `"bin":"${'x'.repeat(8 * MiB + 1)}"`),
  row(`"js":["${'x'.repeat(8 * MiB - 4)}"]`, 'js IS NOT NULL'),
  bad('too_long', `"js":["${'x'.repeat(8 * MiB - 3)}"]`),
  row('"vc":"桌子桌子桌","ch":"🛋🛋🛋"', `vc = '桌子桌子桌' AND ch = '🛋🛋🛋'`),
  bad('too_long', '"vc":"123456"'),
  bad('too_long', '"ch":"🛋🛋🛋🛋"'),
  row('"s":"\\ud83d\\udecb \\u0000 \\u00e9"', 'LENGTH(s) = 5'),
  bad('invalid_utf8', '"s":"\\ud800"'),
  bad('invalid_utf8', '"s":"\\udc00\\ud800"'),
  row('"unmapped":"\\ud800","i":1', 'i = 1'),
  [{ value: invalid('{"p":"x","s":"', '"}') }, { code: 'invalid_utf8' }],
  [{ value: invalid('{"p":"x","unmapped":"', '"}') }, { code: 'invalid_utf8' }],
  // objects
  row('"i":1,"i":2', 'i = 2'),
  row('"i":1,"\\u0069":3', 'i = 3'),
  row('"i":1,"i":null', 'i IS NULL'),
  row('"__proto__":{"constructor":"own"}', `weird = 'own'`),
  row('"constructor":{"prototype":1},"toString":1,"hasOwnProperty":null', 'weird IS NULL'),
  row(`"js":{"a":"1",  "b":[1e400]}`, 'js IS NOT NULL'),
  row(`"unmapped":${nested(499)}`, 'i IS NULL'),
  bad('too_deep', `"unmapped":${nested(500)}`),
  bad('too_deep', `"js":${nested(10_000)}`),
  whole('[1,2]', 'not_an_object'),
  whole('"text"', 'not_an_object'),
  whole('{"p":"x"', 'invalid_json'),
  whole('{"p":"x"}{}', 'invalid_json'),
  whole('{"p":"x",}', 'invalid_json'),
  whole('{"p":"x","i":01}', 'invalid_json'),
  whole('{"p":"x","i":NaN}', 'invalid_json'),
  [{ value: Buffer.from('\ufeff{"p":"x","i":1}') }, { row: 'i = 1' }],
  whole(Buffer.from('\ufeff\ufeff{"p":"x"}'), 'invalid_json'),
  whole(Buffer.from('{"p":"x"}\0'), 'invalid_json'),
  whole(Buffer.from('{"p":"x"}', 'utf16le'), 'invalid_json'),
  whole(null, 'tombstone'),
  // booleans
  row('"b":"TRUE"', 'b'),
  row('"b":0.0', 'NOT b'),
  bad('wrong_type', '"b":2'),
  bad('wrong_type', '"b":"yes"'),
  // times
  row('"dat":"0001-01-01","dt":"0001-01-01T00:00:00Z"', `dat = CAST('0001-01-01' AS DATE)`),
  row(
    '"dat":"9999-12-31","ts":"9999-12-31T23:59:59.999999999Z"',
    `dat = CAST('9999-12-31' AS DATE) AND ts IS NOT NULL`,
  ),
  bad('bad_time', '"dat":"0000-12-31"'),
  bad('out_of_range', '"dt":"0001-01-01T00:00:00+00:01"'),
  bad('out_of_range', '"ts":"9999-12-31T23:59:59-00:01"'),
  bad('bad_time', '"ts":"2016-12-31T23:59:60Z"'),
  bad('bad_time', '"ts":"2026-11-20T24:00:00Z"'),
  bad('bad_time', '"dat":"2023-02-29"'),
  bad('bad_time', '"ts":"2026-11-20T00:00:00.1234567890Z"'),
  bad('not_exact', '"dt":"2026-11-20T00:00:00.1234Z"'),
  row('"ms":-1', `dt IS NULL AND ms < ${shanghai('1970-01-01 08:00:00')}`),
  row('"rounded":"2026-11-20T00:00:00.9996Z"', `rounded = ${shanghai('2026-11-20 08:00:01')}`),
  bad('out_of_range', '"rounded":"9999-12-31T23:59:59.9996Z"'),
  bad('out_of_range', '"ms":1e30'),
  // a gap is shifted forward, of an overlap the earlier instant counts
  row('"ny":"2026-03-08 02:30:00"', `ny = ${shanghai('2026-03-08 15:30:00')}`),
  row('"ny":"2026-11-01 01:30:00"', `ny = ${shanghai('2026-11-01 13:30:00')}`),
  row('"sh":"1949-05-01 00:30:00"', `sh = ${shanghai('1949-05-01 01:30:00')}`),
  row('"sh":"1941-11-01 23:30:00"', `TO_MILLIS(sh) = ${Date.UTC(1941, 10, 1, 14, 30)}`),
  row('"sh":"1900-12-31 23:54:30"', `TO_MILLIS(sh) = ${Date.UTC(1900, 11, 31, 15, 48, 47)}`),
  // keys and headers
  row('"i":1', `key_id = 'k'`, { key: '{"id":"k"}' }),
  row('"i":1', 'key_id IS NULL', { key: null }),
  bad('invalid_json', '"i":1', { key: 'not json' }),
  bad('invalid_utf8', '"i":1', { key: invalid('{"id":"', '"}') }),
  bad('not_an_object', '"i":1', { key: '7' }),
  row('"i":1', `trace = 'b' AND headers = '[["trace","a"],["trace","b"]]'`, {
    headers: [
      ['trace', 'a'],
      ['trace', 'b'],
    ],
  }),
  row('"i":1', 'headers IS NOT NULL AND LENGTH(headers) > 10000', {
    headers: Array.from({ length: 1000 }, (_, i) => [`h${i}`, `${i}`] as const),
  }),
  bad('invalid_utf8', '"i":1', { headers: [['trace', Buffer.from([0xff])]] }),
  row('"i":1', `headers = '[["raw",{"base64":"/w=="}],["",""]]'`, {
    headers: [
      ['raw', Buffer.from([0xff])],
      ['', ''],
    ],
  }),
  // table partitions
  ...['', ' ', 'a b', 'a,b', 'a/b', "it's", '"', 'a=b', '桌', '\n', 'x'.repeat(300), '..%2f', 'a\\\\b'].map(
    (p): Case => whole(JSON.stringify({ p }), 'bad_partition_value'),
  ),
  whole('{"i":1}', 'bad_partition_value'),
  whole('{"p":null}', 'bad_partition_value'),
  whole('{"p":{"a":1}}', 'bad_partition_value'),
  [{ value: JSON.stringify({ p: 'x'.repeat(255) }) }, { row: 'LENGTH(p) = 255' }],
  [{ value: '{"p":-1e400}' }, { row: `p = '-1e400'` }],
  [{ value: '{"p":".."}' }, { row: `p = '..'` }],
  [{ value: '{"p":"$(id)"}' }, { code: 'bad_partition_value' }],
  [{ value: '{"p":"%20"}' }, { code: 'bad_partition_value' }],
  [{ value: '{"p":"#!@:$-_."}' }, { row: `p = '#!@:$-_.'` }],
];

describe('records that somebody made to break it', () => {
  const bootstrap = inject('kafka');
  const topic = uniqueName('hostile');
  const group = uniqueName('maxsink');
  let emulator: EmulatorChild;
  let folder: TempDir;
  let service: Service;

  beforeAll(async () => {
    folder = tempDir();
    emulator = await startEmulatorChild();
    await createTopic(bootstrap, topic, {
      topicPartitions: 1,
      config: { 'max.message.bytes': `${16 * MiB}` },
    });
    await query(emulator, `CREATE TABLE ${TABLE} (${COLUMNS}) PARTITIONED BY (p STRING);`);
    const records = CASES.map(([record]) => ({ timestamp: TIMESTAMP, ...record }));
    await produce(bootstrap, topic, records, { 'message.max.bytes': 16 * MiB });
    await produceEmptyValue(bootstrap, topic);
    service = await startService({
      ...{ folder, bootstrap, topic, group, emulator, table: TABLE, mapping: MAPPING },
      more: 'flush: {interval: 1s}\nmemory: 32MiB\ndecode: {key: {format: json}}',
    });
    await service.waitFor('topic partitions assigned');
    await untilAcknowledged(
      () => committedOffsets(bootstrap, group, topic),
      await endOffsets(bootstrap, topic),
    ).catch((error) => {
      throw new Error(`${error.message}\n${service.tail()}`);
    });
  });

  afterAll(async () => {
    service?.kill('SIGKILL');
    await Promise.all([service?.exited, emulator?.stop()]);
    folder.remove();
  });

  it('each is a row or a dead letter, never both and never neither', async () => {
    const rows = (await query(emulator, `SELECT kafka_offset FROM ${TABLE} ORDER BY kafka_offset;`)).flat();
    const letters = [...deadLetters(path.join(folder.path, 'dead-letters')).values()];
    const found = [...rows.map((offset) => [offset, 'row']), ...letters.map((l) => [l.offset, l.code])];
    const wanted = CASES.map(([, fate], offset) => [offset, 'code' in fate ? fate.code : 'row']);
    const inOrder = (list: unknown[][]) => list.sort((a, b) => Number(a[0]) - Number(b[0]));
    expect(inOrder(found)).toEqual([...wanted, [CASES.length, 'invalid_json']]);
  });

  it('the rows hold what was sent', async () => {
    const conditions = CASES.flatMap(([, fate], offset) =>
      'row' in fate ? [{ offset, sql: `(kafka_offset = ${offset} AND ${fate.row})` }] : [],
    );
    const sql = `SELECT kafka_offset FROM ${TABLE} WHERE ${conditions.map((c) => c.sql).join(' OR ')} ORDER BY kafka_offset;`;
    expect((await query(emulator, sql)).flat()).toEqual(conditions.map(({ offset }) => offset));
  });

  it('dead letters hold the original bytes', () => {
    for (const letter of deadLetters(path.join(folder.path, 'dead-letters')).values()) {
      const { value, key = null } = CASES[letter.offset]?.[0] ?? { value: '' };
      expect([letter.offset, same(letter.value, value), same(letter.key, key)]).toEqual([
        letter.offset,
        true,
        true,
      ]);
    }
  });

  it('nothing is left in the memory budget', async () => {
    expect(await service.metric('maxsink_memory_used_bytes')).toBe(0);
    expect(await service.probe('ready')).toBe(200);
  });
});
