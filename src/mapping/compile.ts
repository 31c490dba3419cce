import { tombstoneRule } from '../decode/format.ts';
import type { UnmappedSpec } from '../decode/path/unmapped.ts';
import { compileColumns } from './compile-columns.ts';
import { compileKey } from './compile-key.ts';
import { compileTablePartitions } from './compile-table-partitions.ts';
import type { HashConfig } from './conceal/hash.ts';
import { concealFromRest, hiddenOf } from './conceal/hidden.ts';
import type { MaskSpec } from './conceal/mask.ts';
import type { MappingLine } from './describe.ts';
import { ALL_DEAD_LETTERS, type DirtyRules, dirtyWarnings, withUnknownFields } from './dirty.ts';
import { findExpression } from './expr/inputs.ts';
import type { Coercion, Compression, Destination, Plan } from './plan.ts';
import { createSlots, type Formats, type Slots } from './slots.ts';

export type { MappingLine } from './describe.ts';

/** The part of the configuration's `table` that the mapping needs. */
export interface TableConfig {
  readonly columns: Readonly<Record<string, ColumnConfig>> | null;
  readonly coercion?: Coercion | undefined;
  readonly partitions: Readonly<Record<string, TablePartitionConfig>> | null;
  readonly late: { readonly after: number | null; readonly to: Destination };
  readonly future: { readonly after: number | null; readonly to: Destination };
  readonly absurd: { readonly before: number; readonly afterRecord: number | null };
  /** What becomes of fields of the value that no source takes; null: `rest` where a column is named, else `ignore`. */
  readonly unknownFields?: keyof typeof UNMAPPED | null;
  /** Column that takes them. */
  readonly rest?: string | null;
  readonly deduplicate?: { readonly key: readonly KeyPart[] } | null | undefined;
  /** CEL: the rows that stay. */
  readonly filter?: string | null | undefined;
}

/** Of the key of a row: a source, or a CEL expression. */
export type KeyPart = string | { readonly expr: string };

export interface ColumnConfig {
  /** Empty with `expr`. */
  readonly from: string;
  /** CEL, in the place of `from`. */
  readonly expr?: string | undefined;
  readonly default?: string | number | boolean | null | undefined;
  readonly timeFormat?: string | null | undefined;
  readonly timeZone?: string | null | undefined;
  readonly trim?: boolean | undefined;
  readonly round?: boolean | undefined;
  readonly mask?: MaskSpec | undefined;
  readonly hash?: HashConfig | undefined;
  readonly type?: string | null | undefined;
  /** Absent: that of the table. */
  readonly coercion?: Coercion | undefined;
}

export type TablePartitionConfig =
  | { readonly kind: 'source'; readonly from: string; readonly type?: string | undefined }
  | {
      readonly kind: 'time';
      readonly time: string;
      readonly timeFormat: string | null;
      readonly timeZone: string | null;
      readonly format: string;
      readonly zone: string;
      /** ms */
      readonly floor: number | null;
      readonly type?: string | undefined;
    };

/** The table as the service describes it; types as text. */
export interface TableSchema {
  readonly columns: readonly { readonly name: string; readonly type: string; readonly nullable: boolean }[];
  readonly partitionKeys: readonly { readonly name: string; readonly type: string }[];
}

export interface CompileInput {
  readonly table: TableConfig;
  readonly decode: Formats;
  readonly schema: TableSchema;
  readonly maxFieldBytes: number;
  readonly compression: Compression;
  readonly dirty?: DirtyRules | undefined;
}

/** What is found while compiling; each text begins with its configuration key or column. */
export interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
  readonly describe: MappingLine[];
}

const UNMAPPED = {
  ignore: 'ignore',
  rest: 'rest',
  add_column: 'add_column',
  dead_letter: 'reject',
  stop: 'reject',
} as const;

export const unmappedPolicy = ({ unknownFields, rest }: TableConfig): UnmappedSpec['policy'] =>
  UNMAPPED[unknownFields ?? (rest ? 'rest' : 'ignore')];

/**
 * Matches mapping and table schema and compiles them into a plan.
 *
 * @returns `plan` null when there are problems (all of them are listed), else the plan; `describe` has one
 * line per table column and table partition column that could be understood
 */
export function compilePlan(input: CompileInput): Findings & { readonly plan: Plan | null } {
  const findings: Findings = { problems: [], warnings: [], describe: [] };
  const slots = createSlots(input.decode, {
    // A column that was added for a field has its name in lower case.
    ignoreCase: input.table.columns === null || input.table.unknownFields === 'add_column',
    unmapped: unmappedPolicy(input.table),
  });
  const columns = compileColumns(input, slots, findings);
  const partitioning = compileTablePartitions(input, slots, findings);
  const deduplicate = compileKey(input, slots, findings);
  const dirty = withUnknownFields(input.dirty ?? ALL_DEAD_LETTERS, input.table.unknownFields);
  findings.warnings.push(...dirtyWarnings(dirty, columns));
  const filter = compileFilter(input, slots, findings);
  if (columns.length === 0 && findings.problems.length === 0) {
    findings.problems.push('table.columns: no column of the table has a source');
  }
  if (findings.problems.length > 0) return { ...findings, plan: null };
  const tombstone = tombstoneRule(input.decode.value);
  const found = { columns, ...slots.finish(), ...partitioning };
  const sources = { ...found, decoders: concealFromRest(found) };
  const hidden = hiddenOf(sources, findings);
  const plan: Plan = {
    ...sources,
    ...(tombstone === 'reject' ? {} : { tombstone }),
    ...(filter !== null && { filter }),
    ...(hidden && { hidden }),
    compression: input.compression,
    maxFieldBytes: input.maxFieldBytes,
    ...(changesNothing(dirty) ? {} : { dirty }),
    ...(deduplicate ? { deduplicate } : {}),
  };
  return { ...findings, plan };
}

/** A plan that was made before these rules existed stays the same. */
const changesNothing = ({ default: all, classes }: DirtyRules): boolean =>
  all === 'dead_letter' && Object.values(classes).every((action) => action === 'dead_letter');

function compileFilter({ table, decode }: CompileInput, slots: Slots, { problems }: Findings): number | null {
  if (table.filter == null) return null;
  const found = findExpression(table.filter, decode);
  if (!('problem' in found)) return slots.add(found);
  problems.push(`table.filter: ${found.problem}`);
  return null;
}
