import { z } from 'zod';
import type { HashConfig } from '../mapping/conceal/hash.ts';
import type { MaskSpec } from '../mapping/conceal/mask.ts';
import { columnTypeProblem, tablePartitionTypeProblem } from '../mapping/create-table.ts';
import { parseSource } from '../mapping/source.ts';
import { compileWrittenFormat, formatProblem } from '../mapping/time/spec.ts';
import { hash, mask } from './conceal.ts';
import { expression } from './expression.ts';
import { choice, duration, EVEN_IF_WRONG, flag, given, leaf, optional, text, zone } from './leaf.ts';

const DAY = 86_400_000;

/** A column's source with its options, as the mapping takes it. */
export interface SourceSpec {
  /** A path, `__metadata__` or a constant in quotes; empty with `expr`. */
  from: string;
  /** CEL, in the place of `from`. */
  expr?: string;
  mask?: MaskSpec;
  hash?: HashConfig;
  /** Takes the place of a missing or null source. Digits past 2^53 come as text. */
  default?: string | number | boolean;
  /** How the source text is written, and its zone. */
  timeFormat?: string;
  timeZone?: string;
  trim?: boolean;
  round?: boolean;
  /** Column type when the table is created. */
  type?: string;
  coercion?: 'lenient' | 'strict';
}

/** One level of the table partition. */
export type PartitionSpec =
  | { kind: 'source'; from: string; type?: string }
  | {
      kind: 'time';
      time: string;
      timeFormat: string | null;
      /** Zone of a source text that has none; null: `zone`. */
      timeZone: string | null;
      format: string;
      zone: string;
      /** ms; the time is cut down to a multiple of it. */
      floor: number | null;
      /** Column type when the table is created; absent: STRING. */
      type?: string;
    };

/** Text, number or boolean as written. */
const scalar = leaf<string | number | boolean>({
  type: 'text, number or boolean',
  expected: 'text, a number, true or false',
  json: { type: ['string', 'number', 'boolean'] },
  parse: (input) => {
    if (typeof input === 'bigint') return String(input);
    if (typeof input === 'string' || typeof input === 'boolean') return input;
    return typeof input === 'number' && Number.isFinite(input) ? input : undefined;
  },
});

const SOURCE = 'a source such as tag.desc, __offset__ or "\'constant\'"';

function sourceProblem(written: string): string | null {
  const source = parseSource(written);
  return 'problem' in source ? source.problem : null;
}

const source = (expected: string) => text(expected, sourceProblem);
function writtenFormatProblem(format: string): string | null {
  const pattern = compileWrittenFormat(format);
  return 'problem' in pattern ? pattern.problem : null;
}

const timePattern = () => text('a time pattern', formatProblem);

const columnOptions = z
  .strictObject({
    from: optional(source(SOURCE)).describe('Source of the column.'),
    expr: optional(expression()).describe('CEL expression in the place of from.'),
    default: optional(scalar).describe('Value when the source is missing or null.'),
    timeFormat: optional(timePattern()).describe(
      'How the source text is written: yyyy-MM-dd HH:mm:ss, iso, epoch_ms.',
    ),
    timeZone: optional(zone()).describe('Zone of a source text that has none.'),
    format: optional(timePattern()).describe('Another word for timeFormat.'),
    zone: optional(zone()).describe('Another word for timeZone.'),
    trim: optional(flag()).describe('Cut white space at both ends.'),
    mask: optional(mask()),
    hash: optional(hash()),
    round: optional(flag()).describe('Round excess digits in place of rejecting the record.'),
    coercion: optional(choice(['lenient', 'strict'])).describe(
      'Conversion of this column; absent: table.coercion.',
    ),
    type: optional(text('a column type such as STRING', columnTypeProblem)).describe(
      'Column type, for a table that maxsink creates: BIGINT, DECIMAL(18,2), ARRAY<STRING>...',
    ),
  })
  .superRefine((value, context) => {
    const twice = (key: 'format' | 'zone', same: 'timeFormat' | 'timeZone') => {
      if (given(value, key) && given(value, same))
        context.addIssue({ code: 'custom', path: [key], message: `it means ${same} here: give one of them` });
    };
    twice('format', 'timeFormat');
    twice('zone', 'timeZone');
    const issue = (key: string, what: object) => context.addIssue({ code: 'custom', path: [key], ...what });
    if (given(value, 'from') && given(value, 'expr')) issue('expr', { message: 'give either from or expr' });
    if (!given(value, 'from') && !given(value, 'expr')) issue('from', { params: { expected: SOURCE } });
    if (given(value, 'mask') && given(value, 'hash'))
      issue('hash', { message: 'a column is masked or hashed, not both' });
  }, EVEN_IF_WRONG);

