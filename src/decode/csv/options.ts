import type { Path } from '../path/path.ts';

/** Delimited text: `decode.value.csv` and `decode.key.csv` of the configuration. Each character stands for itself. */
export interface CsvOptions {
  /** Names of the fields in their order; null: fields have numbers only. */
  readonly fields: readonly string[] | null;
  /** One character. */
  readonly delimiter: string;
  /** One ASCII character; null: nothing is quoted. */
  readonly quote: string | null;
  /** One ASCII character that takes away the meaning of the next one between quotes; null: a quote there is doubled. */
  readonly escape: string | null;
  /** What an unquoted field has in it that is NULL; null: none is. */
  readonly nullText: string | null;
}

export const CSV_DEFAULTS: CsvOptions = {
  fields: null,
  delimiter: ',',
  quote: '"',
  escape: null,
  nullText: null,
};

/** The number of the field that a path names, or what is wrong with the path. `ignoreCase`: names match in any case. */
export function csvField(
  path: Path,
  { fields }: CsvOptions,
  ignoreCase: boolean,
): number | { readonly problem: string } {
  const [step, ...more] = path;
  if (step === undefined || more.length > 0)
    return { problem: 'a record of format csv has no fields inside of fields' };
  if (typeof step === 'string') return fieldNamed(step, fields, ignoreCase);
  if (fields === null || step < fields.length) return step;
  return { problem: `csv.fields names ${fields.length} fields, from [0] on` };
}

function fieldNamed(name: string, fields: CsvOptions['fields'], ignoreCase: boolean) {
  if (fields === null)
    return { problem: 'csv.fields is not given: name the fields there, or write [0] for the first one' };
  const same = (field: string) => (ignoreCase ? field.toLowerCase() === name.toLowerCase() : field === name);
  const found = fields.findIndex(same);
  return found < 0 ? { problem: `csv.fields has no such name; it has ${fields.join(', ')}` } : found;
}
