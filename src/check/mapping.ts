import type { Config } from '../config/schema.ts';
import type { MappingLine, TableSchema } from '../mapping/compile.ts';
import type { Plan } from '../mapping/plan.ts';
import { planFor } from '../plan.ts';
import { plural, some } from '../terminal/words.ts';
import { fail, type Item, notChecked, ok, type Section, warn } from './report.ts';

export interface MappingOutcome {
  readonly section: Section;
  /** Null: the mapping does not fit. */
  readonly plan: Plan | null;
}

/** Matches the mapping with the table; every mismatch is an item of its own. */
export function checkMapping(config: Config, schema: TableSchema | null): MappingOutcome {
  if (schema === null) {
    const item = notChecked('mapping', 'the columns of the table are not known');
    return { section: { step: 'mapping', items: [item] }, plan: null };
  }
  const { plan, problems, warnings, describe } = planFor(config, schema);
  const items = [
    ...summary(describe, schema, problems.length),
    ...problems.map((problem) => fail('mismatch', problem, ADVICE, 'mapping_mismatch')),
    ...warnings.filter((text) => !isTold(text, describe)).map((text) => warn('mapping', text)),
  ];
  return {
    section: {
      step: 'mapping',
      items,
      facts: { lines: describe, problems, warnings },
      exhibits: [{ kind: 'table', head: HEAD, rows: describe.map(row) }],
    },
    plan,
  };
}

const ADVICE = 'Mend this line of the configuration, or the table.';
const HEAD = ['column', 'type', 'source', 'conversion', 'loses'];

const row = ({ column, type, source, conversion, loses }: MappingLine): string[] => [
  column,
  type.toUpperCase().replace('(TABLE PARTITION)', '(table partition)'),
  source ?? '-',
  conversion,
  loses ?? '',
];

function summary(
  lines: readonly MappingLine[],
  { columns, partitionKeys }: TableSchema,
  problems: number,
): Item[] {
  const empty = lines.filter(({ source }) => source === null).map(({ column }) => column);
  const mapped = lines.length - empty.length;
  const text = `${mapped} of ${plural(columns.length + partitionKeys.length, 'column')} have a source`;
  if (problems > 0) return [];
  if (empty.length === 0) return [ok('mapping', text)];
  return [warn('mapping', `${text}; these stay NULL: ${some(empty)}`)];
}

/** Losses and empty columns stand in the table and in the summary. */
const isTold = (warning: string, lines: readonly MappingLine[]): boolean =>
  lines.some(({ column, source, loses }) =>
    source === null
      ? warning.startsWith(`column ${column}:`)
      : loses !== null && warning.startsWith(`column ${column} `) && warning.endsWith(loses),
  );
