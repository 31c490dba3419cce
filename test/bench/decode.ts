import { readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/load.ts';
import type { EncodeJob } from '../../src/encode/job.ts';
import { createTransform } from '../../src/encode/transform.ts';
import { compilePlan } from '../../src/mapping/compile.ts';
import { viewChunk } from '../../src/source/chunk/chunk.ts';
import { jobOf } from '../encode/records.ts';
import { FIRST_EVENT, ORDERS_COLUMNS, ORDERS_MAPPING, order } from '../support/orders.ts';
import { avroOrder, SCHEMA, SCHEMA_ID } from './avro-order.ts';
import { median } from './sample.ts';

/**
 * `node decode.js`: CPU per record of the whole way from JSON bytes to uncompressed record format, of the same from Avro
 * with a schema id, and of nothing but text and `JSON.parse` on the JSON bytes, in turn. Prints microseconds.
 */
const RECORDS = 16_000;
const PER_CHUNK = 4_000;
const ROUNDS = 15;

const config = (format: Format) => `name: orders
kafka: {brokers: "localhost:9092", topics: [orders]}
decode: {value: {format: ${format}}}
schemaRegistry: {url: "http://localhost"}
maxcompute: {endpoint: "http://localhost/api", project: p, credentials: {accessKeyId: i, accessKeySecret: s}}
table:
  name: orders
  columns:${ORDERS_MAPPING}
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}
`;

type Format = 'json' | 'avro';

function ordersPlan(format: Format) {
  const { table, decode } = parseConfig(config(format), { file: 'bench.yaml', env: {}, readFile });
  const columns = ORDERS_COLUMNS.split(', ').map((text) => {
    const [name = '', type = ''] = text.split(' ');
    return { name, type, nullable: true };
  });
  const partitionKeys = ['dt', 'hr'].map((name) => ({ name, type: 'STRING' }));
  const schema = { columns, partitionKeys };
  const { plan, problems } = compilePlan({
    ...{ table, decode, schema, maxFieldBytes: 8 << 20, compression: 'none' },
  });
  if (!plan) throw new Error(problems.join('\n'));
  return plan;
}

const readFile = (path: string) => readFileSync(path, 'utf8');

const values = Array.from({ length: RECORDS }, (_, i) => order(i));

function jobsOf(all: readonly Buffer[]): EncodeJob[] {
  const schema = { type: 'AVRO', text: JSON.stringify(SCHEMA), references: [] } as const;
  return Array.from({ length: RECORDS / PER_CHUNK }, (_, i) => {
    const schemas = i === 0 ? [{ id: SCHEMA_ID, schema }] : [];
    const job = jobOf(all.slice(i * PER_CHUNK, (i + 1) * PER_CHUNK), { schemas });
    viewChunk(job.chunk, job.capacity).timestamps.fill(FIRST_EVENT);
    return job;
  });
}

function parseOnly(): void {
  for (const value of values) JSON.parse(value.toString('utf8'));
}

function wholePath(format: Format, all: readonly Buffer[]): () => void {
  const transform = createTransform(ordersPlan(format));
  const jobs = jobsOf(all);
  return () => {
    for (const job of jobs) {
      const { upTo, rejections, unknownSchemas } = transform.run(job);
      if (upTo !== job.to || rejections.length > 0)
        throw new Error(`not all records were taken: ${JSON.stringify(rejections[0] ?? unknownSchemas)}`);
    }
  };
}

function micros(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / RECORDS;
}

const json = wholePath('json', values);
const avro = wholePath('avro', values.map(avroOrder));
const rounds = Array.from({ length: ROUNDS }, () => ({
  parse: micros(parseOnly),
  path: micros(json),
  avro: micros(avro),
}));
const middle = (of: keyof (typeof rounds)[number]): number => median(rounds.map((round) => round[of]));
console.log(JSON.stringify({ parse: middle('parse'), path: middle('path'), avro: middle('avro') }));
