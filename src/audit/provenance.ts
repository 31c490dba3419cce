import { SinkError } from '../errors.ts';
import type { Plan } from '../mapping/plan.ts';
import { type ProvenanceColumns, provenanceColumns } from '../mapping/provenance.ts';

/** Throws `config_invalid` that says how to add the columns that are missing. */
export function auditedColumns(plan: Plan, severalTopics: boolean, table: string): ProvenanceColumns {
  const found = provenanceColumns(plan, severalTopics);
  if (!('lacks' in found)) return found;
  const missing = COLUMNS.filter(({ source }) => found.lacks.some((why) => why.includes(source)));
  const wanted = missing.map(({ name, type }) => `${name} ${type}`);
  const mapped = missing.map(({ name, source }) => `${name}: ${source}`);
  const lines = [
    `the rows of ${table} do not say which record they were: ${found.lacks.join('; ')}.`,
    'Add what is missing, while the service is stopped:',
    `  ALTER TABLE ${table} ADD COLUMNS (${wanted.join(', ')});`,
    `and to table.columns: {${mapped.join(', ')}}.`,
    'Rows that are there already have no values in it: audit what comes after with --from.',
  ];
  throw new SinkError('config_invalid', lines.join('\n'));
}

/** How an operator would add each. */
const COLUMNS = [
  { name: 'kafka_topic', type: 'STRING', source: '__topic__' },
  { name: 'kafka_partition', type: 'BIGINT', source: '__partition__' },
  { name: 'kafka_offset', type: 'BIGINT', source: '__offset__' },
] as const;
