import { readFileSync } from 'node:fs';
import { parseConfig } from '../../src/config/load.ts';
import type { EncodeJob } from '../../src/encode/job.ts';
import { createTransform } from '../../src/encode/transform.ts';
import { compilePlan } from '../../src/mapping/compile.ts';
import { viewChunk } from '../../src/source/chunk.ts';
import { jobOf } from '../encode/records.ts';
import { FIRST_EVENT, ORDERS_COLUMNS, ORDERS_MAPPING, order } from '../support/orders.ts';
import { median } from './sample.ts';

/**
 * `node decode.js`: CPU per record of the whole way from JSON bytes to uncompressed record format, and
 * of nothing but text and `JSON.parse` on the same bytes, in turn. Prints microseconds.
 */
const RECORDS = 16_000;
const PER_CHUNK = 4_000;
const ROUNDS = 15;

const CONFIG = `name: orders
kafka: {brokers: "localhost:9092", topics: [orders]}
maxcompute: {endpoint: "http://localhost/api", project: p, credentials: {accessKeyId: i, accessKeySecret: s}}
table:
  name: orders
  columns:${ORDERS_MAPPING}
  partitions:
    dt: {time: event_time, format: yyyyMMdd, zone: Asia/Shanghai}
    hr: {time: event_time, format: HH, zone: Asia/Shanghai}
`;

function ordersPlan() {
  const { table, decode } = parseConfig(CONFIG, { file: 'bench.yaml', env: {}, readFile });
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
const jobs: EncodeJob[] = [];
for (let i = 0; i < RECORDS; i += PER_CHUNK) {
  const job = jobOf(values.slice(i, i + PER_CHUNK));
  viewChunk(job.chunk, job.capacity).timestamps.fill(FIRST_EVENT);
  jobs.push(job);
}
const transform = createTransform(ordersPlan());

function parseOnly(): void {
  for (const value of values) JSON.parse(value.toString('utf8'));
}

function wholePath(): void {
  for (const job of jobs) {
    const { upTo, rejections } = transform.run(job);
    if (upTo !== job.to || rejections.length > 0)
      throw new Error(`not all records were taken: ${JSON.stringify(rejections[0])}`);
  }
}

function micros(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / RECORDS;
}

const rounds = Array.from({ length: ROUNDS }, () => ({
  parse: micros(parseOnly),
  path: micros(wholePath),
}));
const parse = median(rounds.map((round) => round.parse));
const path = median(rounds.map((round) => round.path));
console.log(JSON.stringify({ parse, path }));