function sourceSpec(written: string | z.output<typeof columnOptions>): SourceSpec {
  if (typeof written === 'string') return { from: written };
  const { from, format, zone, ...rest } = written;
  const named = { ...rest, timeFormat: rest.timeFormat ?? format, timeZone: rest.timeZone ?? zone };
  const given = Object.fromEntries(Object.entries(named).filter(([, value]) => value != null));
  return { ...(given as Partial<SourceSpec>), from: from ?? '' };
}

const TIME_ONLY = ['timeFormat', 'timeZone', 'format', 'zone', 'floor'] as const;

const partitionOptions = z
  .strictObject({
    time: optional(source('a source of the event time')).describe(
      'Source of the event time: a field, __header.NAME__ or __timestamp__.',
    ),
    from: optional(source('a source')).describe('Source of a value that is no time.'),
    timeFormat: optional(timePattern()).describe(
      'How the time is written; absent: iso for text, epoch_ms for numbers.',
    ),
    timeZone: optional(zone()).describe('Zone of a time text that has none; absent: the same as zone.'),
    format: optional(text('a time pattern such as yyyyMMdd', writtenFormatProblem)).describe(
      'How the partition value is written: yyyyMMdd, HH, mm.',
    ),
    zone: optional(zone()).describe('Zone that the partition value is written in; absent: UTC.'),
    floor: optional(duration(1000, DAY)).describe(
      'Cut the time down to a multiple of this, e.g. 5m; it divides a day.',
    ),
    type: optional(text('a column type such as STRING', tablePartitionTypeProblem)).describe(
      'Type of the table partition column, for a table that maxsink creates; absent: STRING.',
    ),
  })
  .superRefine((value, context) => {
    const issue = (key: string, message: string) =>
      context.addIssue({ code: 'custom', path: [key], message });
    if (given(value, 'time') === given(value, 'from'))
      issue('time', 'give either time (a source of the event time) or from (any other source)');
    if (given(value, 'time') && !given(value, 'format'))
      issue('format', 'expected a time pattern such as yyyyMMdd, received nothing');
    if (given(value, 'from'))
      for (const key of TIME_ONLY) if (given(value, key)) issue(key, 'goes with time, not with from');
    if (value.floor && DAY % value.floor !== 0)
      issue('floor', 'expected a duration that divides a day, such as 5m');
  }, EVEN_IF_WRONG);

function partitionSpec(written: string | z.output<typeof partitionOptions>): PartitionSpec {
  if (typeof written === 'string') return { kind: 'source', from: written };
  const { time, from, timeFormat, timeZone, format, zone, floor } = written;
  const type = written.type == null ? {} : { type: written.type };
  if (time == null) return { kind: 'source', from: from ?? '', ...type };
  return {
    kind: 'time',
    time,
    timeFormat: timeFormat ?? null,
    timeZone: timeZone ?? null,
    format: format ?? '',
    zone: zone ?? 'UTC',
    floor: floor ?? null,
    ...type,
  };
}

/** A column name. */
export const identifier = () =>
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'expected a name of letters, digits and underscore');

/** Table column -> source. */
export const columns = z
  .record(
    identifier(),
    z.union([source(`${SOURCE}, or a map {from: ...}`), columnOptions]).transform(sourceSpec),
  )
  .superRefine(oneSpelling, EVEN_IF_WRONG);

/** Table partition column -> where its value comes from. */
export const partitions = z
  .record(
    identifier(),
    z
      .union([source(`${SOURCE}, or a map {time: ..., format: ...}`), partitionOptions])
      .transform(partitionSpec),
  )
  .superRefine(oneSpelling, EVEN_IF_WRONG);

/** MaxCompute does not tell upper from lower case in column names. */
function oneSpelling(value: Readonly<Record<string, unknown>>, context: z.core.$RefinementCtx): void {
  const seen = new Set<string>();
  for (const name of Object.keys(value)) {
    if (seen.has(name.toLowerCase()))
      context.addIssue({
        code: 'custom',
        path: [name],
        message: 'the same column stands here twice (upper and lower case are equal)',
      });
    seen.add(name.toLowerCase());
  }
}
