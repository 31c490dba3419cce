import { z } from 'zod';
import { type DraftProblem, draftProblems } from '../mapping/create-table.ts';
import { SAFE_VALUE } from '../mapping/partition-value.ts';
import { columns, identifier, partitions } from './columns.ts';
import { deduplicate } from './deduplicate.ts';
import { filter } from './expression.ts';
import { choice, duration, EVEN_IF_WRONG, instant, isMap, matching, nullable, section } from './leaf.ts';
import { durationText } from './units.ts';

const partitionValue = matching(SAFE_VALUE, 'text (digits in quotes) of letters, digits and _ : . - $ # ! @');

const destination = () =>
  z.union([
    choice(['true_partition', 'dead_letter']),
    z.strictObject({
      partition: z
        .record(identifier(), partitionValue)
        .describe('A fixed table partition: column -> value, every column of partitions.'),
    }),
  ]);

/** Default of future.after (1d), in ms. */
const FUTURE_AFTER = 86_400_000;

const late = z.strictObject({
  after: nullable(duration(0)).describe(
    'Record timestamp minus event time above which a record is late; null: never.',
  ),
  to: destination()
    .prefault('true_partition')
    .describe('Where late records go: true_partition, dead_letter or {partition: {dt: late}}.'),
});

const future = z.strictObject({
  after: nullable(duration(0))
    .prefault(durationText(FUTURE_AFTER))
    .describe('Event time minus record timestamp above which a record is early; null: never.'),
  to: destination()
    .prefault('dead_letter')
    .describe('Where early records go: true_partition, dead_letter or {partition: {dt: future}}.'),
});

const absurd = z.strictObject({
  before: instant().prefault('2000-01-01T00:00:00Z').describe('An event time before this is absurd_time.'),
  afterRecord: nullable(duration(0))
    .prefault('1d')
    .describe(
      'An event time further than this after the record timestamp is absurd_time, before future is looked at; null: no limit.',
    ),
});

export const tableName = matching(/^[A-Za-z0-9_]{1,128}$/, 'letters, digits and underscore');

export const table = z
  .strictObject({
    name: tableName.describe('Table to write to.'),
    create: choice(['never', 'if_missing'])
      .prefault('never')
      .describe(
        'Whether a missing table is created at the start; if_missing needs columns, each with its type.',
      ),
    columns: nullable(columns).describe(
      'Table column -> source (text, or a map with from); null: columns take the fields of the same name.',
    ),
    coercion: choice(['lenient', 'strict'])
      .prefault('lenient')
      .describe(
        'lenient: values are converted when nothing is lost; strict: the kind of a value must be that of its column (docs/types.md).',
      ),
    rest: nullable(matching(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'the name of a column')).describe(
      'STRING or JSON column that takes the top-level fields without a column, as a JSON object; null: none.',
    ),
    unknownFields: nullable(choice(['ignore', 'rest', 'add_column', 'dead_letter', 'stop'])).describe(
      'Top-level fields without a column: ignore (told once each), rest, add_column (the table gets a column), dead_letter, stop; null: rest where table.rest is given, else ignore.',
    ),
    deduplicate: nullable(deduplicate).describe(
      'Of several rows of one batch with an equal key the first stays, the others are left out and counted; null: all stay.',
    ),
    filter: nullable(filter()).describe(
      'CEL expression over the record: rows for which it is not true are left out and counted; null: all stay.',
    ),
    partitions: nullable(partitions).describe(
      'Table partition column -> {time, timeFormat, timeZone, format, zone, floor} or a source, in the order of the table; null: unpartitioned.',
    ),
    late: section(late),
    future: section(future),
    absurd: section(absurd),
  })
  .superRefine((value, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (value.rest != null && (value.unknownFields ?? 'rest') !== 'rest')
      issue('unknownFields', `table.rest takes the fields: leave this out, or table.rest`);
    if (value.unknownFields === 'rest' && value.rest == null)
      issue('rest', 'unknownFields: rest needs the name of a column here');
    if (value.create === 'if_missing')
      for (const { path, text } of createProblems(value.columns, value.partitions))
        context.addIssue({ code: 'custom', path: [...path], message: text });
    const names = isMap(value.partitions) ? Object.keys(value.partitions) : [];
    for (const key of ['late', 'future'] as const) {
      const fixed: unknown = isMap(value[key]?.to) ? value[key].to.partition : undefined;
      if (!isMap(fixed) || sameNames(Object.keys(fixed), names)) continue;
      const message =
        names.length === 0 ? 'table.partitions is not given' : `expected exactly ${names.join(', ')}`;
      context.addIssue({ code: 'custom', path: [key, 'to', 'partition'], message });
    }
    const early = value.future?.after ?? 0;
    // The default stays silent when only afterRecord is lowered.
    if (early !== FUTURE_AFTER && early > (value.absurd?.afterRecord ?? Number.POSITIVE_INFINITY))
      context.addIssue({
        code: 'custom',
        path: ['future', 'after'],
        message: 'has no effect beyond table.absurd.afterRecord, which is looked at first: raise that too',
      });
  }, EVEN_IF_WRONG);

/** Either may also be as written: a text for a source, or something wrong that is reported by its own rule. */
function createProblems(columns: unknown, partitions: unknown): DraftProblem[] {
  const wellFormed = (written: unknown) => written == null || isMap(written);
  if (!wellFormed(columns) || !wellFormed(partitions)) return [];
  return draftProblems({ columns: typesOf(columns), partitions: typesOf(partitions) });
}

function typesOf(written: unknown): Record<string, { type: string | null }> {
  const typeOf = (spec: unknown) => (isMap(spec) ? (spec.type ?? null) : null);
  return Object.fromEntries(
    Object.entries(isMap(written) ? written : {}).map(([name, spec]) => {
      const type = typeOf(spec);
      return [name, { type: type === null || typeof type === 'string' ? type : 'STRING' }];
    }),
  );
}

/** MaxCompute does not tell upper from lower case in column names. */
function sameNames(a: readonly string[], b: readonly string[]): boolean {
  const known = new Set(b.map((name) => name.toLowerCase()));
  return a.length === b.length && a.every((name) => known.has(name.toLowerCase()));
}
