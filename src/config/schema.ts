import { z } from 'zod';
import { deadLetters } from './dead-letters.ts';
import { decode, messageProblems, schemaProblems } from './decode.ts';
import { dirty } from './dirty.ts';
import { kafka, TOPIC } from './kafka.ts';
import { choice, duration, EVEN_IF_WRONG, matching, nullable, section, size, text, whole } from './leaf.ts';
import { maxcompute, schemaRegistry } from './maxcompute.ts';
import { table } from './table.ts';

const MiB = 1024 * 1024;
const HOUR = 3_600_000;

const flush = z.strictObject({
  interval: duration(1000, 12 * HOUR)
    .prefault('60s')
    .describe('Age at which a batch is sealed: rows are queryable soon after.'),
  rows: whole(1, 1_000_000_000).prefault(5_000_000).describe('Rows at which a batch is sealed.'),
  bytes: size(MiB).prefault('4GiB').describe('Uncompressed row bytes at which a batch is sealed.'),
  blockBytes: size(1024, 1024 * MiB)
    .prefault('64MiB')
    .describe(
      'Compressed bytes at which a block is uploaded. Above the memory budget it is never reached: pressure uploads first.',
    ),
  maxTablePartitions: whole(1, 1000).prefault(40).describe('Table partitions at which a batch is sealed.'),
});

const http = z.strictObject({
  host: text('a host name or address').prefault('0.0.0.0').describe('Address to listen at.'),
  port: whole(0, 65_535)
    .prefault(9464)
    .describe('Port of /metrics, /live, /ready, /status and its page; 0: any free one.'),
});

/** The option table: each key with its type, default and description. Everything else is derived from it. */
export const options = z
  .strictObject({
    name: matching(/^[A-Za-z0-9._-]{1,100}$/, 'letters, digits, dot, hyphen and underscore').describe(
      'Name of the pipeline, in logs, metrics and the group id.',
    ),
    guarantee: choice(['exactly_once', 'at_least_once'])
      .prefault('exactly_once')
      .describe('Delivery guarantee. at_least_once leaves the intent out: a crash may repeat rows.'),
    kafka: section(kafka),
    decode: section(decode),
    schemaRegistry: nullable(schemaRegistry).describe(
      'Schema registry, for avro, protobuf and jsonschema without a schemaFile; null: none.',
    ),
    maxcompute: section(maxcompute),
    table: section(table),
    flush: section(flush),
    deadLetters: deadLetters.prefault({}),
    audit: z
      .strictObject({
        topic: nullable(matching(TOPIC, 'a topic name')).describe(
          'Topic that gets a JSON message about each acknowledged batch; null: only the log has it.',
        ),
      })
      .prefault({}),
    dirty: section(dirty),
    ledger: z
      .strictObject({
        settle: duration(0, 60_000)
          .prefault('5s')
          .describe('Wait after an assignment before offsets are committed.'),
        onUnknown: choice(['stop', 'assume_committed', 'replay'])
          .prefault('stop')
          .describe(
            'What happens when it cannot be known whether the rows of a batch are in the table: stop for a decision, take them for written, or read them again.',
          ),
      })
      .prefault({}),
    workers: nullable(whole(1, 64)).describe('Worker threads; null: CPU limit minus one, 1 to 8.'),
    memory: size(16 * MiB)
      .prefault('256MiB')
      .describe('Budget for everything between poll and upload; beside it the process needs about 220 MB.'),
    shutdown: duration(1000, HOUR).prefault('30s').describe('Time to finish after SIGTERM or SIGINT.'),
    http: http.nullable().prefault({}).describe('Listener of metrics and health; null: none.'),
    log: z
      .strictObject({
        level: choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
          .prefault('info')
          .describe('Least level that is logged.'),
      })
      .prefault({}),
  })
  .superRefine((value, context) => {
    const ofDecode = [
      ...schemaProblems(value.decode, value.schemaRegistry),
      ...messageProblems(value.decode),
    ];
    for (const [path, message] of ofDecode) context.addIssue({ code: 'custom', path, message });
    const unknownField = value.dirty?.classes?.unknown_field;
    if (value.table?.unknownFields === 'stop' && unknownField !== undefined && unknownField !== 'stop')
      context.addIssue({
        code: 'custom',
        path: ['dirty', 'classes', 'unknown_field'],
        message: 'table.unknownFields says stop: leave one of them out',
      });
    const { table: letters } = value.deadLetters ?? {};
    if (typeof letters === 'string' && letters.toLowerCase() === value.table?.name?.toLowerCase())
      context.addIssue({
        code: 'custom',
        path: ['deadLetters', 'table'],
        message: 'is the table of the rows: name another one',
      });
    for (const key of ['audit', 'deadLetters'] as const) {
      const { topic } = value[key] ?? {};
      if (typeof topic === 'string' && reads(value.kafka, topic))
        context.addIssue({
          code: 'custom',
          path: [key, 'topic'],
          message: 'is read by this pipeline: name another topic',
        });
    }
  }, EVEN_IF_WRONG);

/** Any of the values may be wrong, which is told by its own rule. */
function reads(kafka: { topics?: unknown; topicPattern?: unknown } | undefined, topic: string): boolean {
  const { topics, topicPattern } = kafka ?? {};
  if (Array.isArray(topics) && topics.includes(topic)) return true;
  try {
    return typeof topicPattern === 'string' && new RegExp(topicPattern).test(topic);
  } catch {
    return false;
  }
}

const finished = options.transform((written) => ({
  ...written,
  kafka: { ...written.kafka, groupId: written.kafka.groupId ?? `maxsink-${written.name}` },
}));

/** Durations in ms, sizes in bytes, secrets as `Secret`, files as written; `kafka.groupId` is filled in. */
export type Config = z.output<typeof finished>;

export const configSchema = finished;
